package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host"
	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/sdk/intent"
)

// said is one line of a corpus.
type said struct {
	line  int
	tool  string // empty: nothing may fire
	slots map[string]string
	text  string
}

func corpus(t *testing.T, lang string) (all []said) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "corpus", lang+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(raw)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		head, text, ok := strings.Cut(line, ": ")
		if !ok {
			t.Fatalf("%s.txt:%d: expected \"tool: utterance\"", lang, n)
		}
		s := said{line: n, slots: map[string]string{}, text: text}
		if head != "-" {
			name, rest, _ := strings.Cut(head, " ")
			s.tool = name
			for rest != "" {
				at := strings.LastIndex(rest, "=")
				start := strings.LastIndex(rest[:at], " ") + 1
				s.slots[rest[start:at]] = rest[at+1:]
				rest = strings.TrimSpace(rest[:start])
			}
		}
		all = append(all, s)
	}
	return all
}

// ownSentences compiles what the built-in tools and the project's plugins
// understand, from the real programs.
func ownSentences(t *testing.T) *intent.Matcher {
	t.Helper()
	program, err := exec.LookPath("jarvis")
	if err != nil {
		t.Fatal(err)
	}
	cfg := config.Default()
	manifests, err := host.Manifests(context.Background(), &cfg, host.Options{Version: "0.0.0", Program: program})
	if err != nil {
		t.Fatal(err)
	}
	c, err := host.Sentences(manifests)
	if err != nil {
		t.Fatal(err)
	}
	return c.Matcher()
}

// E16 E18 E19 V04: what people say calls what they mean, small talk calls
// nothing, misheard words and missing accents are forgiven.
func TestTheCorpusOfUtterancesIsUnderstood(t *testing.T) {
	m := ownSentences(t)
	for _, lang := range []string{"fr", "en"} {
		all := corpus(t, lang)
		idle := 0
		for _, s := range all {
			if s.tool == "" {
				idle++
			}
			if problem := s.check(m.Match(lang, s.text)); problem != "" {
				t.Errorf("%s.txt:%d: %q %s", lang, s.line, s.text, problem)
			}
		}
		if len(all) < 400 || idle < 220 {
			t.Errorf("%s: %d utterances, %d of them small talk; a corpus this small proves little", lang, len(all), idle)
		}
	}
}

func (s said) check(found []intent.Match) string {
	switch {
	case s.tool == "" && len(found) == 0:
		return ""
	case s.tool == "":
		return fmt.Sprintf("fires %s.%s by %q %v", found[0].Source, found[0].Intent, found[0].Template, found[0].Slots)
	case len(found) == 0:
		return "calls nothing, want " + s.tool
	}
	if got := found[0].Source + "." + found[0].Intent; got != s.tool {
		return fmt.Sprintf("calls %s by %q, want %s", got, found[0].Template, s.tool)
	}
	got := map[string]string{}
	for k, v := range found[0].Slots {
		got[k] = fmt.Sprint(v)
	}
	if fmt.Sprint(got) != fmt.Sprint(s.slots) {
		return fmt.Sprintf("yields %v, want %v", got, s.slots)
	}
	return ""
}
