package intent

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEveryExampleOfTheSentencesPageHolds runs docs/sentences.md: a yaml block
// is a file, the says block below it what people say and what comes of it.
func TestEveryExampleOfTheSentencesPageHolds(t *testing.T) {
	raw, err := os.ReadFile("../../docs/sentences.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```(yaml|says)\n(.*?)```").FindAllStringSubmatch(string(raw), -1)
	var m *Matcher
	var lang string
	said := 0
	for _, b := range blocks {
		if b[1] == "yaml" {
			m, lang = compileExample(t, b[2])
			continue
		}
		for line := range strings.Lines(b[2]) {
			said++
			tryExample(t, m, lang, strings.TrimSpace(line))
		}
	}
	if said < 30 {
		t.Errorf("the page says %d utterances; are its blocks still marked says?", said)
	}
}

func compileExample(t *testing.T, text string) (*Matcher, string) {
	t.Helper()
	f, err := ParseYAML("docs/sentences.md", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	b := NewBuilder()
	for _, s := range f.Sentences("docs") {
		if err := b.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	m, err := b.Build()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return m, f.Lang
}

func tryExample(t *testing.T, m *Matcher, lang, line string) {
	t.Helper()
	text, want, ok := strings.Cut(line, "=>")
	if !ok {
		t.Fatalf("%q: expected utterance => intent slots", line)
	}
	text = strings.TrimSpace(text)
	context := Heard(text)
	if at := strings.Index(text, " {"); at > 0 {
		if err := json.Unmarshal([]byte(text[at:]), &context); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		text = text[:at]
	}
	got := ""
	if found := m.MatchContext(lang, text, context); len(found) > 0 {
		got = found[0].Intent
		for name, v := range found[0].Slots {
			got += fmt.Sprintf(" %s=%v", name, v)
		}
	}
	if a, b := words(got), words(want); !slices.Equal(a, b) {
		t.Errorf("docs/sentences.md: %q gives %v, the page says %v", text, a, b)
	}
}

// words are the parts of a line in any order; quotes hold one together.
func words(s string) []string {
	out := regexp.MustCompile(`\S+="[^"]*"|\S+`).FindAllString(strings.TrimSpace(s), -1)
	for i := range out {
		out[i] = strings.ReplaceAll(out[i], `"`, "")
	}
	all := strings.Fields(strings.Join(out, " "))
	slices.Sort(all)
	return all
}
