package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/embedded"
	"github.com/jarvis-host/jarvis/host/memory/eval"
	"github.com/jarvis-host/jarvis/host/scrub"
)

// The command line finds what package memory finds, question by question, so that
// what `make bench-memory` measures holds for it too: one who speaks French and one
// who speaks English, of our own household.
func TestTheCommandLineFindsAsWellAsIsMeasured(t *testing.T) {
	people, err := eval.Household()
	if err != nil {
		t.Fatal(err)
	}
	store, err := embedded.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	inside, dir := memory.New(memory.Options{Store: store, Scrub: scrub.New().Scrub}), t.TempDir()
	recall, asked := 0., 0
	for _, d := range []eval.Dialogue{people[0], people[3]} {
		owner, err := memory.OwnerOf(d.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := inside.Remember(t.Context(), owner, d.Said...); err != nil {
			t.Fatal(err)
		}
		added := memoryCommand(t, dir, "add", d.Name, d.Said, func(s memory.Said) any {
			return memoryLine{Text: s.Text, ID: s.ID, At: s.At, Role: string(s.Role), Session: s.Session}
		})
		if n := strings.Count(added, "\n"); n != len(d.Said) {
			t.Fatalf("%d of %d were added", n, len(d.Said))
		}
		answers := strings.Split(memoryCommand(t, dir, "search", d.Name, d.Questions, func(q eval.Question) any {
			return memoryQuery{Query: q.Text, Limit: 10, At: q.At}
		}), "\n")
		for i, q := range d.Questions {
			var answer struct{ Results []struct{ ID string } }
			if err := json.Unmarshal([]byte(answers[i]), &answer); err != nil {
				t.Fatal(err)
			}
			found, err := inside.Find(t.Context(), owner, memory.Question{Text: q.Text, Limit: 10, At: q.At})
			if err != nil {
				t.Fatal(err)
			}
			var got, want []string
			for _, r := range answer.Results {
				got = append(got, r.ID)
			}
			for _, r := range found.Results {
				want = append(want, r.ID)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: found %v, want %v", q.Text, got, want)
			}
			if len(q.Evidence) > 0 {
				recall, asked = recall+eval.Recall(got, q.Evidence, 10), asked+1
			}
		}
	}
	if asked < 50 || recall/float64(asked) < .85 {
		t.Errorf("recall among ten is %.3f of %d questions", recall/float64(asked), asked)
	}
}

// memoryCommand gives a command of memory a JSON line for each item, and returns
// what it prints.
func memoryCommand[T any](t *testing.T, dir, name, user string, items []T, line func(T) any) string {
	t.Helper()
	var in, out bytes.Buffer
	for _, item := range items {
		if err := json.NewEncoder(&in).Encode(line(item)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("jarvis", "memory", name, "--jsonl", "--data", dir, "--user", user) //nolint:gosec // our own
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatal(fmt.Errorf("%s: %w\n%s", name, err, &out))
	}
	return out.String()
}
