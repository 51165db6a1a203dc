package protocol

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTextsAreCountedInCodePoints(t *testing.T) { // E05
	for name, c := range map[string]struct {
		text string
		want Code // "" is fine
	}{
		"one":              {"a", ""},
		"most":             {strings.Repeat("a", MaxText), ""},
		"most accents":     {strings.Repeat("é", MaxText), ""},
		"most emoji":       {strings.Repeat("😀", MaxText), ""},
		"most decomposed":  {strings.Repeat("e\u0301", MaxText/2), ""},
		"one too many":     {strings.Repeat("é", MaxText+1), TooLarge},
		"family":           {"👨\u200d👩\u200d👧", ""},
		"empty":            {"", Invalid},
		"blank":            {" \t\n\u00a0\u3000", Invalid},
		"joiners":          {"\u200d\ufeff\u2060", Invalid},
		"marks":            {"\u0301\u20dd", Invalid},
		"controls":         {"\x00\x1b", Invalid},
		"tags":             {"\U000e0041", Invalid},
		"mark on a letter": {"a\u0301", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := CheckText("text", c.text)
			switch {
			case p == nil && c.want != "":
				t.Errorf("it was taken, want %s", c.want)
			case p != nil && p.Code != c.want:
				t.Errorf("got %s, want %q", p.Code, c.want)
			}
		})
	}
}

func TestIDsHaveTheirAlphabet(t *testing.T) {
	for id, want := range map[string]bool{
		"a": true, "s_0-z": true, strings.Repeat("a", 64): true,
		"": false, strings.Repeat("a", 65): false, "A": false, "a b": false, "../a": false, "é": false, "a\x00": false, "a.b": false,
	} {
		if got := CheckID("id", id) == nil; got != want {
			t.Errorf("CheckID(%q): %v, want %v", id, got, want)
		}
	}
	for id, want := range map[string]bool{"Ab-_9": true, "a.b": false, "": false, "a/b": false} {
		if got := CheckClientID("id", id) == nil; got != want {
			t.Errorf("CheckClientID(%q): %v, want %v", id, got, want)
		}
	}
}

func TestAProblemNeverRepeatsWhatCannotBeShown(t *testing.T) {
	p := BadValue("x", "a\x1b[2J\u202e\xff"+strings.Repeat("é", 1000), "y")
	shown, ok := p.Args[1].(string)
	if !ok || utf8.RuneCountInString(shown) > 65 || !utf8.ValidString(shown) || strings.ContainsAny(shown, "\x1b\u202e") {
		t.Errorf("it shows %q", shown)
	}
}

func TestEveryCodeHasARowAStatusAndWords(t *testing.T) {
	words := Words()
	for _, r := range Table() {
		if r.Status < 400 || r.Status > 599 || r.Code.Status() != r.Status || r.Meaning == "" {
			t.Errorf("row %+v", r)
		}
		if !slices.Contains(words, WordsOf(r.Code)) {
			t.Errorf("%s has no words", r.Code)
		}
	}
	if Code("nonsense").Status() != http.StatusInternalServerError {
		t.Error("an unknown code is not internal")
	}
}

// TestWordsListsEveryKey reads the constants themselves: one that is forgotten
// in Words would never be checked against the texts.
func TestWordsListsEveryKey(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "words.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	listed := Words()
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		key, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		found++
		if !slices.Contains(listed, key) {
			t.Errorf("Words leaves out %s, %q", spec.Names[0], key)
		}
		return true
	})
	if found < 30 {
		t.Errorf("only %d constants were found", found)
	}
	slices.Sort(listed)
	if len(slices.Compact(slices.Clone(listed))) != len(listed) {
		t.Error("a key is listed twice")
	}
}

func TestAProblemIsFoundInAChain(t *testing.T) {
	p := &Problem{Code: Conflict, Field: "name", Err: errors.New("taken")}
	wrapped := errors.Join(errors.New("other"), p)
	if CodeOf(wrapped) != Conflict || CodeOf(errors.New("plain")) != Internal || !errors.Is(p, p.Err) {
		t.Error("the problem is not found")
	}
	if got := p.Error(); got != "conflict name: taken" {
		t.Errorf("got %q", got)
	}
}

func TestADonesMembersAreTheAnswers(t *testing.T) {
	b, err := json.Marshal(Answer{Done: Done{Head: Head{Session: "s", Turn: "t", Seq: 3}, Text: "x"}, Tools: []AnswerTool{}})
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(b, &members); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"session", "turn", "text", "state", "source", "degraded", "lang", "memory_saved", "tools"} {
		if _, ok := members[name]; !ok {
			t.Errorf("%s lacks %s", b, name)
		}
	}
}
