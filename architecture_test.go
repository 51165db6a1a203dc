// Package jarvis_test checks the shape of the repository.
package jarvis_test

import (
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/jarvis-host/jarvis"

// layers says, for each package, which packages of this module it may import.
// A trailing "/..." covers the package and all below it. A new package needs a
// line here, and a change here needs its words in docs/ARCHITECTURE.md.
var layers = map[string][]string{
	".":                         {},
	"cmd/jarvis":                {"host/...", "sdk", "sdk/intent", "sdk/launch", "sdk/conformance", "cmd/jarvis/scaffold", "cmd/jarvis/bundle"},
	"cmd/jarvis/scaffold":       {},
	"cmd/jarvis/bundle":         {"cmd/jarvis/scaffold"},
	"cmd/jarvis-model":          {"host/llm/llmtest"},
	"cmd/jarvis-plugin-hangman": {"plugins/hangman", "sdk/serve"},
	"cmd/jarvis-plugin-mcp":     {"plugins/mcp", "sdk/serve"},
	"cmd/jarvis-plugin-weather": {"plugins/weather", "sdk/serve"},
	"cmd/report":                {},
	"cmd/train-scrub":           {"host/scrub"},

	"host": {"host/...", "sdk", "sdk/intent", "sdk/launch"},

	"host/turn":      {},
	"host/protocol":  {},
	"host/config":    {},
	"host/texts":     {},
	"host/telemetry": {"host/scrub"},
	"host/scrub":     {},

	"host/health":        {},
	"host/limit":         {},
	"host/auth":          {"host/turn", "host/protocol"},
	"host/auth/authtest": {"host/auth", "host/turn", "host/protocol"},
	"host/session":       {"host/turn", "host/protocol"},
	"host/dialog":        {"host/turn", "host/tool", "sdk", "sdk/intent"},
	"host/tool":          {"host/effect", "host/turn", "sdk", "sdk/intent"},
	"host/effect":        {"host/scrub", "host/turn", "sdk"},
	"host/agent":         {"host/turn", "host/tool", "host/llm", "sdk"},
	"host/builtin":       {"host/texts", "sdk"},
	"host/doctor":        {"host/llm"},
	"host/llm":           {"sdk/retry"},
	"host/llm/ollama":    {"host/llm", "host/llm/remote"},
	"host/llm/openai":    {"host/llm", "host/llm/remote"},
	"host/llm/remote":    {"host/llm"},
	"host/llm/llmtest":   {"host/llm"},
	"host/supervisor":    {"sdk", "sdk/intent", "sdk/launch"},
	"host/db/sqlite":     {"host/effect", "host/services", "host/schedule", "host/notice", "sdk", "host/session", "host/auth", "host/turn", "host/llm"},
	"host/db/dbtest":     {"host/effect", "host/services", "host/schedule", "host/notice", "sdk", "host/session", "host/auth", "host/turn", "host/llm"},
	"host/gateway":       {"host/auth", "host/session", "host/protocol", "host/turn", "host/telemetry", "host/health"},
	"host/mcp":           {},
	"host/journal":       {},
	"host/notice":        {},
	"host/recording":     {"sdk"},
	"host/schedule":      {"sdk", "sdk/cron"},
	"host/services":      {"sdk/address", "host/llm", "host/notice", "host/schedule", "sdk", "sdk/wire"},
	"host/compat":        {"host/llm", "host/protocol", "host/session", "host/turn"},
	"host/web":           {},

	"cmd/bench-host":                {"host/limit", "host/llm/llmtest", "host/protocol", "host/scrub", "host/telemetry", "sdk", "sdk/serve"},
	"test/powercut":                 {},
	"cmd/bench-memory":              {"host/memory", "host/memory/embedded", "host/memory/eval"},
	"host/memory":                   {"host/memory/analysis", "host/memory/rank", "host/memory/salience", "host/memory/extract"},
	"host/memory/extract":           {"host/memory/analysis"},
	"host/memory/talk":              {"host/memory", "host/memory/analysis", "host/turn", "sdk/intent"},
	"host/memory/rank":              {"host/memory/analysis"},
	"host/memory/salience":          {"host/memory/analysis"},
	"host/memory/eval":              {"host/memory", "host/memory/embedded", "host/memory/rank"},
	"host/memory/analysis":          {"host/texts"},
	"host/memory/embedded":          {"host/memory"},
	"host/memory/memorytest":        {"host/memory"},
	"host/memory/qdrant":            {"host/memory", "sdk/retry"},
	"host/memory/qdrant/qdranttest": {},

	"host/llm/llmtest/gguf": {},
	"test/integration":      {},

	"sdk":                     {"sdk/address", "sdk/intent", "sdk/retry"},
	"sdk/address":             {},
	"sdk/address/addresstest": {},
	"sdk/cron":                {},
	"sdk/intent":              {},
	"sdk/retry":               {},
	"sdk/wire":                {"sdk", "sdk/intent", "sdk/wire/pluginpb", "sdk/wire/hostpb"},
	"sdk/wire/pluginpb":       {},
	"sdk/wire/hostpb":         {},
	"sdk/wire/wiretest":       {}, // nothing of the SDK: it stands for programs of other times
	"sdk/serve":               {"sdk", "sdk/wire"},
	"sdk/launch":              {"sdk", "sdk/wire"},
	"sdk/conformance":         {"sdk", "sdk/launch", "sdk/wire"},
	"sdk/plugintest":          {"sdk", "sdk/address", "sdk/conformance", "sdk/launch", "sdk/serve", "sdk/cron", "sdk/intent", "sdk/wire", "sdk/wire/pluginpb"},

	"plugins/hangman":     {"sdk"},
	"plugins/mcp":         {"sdk", "sdk/retry"},
	"plugins/mcp/mcptest": {},
	"plugins/weather":     {"sdk", "sdk/intent"},
}

// confined says which packages may use a package from outside the module.
var confined = map[string][]string{
	"github.com/hashicorp/go-plugin":         {"sdk/wire", "sdk/wire/wiretest", "sdk/serve", "sdk/launch", "host/supervisor"},
	"github.com/gorilla/websocket":           {"host/gateway", "cmd/jarvis", "cmd/bench-host", "examples/client"},
	"github.com/julienschmidt/httprouter":    {"host/gateway", "cmd/bench-host"},
	"github.com/qdrant/go-client":            {"host/memory/qdrant/..."},
	"modernc.org/sqlite":                     {"host/db/sqlite", "host/memory/embedded"},
	"github.com/knadh/koanf/v2":              {"host/config"},
	"github.com/modelcontextprotocol/go-sdk": {"host/mcp", "plugins/mcp/..."},
}

type source struct {
	imports map[string]bool
	docs    []string // files with a package comment
}

// packages reads every package's files themselves, not the go command: the
// test cache notices files that a test opens, but not what a child reads.
func packages(t *testing.T) map[string]*source {
	t.Helper()
	pkgs := map[string]*source{}
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if p != "." && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"testdata", "node_modules", "bin", "data"}, d.Name())) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		add(pkgs, filepath.ToSlash(p), f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pkgs
}

