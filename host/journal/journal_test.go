package journal

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// direct writes at once.
type direct struct{ *File }

func (d direct) Close(<-chan struct{}) error { return d.File.Close() }

func open(t *testing.T, dir string) *Journal {
	t.Helper()
	j, err := Open(Options{
		Dir: dir, Clean: func(s string) string { return strings.ReplaceAll(s, "hunter2", "***") },
		Open: func(f *File) Writer { return direct{f} },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close(nil) })
	return j
}

func told(t *testing.T, records []json.RawMessage) (out []string) {
	t.Helper()
	for _, r := range records {
		var l Line
		if err := json.Unmarshal(r, &l); err != nil {
			t.Fatalf("%s: %v", r, err)
		}
		out = append(out, fmt.Sprint(l.N, " ", l.Message))
	}
	return out
}

func TestLinesAreKeptAcrossRuns(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	j.Add("dice", Line{Level: "info", Message: "one"})
	j.Add("coin", Line{Level: "info", Message: "another's"})
	j.Add("dice", Line{Level: "warn", Message: "the password is hunter2", Fields: map[string]any{"key": "hunter2"}})
	if err := j.Close(nil); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "dice.jsonl")
	raw, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(raw), "hunter2") {
		t.Fatalf("file: %s, %v", raw, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the file is %v, %v", info.Mode(), err)
	}
	// The machine was lost in the middle of a line.
	if err := os.WriteFile(file, append(raw, `{"n":3,"mess`...), 0o600); err != nil {
		t.Fatal(err)
	}
	j = open(t, dir)
	j.Add("dice", Line{Message: "after"})
	_ = j.Close(nil)
	j = open(t, dir)
	want := "[1 one 2 the password is *** 3 after]"
	if got := fmt.Sprint(told(t, j.Last("dice", 10))); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := fmt.Sprint(told(t, j.After("dice", 1, 1))); got != "[2 the password is ***]" {
		t.Errorf("after the first: %s", got)
	}
	if got := told(t, j.Last("dice", 1)); len(got) != 1 || got[0] != "3 after" {
		t.Errorf("the last: %s", got)
	}
	if got := j.After("dice", 99, 10); len(got) != 3 {
		t.Errorf("after a line that is not there: %s", got)
	}
	if got := j.Last("nobody", 10); len(got) != 0 {
		t.Errorf("of nobody: %s", got)
	}
}

func TestAJournalIsBounded(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	long := strings.Repeat("x", 64<<10)
	for range 40 { // 2.5 MiB
		j.Add("loud", Line{Message: long})
	}
	for range keptLines + 5 {
		j.Add("often", Line{Message: "x"})
	}
	if got := j.Last("loud", 1000); len(got) != 15 {
		t.Errorf("%d long lines are kept", len(got))
	}
	if got := j.Last("often", 2*keptLines); len(got) != keptLines {
		t.Errorf("%d lines are kept", len(got))
	}
	for _, name := range []string{"loud.jsonl", "loud.jsonl.1"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() > keptBytes {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	// Reading begins with the older file.
	if got := told(t, open(t, dir).Last("loud", 1000)); len(got) != 15 || !strings.HasPrefix(got[14], "40 ") {
		t.Errorf("%d lines after the next start", len(got))
	}
}

func TestALineThatCanNotBeWrittenIsToldOf(t *testing.T) {
	j := open(t, t.TempDir())
	j.Add("odd", Line{Message: "here", Fields: map[string]any{"f": func() {}}})
	if got := told(t, j.Last("odd", 1)); !strings.Contains(got[0], "1 here (its fields can't be shown") {
		t.Errorf("got %s", got)
	}
}

func TestManyWriteAtOnce(t *testing.T) {
	j := open(t, t.TempDir())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				j.Add("dice", Line{Message: "x"})
				j.After("dice", 10, 5)
			}
		})
	}
	all.Wait()
	if got := told(t, j.Last("dice", 1)); got[0] != "400 x" {
		t.Errorf("the last is %s", got)
	}
}
