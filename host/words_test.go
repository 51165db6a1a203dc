package host

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/texts"
)

// TestEveryTextThatIsNamedExists reads the code of all rooms for keys of texts:
// each is there in both languages.
func TestEveryTextThatIsNamedExists(t *testing.T) {
	key := regexp.MustCompile(`^(error|original|model|memory|tool|plugin|dialogue|builtin|question|export|doctor)\.[a-z_]+$`)
	found := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil || !key.MatchString(text) || strings.HasSuffix(text, ".json") {
				return true
			}
			found++
			for _, lang := range []string{"fr", "en"} {
				if !texts.For(lang).Has(text) {
					t.Errorf("%s names %q, which is no text in %s", path, text, lang)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 20 {
		t.Errorf("only %d keys were found: does the test look in the right place?", found)
	}
}
