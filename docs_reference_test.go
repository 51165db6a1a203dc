package jarvis_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const reference = "docs/plugin-reference.md"

const referenceHead = `# Plugin reference

All that a plugin can say and hear, made from the comments of the code: change
those, then run ` + "`make update`" + `. The [guide](plugin-guide.md) is where to begin, and
[rough edges](rough-edges.md) says what may surprise you. The examples are run
whenever the project is tested.

- [The SDK for Go](#the-sdk-for-go): what a plugin in Go is written with
- [Testing in Go](#testing-in-go): a plugin in a test, without a host
- [The helper for Python](#the-helper-for-python)
- [jarvis.plugin.v1](#jarvispluginv1): what a plugin serves, in any language
- [jarvis.host.v1](#jarvishostv1): what the host does for it
`

// TestThePluginReferenceIsTheCodes is D14: the reference says what the contract and
// the SDK say.
func TestThePluginReferenceIsTheCodes(t *testing.T) {
	var b strings.Builder
	b.WriteString(referenceHead)
	goReference(t, &b, "The SDK for Go", "sdk")
	goReference(t, &b, "Testing in Go", "sdk/plugintest")
	pythonReference(t, &b)
	protoReference(t, &b, "jarvis.plugin.v1", "sdk/wire/pluginpb/plugin.proto")
	protoReference(t, &b, "jarvis.host.v1", "sdk/wire/hostpb/host.proto")
	if *update {
		if err := os.WriteFile(reference, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(have), b.String()); diff != "" {
		t.Errorf("%s is out of date, run make update (-it says +the code says):\n%s", reference, diff)
	}
}

// goReference writes a package, a chapter for each of its files: a file holds one
// idea.
func goReference(t *testing.T, b *strings.Builder, title, dir string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	p, err := doc.NewFromFiles(fset, files, "github.com/jarvis-host/jarvis/"+dir)
	if err != nil {
		t.Fatal(err)
	}
	w := &goWriter{b: b, fset: fset, p: p}
	fmt.Fprintf(b, "\n## %s\n\n`import \"%s\"`\n\n%s", title, p.ImportPath, w.text(p.Doc))
	w.all()
}

// goWriter writes what is exported.
type goWriter struct {
	b    *strings.Builder
	fset *token.FileSet
	p    *doc.Package
}

// entry is one thing that is exported.
type entry struct {
	pos      token.Pos
	decl     ast.Decl
	doc      string
	examples []*doc.Example
}

// all writes everything that the package exports, in the order of the files.
func (w *goWriter) all() {
	var all []entry
	values := func(vs []*doc.Value) {
		for _, v := range vs {
			all = append(all, entry{v.Decl.Pos(), v.Decl, v.Doc, nil})
		}
	}
	funcs := func(fs []*doc.Func) {
		for _, f := range fs {
			all = append(all, entry{f.Decl.Pos(), f.Decl, f.Doc, f.Examples})
		}
	}
	values(w.p.Consts)
	values(w.p.Vars)
	funcs(w.p.Funcs)
	for _, t := range w.p.Types {
		all = append(all, entry{t.Decl.Pos(), t.Decl, t.Doc, t.Examples})
		values(t.Consts)
		values(t.Vars)
		funcs(t.Funcs)
		funcs(t.Methods)
	}
	slices.SortFunc(all, func(a, b entry) int { return int(a.pos - b.pos) })
	file := ""
	for _, e := range all {
		if now := filepath.Base(w.fset.Position(e.pos).Filename); now != file {
			file = now
			fmt.Fprintf(w.b, "\n### %s\n", strings.ReplaceAll(strings.TrimSuffix(file, ".go"), "_", " "))
		}
		w.entry(e)
	}
}

func (w *goWriter) entry(e entry) {
	if f, ok := e.decl.(*ast.FuncDecl); ok {
		f.Body, f.Doc = nil, nil
	}
	if g, ok := e.decl.(*ast.GenDecl); ok {
		g.Doc = nil
	}
	fmt.Fprintf(w.b, "\n```go\n%s\n```\n\n%s", w.code(e.decl), w.text(e.doc))
	for _, x := range e.examples {
		code := w.code(&printer.CommentedNode{Node: x.Code, Comments: x.Comments})
		code, _, _ = strings.Cut(strings.TrimSuffix(strings.TrimPrefix(code, "{"), "}"), "\t// Output:")
		code = strings.ReplaceAll(strings.TrimSpace(code), "\n\t", "\n")
		fmt.Fprintf(w.b, "\n```go\n%s\n```\n\nprints\n\n```text\n%s\n```\n", code, strings.TrimSpace(x.Output))
	}
}

func (w *goWriter) code(node any) string {
	var b bytes.Buffer
	config := printer.Config{Mode: printer.TabIndent | printer.UseSpaces, Tabwidth: 8}
	if err := config.Fprint(&b, w.fset, node); err != nil {
		panic(err)
	}
	return b.String()
}

func (w *goWriter) text(comment string) string {
	if comment == "" {
		return ""
	}
	p := w.p.Printer()
	p.HeadingLevel, p.DocLinkBaseURL = 5, "#"
	p.DocLinkURL = nil
	text := string(p.Markdown(w.p.Parser().Parse(comment)))
	return docLink.ReplaceAllString(text, "`$1`")
}

// docLink is a reference to another name, whose page is somewhere else.
var docLink = regexp.MustCompile(`\[([^\]]+)\]\([^)]*\)`)

// protoReference writes a contract: its services, then its messages.
func protoReference(t *testing.T, b *strings.Builder, title, file string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(b, "\n## %s\n\nThe file is [%s](../%s).\n", title, filepath.Base(file), file)
	var comment []string
	take := func() string {
		text := strings.Join(comment, "\n")
		comment = nil
		return text
	}
	depth, inService, table := 0, false, false
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSpace(line)
		words := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "//"):
			comment = append(comment, strings.TrimPrefix(strings.TrimPrefix(line, "//"), " "))
			continue
		case line == "":
		case strings.HasPrefix(line, "syntax"):
			fmt.Fprintf(b, "\n%s\n", take())
		case depth == 0 && words[0] == "service":
			inService = true
			fmt.Fprintf(b, "\n### service %s\n\n%s\n", words[1], take())
		case inService && words[0] == "rpc":
			fmt.Fprintf(b, "\n```proto\n%s\n```\n\n%s\n", strings.TrimSuffix(strings.TrimSuffix(line, "{"), " "), take())
		case depth == 0 && (words[0] == "message" || words[0] == "enum"):
			inService, table = false, false
			fmt.Fprintf(b, "\n### %s %s\n\n%s\n", words[0], words[1], take())
		case depth > 0 && words[0] == "oneof":
			comment = nil
		case depth > 0 && strings.Contains(line, "=") && words[0] != "option" && words[0] != "reserved":
			if !table {
				fmt.Fprint(b, "\n| field | number | meaning |\n| --- | --- | --- |\n")
				table = true
			}
			name, number, _ := strings.Cut(strings.TrimSuffix(line, ";"), "=")
			number, _, _ = strings.Cut(number, "[")
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", strings.TrimSpace(name), strings.TrimSpace(number),
				strings.ReplaceAll(strings.ReplaceAll(take(), "\n", " "), "|", "\\|"))
		}
		depth += strings.Count(line, "{") - strings.Count(line, "}")
		if line == "" || depth == 0 && !strings.HasPrefix(line, "//") {
			comment = nil
		}
	}
}

