package config

import (
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite golden files")

// The pages that are written from config.go.
const (
	pageFile     = "../../docs/configuration.md"
	embeddedFile = "reference.md"
	exampleFile  = "../../deploy/jarvis.example.yaml"
)

func TestTheReferenceIsWrittenFromTheFieldComments(t *testing.T) {
	page := markdown(t)
	golden(t, pageFile, page)
	golden(t, embeddedFile, page)
	if !*update && Reference() != page {
		t.Error("the embedded reference is not the page")
	}
}

func TestTheExampleLoadsAndSetsEveryKeyToItsDefault(t *testing.T) {
	golden(t, exampleFile, example(t))
	path, err := filepath.Abs(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Load(Options{File: path, Dir: t.TempDir(), SecretDirs: []string{}})
	if err != nil {
		t.Fatalf("the example does not load: %v", err)
	}
	fromFile := 0
	for _, e := range s.All() {
		leaf, _, _ := keys().find(e.Key)
		want := shown(e.Key, leaf, reflect.ValueOf(Default()).FieldByIndex(leaf.index).Interface())
		if d := gocmp.Diff(fmt.Sprint(want), fmt.Sprint(e.Value)); d != "" {
			t.Errorf("%s: %s", e.Key, d)
		}
		if e.Layer == LayerFile {
			fromFile++
		}
	}
	if least := len(keys().leaves) - 2; fromFile < least { // the secret and its file are only shown
		t.Errorf("the example sets %d keys, want %d", fromFile, least)
	}
}

func TestTheExamplesOfNamedSectionsAreGood(t *testing.T) {
	file := filepath.Join(t.TempDir(), "jarvis.yaml")
	plugins := strings.ReplaceAll(examples["plugins"], "# ", "")
	models := indented(strings.ReplaceAll(examples["llm.providers"]+examples["llm.routes"], "# ", ""), 1)
	ollama := "  ollama: {url: http://127.0.0.1:11434}\n  order: [quick, thorough]\n"
	if err := os.WriteFile(file, []byte(plugins+"llm:\n"+ollama+models), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Load(Options{File: file, SecretDirs: []string{}, Env: []string{"OPENROUTER_KEY=k"}})
	if err != nil {
		t.Fatal(err)
	}
	if p := s.Config().Plugins["weather"]; p.Enabled == nil || !*p.Enabled || p.Config["units"] != "metric" {
		t.Errorf("weather = %+v", p)
	}
	if p := s.Config().LLM.Providers["cloud"]; p.Key.Reveal() != "k" || p.PriceAnswer != 0.6 || p.Concurrency != 8 {
		t.Errorf("cloud = %+v", p)
	}
	if r := s.Config().LLM.Routes["thorough"]; r.Provider != "cloud" || len(r.Roles) != 2 {
		t.Errorf("thorough = %+v", r)
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := gocmp.Diff(string(want), got); d != "" {
		t.Errorf("%s is out of date; run go test ./host/config -update\n%s", path, d)
	}
}

// comments reads the comments of the package's types: "Type" and "Type.Field".
func comments(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	doc := map[string]string{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if g, ok := n.(*ast.GenDecl); ok && g.Tok == token.TYPE {
				describe(g, doc)
			}
			return true
		})
	}
	return doc
}

func describe(g *ast.GenDecl, doc map[string]string) {
	spec := g.Specs[0].(*ast.TypeSpec)
	doc[spec.Name.Name] = meaning(g.Doc.Text(), spec.Name.Name)
	if st, ok := spec.Type.(*ast.StructType); ok {
		for _, fl := range st.Fields.List {
			if len(fl.Names) > 0 {
				doc[spec.Name.Name+"."+fl.Names[0].Name] = meaning(fl.Doc.Text(), fl.Names[0].Name)
			}
		}
	}
}

// meaning is a comment without the name that it begins with.
func meaning(comment, name string) string {
	s := strings.Join(strings.Fields(comment), " ")
	for _, verb := range []string{" is ", " are "} {
		s = strings.TrimPrefix(s, name+verb)
	}
	return s
}

// section is one type of the configuration and where it stands.
type section struct {
	key  string // with its dot; empty at the top
	t    reflect.Type
	v    reflect.Value
	keys []reflect.StructField
}

// sections lists them in the order of the fields.
func sections(prefix string, v reflect.Value) []section {
	s := section{key: prefix, t: v.Type(), v: v}
	var below []section
	for f, fv := range v.Fields() {
		name := f.Tag.Get("koanf")
		switch {
		case name == "-":
		case isFamily(f.Type):
			member := "<name>."
			if prefix+name == "plugins" {
				member = "<id>."
			}
			below = append(below, sections(prefix+name+"."+member, reflect.Zero(f.Type.Elem()))...)
		case f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[Secret]():
			below = append(below, sections(prefix+name+".", fv)...)
		default:
			s.keys = append(s.keys, f)
		}
	}
	if len(s.keys) == 0 {
		return below
	}
	return append([]section{s}, below...)
}

func (s section) leaf(f reflect.StructField) leaf {
	return leaf{kind: kindOf(f.Type), field: f}
}

// written is a field's default as YAML.
func (s section) written(f reflect.StructField) string {
	l := s.leaf(f)
	v := s.v.FieldByName(f.Name)
	if v.Kind() == reflect.Slice && v.Len() == 0 {
		return "[]"
	}
	if sec, ok := v.Interface().(Secret); ok {
		return flow(sec.String())
	}
	return flow(shown("", l, v.Interface()))
}

func (s section) shownDefault(f reflect.StructField) string {
	if v := s.v.FieldByName(f.Name); v.IsZero() && v.Kind() != reflect.Bool && v.Kind() != reflect.Int64 {
		return ""
	}
	return "`" + s.written(f) + "`"
}

// kindName says what a value is, in the reference's table.
func kindName(l leaf) string {
	if e := l.enum(); e != nil {
		return "`" + strings.Join(e, "`, `") + "`"
	}
	return cmp.Or(map[kind]string{kindInt: "number", kindNumber: "number", kindDuration: "duration", kindList: "list", kindMap: "section", kindSecret: "secret"}[l.kind], string(l.kind))
}

func markdown(t *testing.T) string {
	t.Helper()
	doc := comments(t)
	var b strings.Builder
	b.WriteString(`# Configuration

<!-- Written by go test ./host/config -update from host/config/config.go; edit there. -->

Nothing has to be configured: ` + "`jarvis serve`" + ` starts with what is built in. Each layer goes
before those above it:

1. what is built in,
2. a file ` + "`" + secretName + "`" + ` in the service manager's folder of credentials, or in ` + "`/run/secrets`" + `,
3. a YAML file: ` + "`--config FILE`" + `, else ` + "`jarvis.yaml`" + ` where the program is started,
4. the environment,
5. flags.

` + "`jarvis config check`" + ` names every problem, ` + "`jarvis config explain KEY`" + ` says what a key is set to and by
what. A duration is a number with its unit: ` + "`500ms`, `30s`, `5m`" + `. A list in the environment is
separated by commas. A secret is never written in the file: ` + "`env:NAME`" + ` takes it from the environment,
` + "`file:PATH`" + `, or a key that ends in ` + "`_file`" + `, from a file that only its owner can read, and
` + "`secret:NAME`" + ` from the service manager: a systemd credential, or a secret of Docker or Kubernetes in
` + "`/run/secrets`" + `. A file of a secret that changes is read again while the host runs.
`)
	for _, s := range sections("", reflect.ValueOf(Default())) {
		title := cmp.Or(strings.TrimSuffix(s.key, "."), "The host")
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| key | value | default | environment | meaning |\n| --- | --- | --- | --- | --- |\n", title, capital(doc[s.t.Name()]))
		for _, f := range s.keys {
			said := doc[s.t.Name()+"."+f.Name]
			if said == "" {
				t.Errorf("%s.%s has no comment, so no line in the reference", s.t.Name(), f.Name)
			}
			key := s.key + f.Tag.Get("koanf")
			variable := prefix + strings.ToUpper(strings.NewReplacer(".", "__").Replace(key))
			fmt.Fprintf(&b, "| `%s` | %s | %s | `%s` | %s |\n", key, kindName(s.leaf(f)), s.shownDefault(f), variable, capital(said))
		}
	}
	b.WriteString("\n## Other variables\n\n| variable | key | meaning |\n| --- | --- | --- |\n")
	for _, a := range aliases() {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", a.name, a.key, capital(a.meaning))
	}
	fmt.Fprintf(&b, "| `%s` | `log` | A YAML or JSON file with a section `log` alone; goes before the configuration's file |\n", logVariable)
	b.WriteString("\nThese set nothing, which `jarvis config check` says where one of them is set:\n\n")
	for _, v := range strangers {
		fmt.Fprintf(&b, "- `%s`: %s.\n", v.name, v.instead)
	}
	return b.String()
}

func capital(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// examples are the parts of the example that are commented out, by family.
var examples = map[string]string{
	"plugins": `# plugins:
#   weather:
#     enabled: true
#     config:
#       units: metric
#     grants: []
`,
	"llm.providers": `# providers:
#   cloud:
#     kind: openai
#     url: https://openrouter.ai/api/v1
#     key: env:OPENROUTER_KEY
#     models: [another/model]
#     window: 128000
#     price_prompt: 0.15
#     price_answer: 0.6
#     concurrency: 8
`,
	"llm.routes": `# routes:
#   quick:
#     provider: ollama
#     model: llama3.2:1b
#     max_tokens: 4000
#   thorough:
#     provider: cloud
#     model: some/model
#     roles: [operator, user]
#     hours: 07:00-23:00
`,
}

func indented(text string, depth int) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(indent(depth) + line)
	}
	return b.String()
}

func example(t *testing.T) string {
	t.Helper()
	doc := comments(t)
	var b strings.Builder
	b.WriteString("# Every key with its default. Written by go test ./host/config -update; docs/configuration.md explains more.\n")
	open := []string{}
	for _, s := range sections("", reflect.ValueOf(Default())) {
		if family, _, ok := strings.Cut(s.key, ".<"); ok {
			depth := strings.Count(family, ".")
			fmt.Fprintf(&b, "\n%s\n%s", wrapped(capital(doc[s.t.Name()]), depth), indented(examples[family], depth))
			continue
		}
		path := strings.FieldsFunc(s.key, func(r rune) bool { return r == '.' })
		same := 0
		for same < min(len(path), len(open)) && path[same] == open[same] {
			same++
		}
		for i := same; i < len(path); i++ {
			if i == 0 {
				b.WriteByte('\n')
			}
			if i == len(path)-1 {
				fmt.Fprintf(&b, "%s# %s\n", indent(i), capital(doc[s.t.Name()]))
			}
			fmt.Fprintf(&b, "%s%s:\n", indent(i), path[i])
		}
		open = path
		for _, f := range s.keys {
			line := f.Tag.Get("koanf") + ": " + s.written(f)
			if f.Name == "OperatorKey" {
				line = "# operator_key: env:OPERATOR_KEY"
			}
			if f.Name == "OperatorKeyFile" {
				line = "# operator_key_file: /etc/jarvis/operator.key"
			}
			fmt.Fprintf(&b, "%s\n%s%s\n", wrapped(capital(doc[s.t.Name()+"."+f.Name]), len(path)), indent(len(path)), line)
		}
	}
	return b.String()
}

func indent(depth int) string { return strings.Repeat("  ", depth) }

// wrapped writes a comment in lines that are easy to read.
func wrapped(text string, depth int) string {
	var lines []string
	line := indent(depth) + "#"
	for w := range strings.FieldsSeq(text) {
		if len(line)+1+len(w) > 80 {
			lines, line = append(lines, line), indent(depth)+"#"
		}
		line += " " + w
	}
	return strings.Join(slices.Concat(lines, []string{line}), "\n")
}
