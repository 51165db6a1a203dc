// Command report prints figures of the code's shape: how long functions are,
// how large packages, how wide interfaces, how deep imports. It judges nothing;
// it shows where to look.
package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/jarvis-host/jarvis"

func main() { os.Exit(run(".", os.Stdout, os.Stderr)) }

func run(dir string, stdout, stderr io.Writer) int {
	r := &report{packages: map[string]int{}, imports: map[string][]string{}}
	if err := r.read(dir); err != nil {
		fmt.Fprintln(stderr, "report:", err)
		return 1
	}
	r.print(stdout)
	return 0
}

// sized is a named thing with a size.
type sized struct {
	name string
	size int
}

type report struct {
	functions, interfaces, files []sized
	packages                     map[string]int // lines
	imports                      map[string][]string
	testLines                    int
}

func (r *report) read(root string) error {
	return filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != root && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"testdata", "node_modules", "bin", "data"}, d.Name())) {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, ".pb.go") {
			return nil
		}
		src, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		lines := bytes.Count(src, []byte("\n"))
		if strings.HasSuffix(p, "_test.go") {
			r.testLines += lines
			return nil
		}
		return r.file(filepath.ToSlash(p), src, lines)
	})
}

func (r *report) file(p string, src []byte, lines int) error {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, p, src, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	dir := path.Dir(p)
	r.files = append(r.files, sized{p, lines})
	r.packages[dir] += lines
	for _, i := range f.Imports {
		q, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return err
		}
		if to, ok := strings.CutPrefix(q, module+"/"); ok && !slices.Contains(r.imports[dir], to) {
			r.imports[dir] = append(r.imports[dir], to)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.FuncDecl:
			length := fset.Position(x.End()).Line - fset.Position(x.Pos()).Line + 1
			r.functions = append(r.functions, sized{fmt.Sprintf("%s: %s", p, x.Name.Name), length})
		case *ast.TypeSpec:
			if it, ok := x.Type.(*ast.InterfaceType); ok {
				r.interfaces = append(r.interfaces, sized{fmt.Sprintf("%s: %s", p, x.Name.Name), it.Methods.NumFields()})
			}
		}
		return true
	})
	return nil
}

// depth is the longest chain of imports below a package.
func (r *report) depth(pkg string, seen map[string]int) int {
	if d, ok := seen[pkg]; ok {
		return d
	}
	deepest := 0
	for _, to := range r.imports[pkg] {
		deepest = max(deepest, 1+r.depth(to, seen))
	}
	seen[pkg] = deepest
	return deepest
}

func (r *report) print(w io.Writer) {
	var packages []sized
	total, edges := 0, 0
	for name, lines := range r.packages {
		packages = append(packages, sized{name, lines})
		total += lines
		edges += len(r.imports[name])
	}
	fmt.Fprintf(w, "code %d lines in %d packages, tests %d lines (%.2f of the code)\n",
		total, len(packages), r.testLines, float64(r.testLines)/float64(max(total, 1)))
	show(w, "function lines", r.functions)
	show(w, "file lines", r.files)
	show(w, "package lines", packages)
	show(w, "interface methods", r.interfaces)
	seen := map[string]int{}
	deepest := sized{}
	for name := range r.packages {
		if d := r.depth(name, seen); d > deepest.size {
			deepest = sized{name, d}
		}
	}
	fmt.Fprintf(w, "%-18s deepest %d (%s), %.1f imports of ours a package\n",
		"imports", deepest.size, deepest.name, float64(edges)/float64(max(len(packages), 1)))
}

func show(w io.Writer, what string, all []sized) {
	if len(all) == 0 {
		return
	}
	slices.SortFunc(all, func(a, b sized) int { return a.size - b.size })
	at := func(q float64) int { return all[min(int(q*float64(len(all))), len(all)-1)].size }
	last := all[len(all)-1]
	fmt.Fprintf(w, "%-18s median %d, p90 %d, p99 %d, max %d (%s)\n", what, at(.5), at(.9), at(.99), last.size, last.name)
}