// pythonReference writes the helper's classes, functions and what they say of
// themselves.
func pythonReference(t *testing.T, b *strings.Builder) {
	t.Helper()
	const dir = "sdk/python/jarvis_plugin"
	fmt.Fprintf(b, "\n## The helper for Python\n\n`jarvis plugin new NAME --lang python` puts it beside your plugin; `plugin pack` and\n`plugin verify` bring it where it is missing. It needs grpcio, protobuf and\ncryptography.\n")
	for _, name := range []string{"plugin", "call", "arguments", "host", "http", "figures", "contract", "tester"} {
		raw, err := os.ReadFile(filepath.Join(dir, name+".py"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(b, "\n### %s.py\n", name)
		for _, m := range pythonDefinition.FindAllStringSubmatch(string(raw), -1) {
			indent, head, text := m[1], m[2], m[3]
			if strings.HasPrefix(strings.Fields(head)[1], "_") {
				continue
			}
			head = spaces.ReplaceAllString(head, " ")
			fmt.Fprintf(b, "\n```python\n%s%s\n```\n\n%s\n", indent, strings.TrimSuffix(head, ":"), dedent(text))
		}
	}
}

// pythonDefinition is a class or function with a docstring; its head may go over
// several lines.
var (
	pythonDefinition = regexp.MustCompile(`(?m)^( *)((?:class|def) (?:.*[^:\n]\n)*?.*:)\n *"""((?s:.*?))"""`)
	spaces           = regexp.MustCompile(`\s+`)
)

// A definition without a docstring is passed over, and takes no other's; one whose
// defaults are texts is not missing.
func TestTheReferenceTakesEachDefinitionOfPythonByItself(t *testing.T) {
	const source = `
def plain(where):
    return 1

def said(self, text,
         lang="en"):
    """Says it."""

class Quiet:
    def __init__(self):
        pass

class Told:
    """Has words."""
`
	var heads []string
	for _, m := range pythonDefinition.FindAllStringSubmatch(source, -1) {
		heads = append(heads, spaces.ReplaceAllString(m[2], " ")+" "+m[3])
	}
	if d := cmp.Diff([]string{`def said(self, text, lang="en"): Says it.`, "class Told: Has words."}, heads); d != "" {
		t.Error(d)
	}
}

func dedent(text string) string {
	var lines []string
	for line := range strings.Lines(strings.TrimSpace(text)) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return strings.Join(lines, "\n")
}
