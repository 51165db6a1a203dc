package sdk_test

import (
	"bytes"
	"flag"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/api.txt anew")

// TestTheExportedAPIIsTheOneThatWasAgreedOn keeps authors safe from changes
// that no one meant: a difference is either undone, or written down with
// -update and in the change log.
func TestTheExportedAPIIsTheOneThatWasAgreedOn(t *testing.T) {
	const golden = "testdata/api.txt"
	got := exported(t)
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("exported API of package sdk (-agreed on +is):\n%s", diff)
	}
}

// exported returns the package's exported declarations, without comments, in
// the order of their text.
func exported(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.FileExports(f)
		for _, d := range f.Decls {
			all = append(all, declarations(t, fset, d)...)
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n") + "\n"
}

func declarations(t *testing.T, fset *token.FileSet, d ast.Decl) []string {
	t.Helper()
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv != nil && !ast.IsExported(receiver(d)) {
			return nil
		}
		d.Body = nil
		return []string{printed(t, fset, d)}
	case *ast.GenDecl:
		if d.Tok == token.CONST { // the values of one iota belong together
			return []string{printed(t, fset, d)}
		}
		var all []string
		for _, s := range d.Specs {
			if d.Tok != token.IMPORT {
				all = append(all, printed(t, fset, &ast.GenDecl{Tok: d.Tok, Specs: []ast.Spec{s}}))
			}
		}
		return all
	}
	return nil
}

func printed(t *testing.T, fset *token.FileSet, node any) string {
	t.Helper()
	var b bytes.Buffer
	plain := printer.Config{Mode: printer.UseSpaces, Tabwidth: 4}
	if err := plain.Fprint(&b, fset, node); err != nil {
		t.Fatal(err)
	}
	// Positions in the file leave empty lines where comments were.
	lines := slices.DeleteFunc(strings.Split(b.String(), "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
	return strings.Join(lines, "\n")
}

// receiver is the name of the type that a method belongs to.
func receiver(d *ast.FuncDecl) string {
	t := d.Recv.List[0].Type
	if p, ok := t.(*ast.StarExpr); ok {
		t = p.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}
