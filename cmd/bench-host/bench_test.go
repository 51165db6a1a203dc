package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// relay starts the model and the floor in this process.
func relay(t *testing.T) *process {
	t.Helper()
	m := httptest.NewServer(newModel())
	t.Cleanup(m.Close)
	f := httptest.NewServer(newFloor(m.URL).routes())
	t.Cleanup(f.Close)
	return &process{url: f.URL}
}

func TestAClientHearsWhatItOrdered(t *testing.T) {
	p := relay(t)
	c, err := dial(t.Context(), p, "one")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.c.Close() }()
	for _, o := range []order{{tokens: 1}, {tokens: 50}, {tokens: 9, rate: 1000}, {tokens: 4, tool: status}} {
		a, err := c.ask(o, false)
		if err != nil || a.tokens != o.tokens || a.first == 0 {
			t.Errorf("%v: %+v, %v", o, a, err)
		}
	}
}

func TestAReaderHearsWhatItOrdered(t *testing.T) {
	m := httptest.NewServer(newModel())
	defer m.Close()
	a, err := provider.ask(t.Context(), m.Client(), &process{url: m.URL}, order{tokens: 30})
	if err != nil || a.tokens != 30 || a.first == 0 {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestLossOrderAndDuplicatesAreFound(t *testing.T) {
	for text, good := range map[string]bool{
		"0: 1: 2: ": true,
		"0: 2: ":    false, // lost
		"0: 0: ":    false, // doubled
		"0: 2: 1: ": false, // in disorder
		"1: ":       false, // without its beginning
		"0: x: ":    false,
	} {
		var a answer
		err := a.take([]byte(`{"type":"delta","session":"s","turn":"t","offset":0,"text":"`+text+`"}`), false)
		if (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
	var cut answer // as a host may do where a secret may begin
	for _, text := range []string{"0:1", "2 1", ":12", " ", "2:1 "} {
		if err := cut.take([]byte(`{"type":"delta","session":"s","turn":"t","offset":0,"text":"`+text+`"}`), false); err != nil {
			t.Error(err)
		}
	}
	c := &talker{}
	if _, err := c.other([]byte(`{"type":"done","state":"answered"}`), cut, order{tokens: 3}); err != nil {
		t.Errorf("tokens that came in parts: %v", err)
	}
	short := answer{tokens: 2}
	if _, err := c.other([]byte(`{"type":"done","state":"answered"}`), short, order{tokens: 3}); err == nil {
		t.Error("an answer that is cut passes")
	}
}

func TestGoalsAreNamed(t *testing.T) {
	if err := (settings{only: measured()}).check(); err != nil {
		t.Error(err)
	}
	if err := (settings{only: []string{"F1", "F99"}}).check(); err == nil || !strings.Contains(err.Error(), `"F99"`) {
		t.Errorf("an unknown goal: %v", err)
	}
}

// The page of figures tells of every goal, and its commands are there.
func TestTheDocumentIsTrue(t *testing.T) {
	page, err := os.ReadFile("../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range measured() {
		if !regexp.MustCompile(`\b` + id + `\b`).Match(page) {
			t.Errorf("docs/performance.md does not tell of %s", id)
		}
	}
	targets := regexp.MustCompile(`(?m)^make ([a-z-]+)([^#\n]*)`).FindAllStringSubmatch(string(page), -1)
	if len(targets) == 0 {
		t.Fatal("docs/performance.md has no commands")
	}
	for _, m := range targets {
		if !strings.Contains(string(makefile), "\n"+m[1]+":") {
			t.Errorf("make %s: there is no such target", m[1])
		}
		for setting := range strings.FieldsSeq(m[2]) {
			name, value, _ := strings.Cut(setting, "=")
			if !known(string(makefile), name) {
				t.Errorf("make %s %s: nothing reads it", m[1], setting)
			}
			if name == "BENCH_ONLY" {
				for id := range strings.SplitSeq(value, ",") {
					if !slices.Contains(measured(), id) {
						t.Errorf("make %s %s: nothing measures %s", m[1], setting, id)
					}
				}
			}
		}
	}
}

// known says whether make, or a soak, reads a variable.
func known(makefile, name string) bool {
	soak, err := os.ReadFile("../jarvis/soak_test.go")
	return strings.Contains(makefile, "\n"+name+" ") || err == nil && strings.Contains(string(soak), fmt.Sprintf("%q", name))
}