func add(pkgs map[string]*source, file string, f *ast.File) {
	dir := path.Dir(file)
	s := pkgs[dir]
	if s == nil {
		s = &source{imports: map[string]bool{}}
		pkgs[dir] = s
	}
	for _, i := range f.Imports {
		q, _ := strconv.Unquote(i.Path.Value)
		s.imports[q] = true
	}
	if f.Doc != nil {
		s.docs = append(s.docs, file)
	}
}

func matches(patterns []string, p string) bool {
	return slices.ContainsFunc(patterns, func(pat string) bool {
		dir, tree := strings.CutSuffix(pat, "/...")
		return pat == p || tree && (p == dir || strings.HasPrefix(p, dir+"/"))
	})
}

func TestImportsFollowTheLayers(t *testing.T) {
	pkgs := packages(t)
	for from, s := range pkgs {
		allowed, ok := layers[from]
		if !ok && !strings.HasPrefix(from, "examples/") {
			t.Errorf("%s has no entry in layers: say what it may import", from)
			continue
		}
		if strings.HasPrefix(from, "examples/") {
			allowed = []string{"sdk", "sdk/serve", "sdk/intent"}
		}
		for q := range s.imports {
			if to, ok := strings.CutPrefix(q, module+"/"); ok && !matches(allowed, to) {
				t.Errorf("%s imports %s; it may import only %v", from, to, allowed)
			}
			for path, users := range confined {
				if (q == path || strings.HasPrefix(q, path+"/")) && !matches(users, from) {
					t.Errorf("%s imports %s; only %v may", from, q, users)
				}
			}
		}
	}
	for p := range layers {
		if pkgs[p] == nil {
			t.Errorf("layers names %s, which is not there any more", p)
		}
	}
}

func TestEveryPackageHasExactlyOnePackageComment(t *testing.T) {
	for dir, s := range packages(t) {
		if dir == "sdk/wire/pluginpb" || dir == "sdk/wire/hostpb" {
			continue // generated
		}
		if len(s.docs) != 1 {
			t.Errorf("%s has %d files with a package comment, want one: %v", dir, len(s.docs), s.docs)
		}
	}
}

func TestNoPackageIsADrawer(t *testing.T) {
	for dir := range packages(t) {
		if slices.Contains([]string{"util", "utils", "common", "helpers", "types", "misc"}, path.Base(dir)) {
			t.Errorf("%s: name a package for what it does", dir)
		}
	}
}

// TestEveryDependencyIsExplained keeps docs/dependencies.md and go.mod together.
func TestEveryDependencyIsExplained(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mod)) {
		f := strings.Fields(line)
		if len(f) != 2 || !strings.HasPrefix(f[1], "v") || strings.Contains(line, "// indirect") {
			continue
		}
		if !strings.Contains(string(doc), "`"+f[0]+"`") {
			t.Errorf("docs/dependencies.md does not say why %s is there", f[0])
		}
	}
}

// TestWhateverStartsGoroutinesChecksThatTheyEnd fails for a package that starts
// goroutines, or whose tests would not notice when one of them stays.
func TestWhateverStartsGoroutinesChecksThatTheyEnd(t *testing.T) { // fault-R5
	starts, checks, tested := map[string]string{}, map[string]bool{}, map[string]bool{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && file != "." || slices.Contains([]string{"testdata", "node_modules", "bin", "data", "examples", "test"}, d.Name())) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(filepath.ToSlash(file))
		if strings.HasSuffix(file, "_test.go") {
			tested[dir] = true
			for _, i := range f.Imports {
				checks[dir] = checks[dir] || i.Path.Value == `"go.uber.org/goleak"`
			}
			return nil
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				starts[dir] = file
			case *ast.CallExpr:
				if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Go" {
					starts[dir] = file
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(starts) < 20 {
		t.Errorf("only %d packages start goroutines: the test looks in the wrong place", len(starts))
	}
	for dir, file := range starts {
		// What has no tests of its own is run by the tests of others, which check. The
		// program itself is a process in its tests: what it holds is counted in the soak.
		if tested[dir] && !checks[dir] {
			t.Errorf("%s starts goroutines, but the tests of %s do not use goleak", file, dir)
		}
	}
}

// TestEveryTestThatIsLeftOutIsVetted fails for a build tag of ours that make check does
// not set: what is behind it would not be compiled until somebody needs it.
func TestEveryTestThatIsLeftOutIsVetted(t *testing.T) {
	raw, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, tags, ok := strings.Cut(string(raw), "\nTAGS      := ")
	tags, _, _ = strings.Cut(tags, "\n")
	if !ok || !strings.Contains(string(raw), "vet -tags $(TAGS) ./...") || !strings.Contains(string(raw), "--build-tags $(TAGS)") {
		t.Fatal("vet and lint of the Makefile do not set TAGS")
	}
	vetted := strings.Split(tags, ",")
	given := []string{"linux", "darwin", "unix", "race", "ignore"} // not ours: by where and how it is built
	found := 0
	err = filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") {
			return err
		}
		source, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(source)) {
			if !constraint.IsGoBuild(line) {
				continue
			}
			expr, err := constraint.Parse(strings.TrimSpace(line))
			if err != nil {
				return err
			}
			expr.Eval(func(tag string) bool {
				if slices.Contains(given, tag) {
					return true
				}
				found++
				if !slices.Contains(vetted, tag) {
					t.Errorf("%s is behind the tag %s, which TAGS of the Makefile does not have", file, tag)
				}
				return true
			})
		}
		return nil
	})
	if err != nil || found < 7 {
		t.Errorf("found %d tags: %v", found, err)
	}
}
