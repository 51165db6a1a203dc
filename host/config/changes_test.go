package config

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func snapshotOf(t *testing.T, text string) *Snapshot {
	t.Helper()
	file := filepath.Join(t.TempDir(), "jarvis.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Load(Options{File: file, Env: []string{"OLD=sk-old-secret", "NEW=sk-new-secret"}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// O07: what a new configuration changes is told by key, secrets masked.
func TestChangesAreToldByKey(t *testing.T) {
	before := snapshotOf(t, "limits: {chat_per_minute: 30}\nllm: {providers: {far: {kind: openai, url: https://a.example, key: env:OLD}}}\nhome: {people: [Ada]}\n")
	after := snapshotOf(t, "limits: {chat_per_minute: 60}\nllm: {providers: {far: {kind: openai, url: https://a.example, key: env:NEW}}}\nhome: {people: [Ada, Ben], place: Lyon}\n")
	var got []string
	for _, c := range before.Changes(after) {
		got = append(got, c.String())
	}
	want := []string{
		"home.people: [Ada] -> [Ada, Ben]",
		`home.place: "" -> Lyon`,
		"limits.chat_per_minute: 30 -> 60",
		"llm.providers.far.key: '[secret]' -> '[secret]'",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if same := before.Changes(before); len(same) > 0 {
		t.Errorf("nothing changed, told of %v", same)
	}
	live, rest := Split(before.Changes(after), "home", "limits.chat")
	if len(live) != 2 || len(rest) != 2 {
		t.Errorf("split into %v and %v", live, rest)
	}
}

// disk is a file as it is looked at, time after time.
type disk struct{ states []mark }

func (d *disk) look() (os.FileInfo, error) {
	m := d.states[0]
	if len(d.states) > 1 {
		d.states = d.states[1:]
	}
	if !m.there {
		return nil, errors.New("not there")
	}
	return info{m}, nil
}

type info struct{ m mark }

func (i info) Name() string       { return "jarvis.yaml" }
func (i info) Size() int64        { return i.m.size }
func (i info) Mode() os.FileMode  { return 0 }
func (i info) ModTime() time.Time { return i.m.at }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return nil }

func TestAFileThatStandsStillAfterAChangeIsReadAgain(t *testing.T) {
	at := func(size int64) mark { return mark{there: true, size: size, at: time.Unix(size, 0)} }
	gone := mark{}
	d := &disk{[]mark{
		at(1), at(1), // as it was
		at(2), at(3), at(4), at(4), // written piece by piece: told once
		at(4), at(5), at(4), at(4), // written, and put back
		gone, gone, // removed: told
		gone, at(4), at(4), // made: told
	}}
	ticks := len(d.states) - 1
	tick := make(chan time.Time)
	ctx, cancel := context.WithCancel(t.Context())
	told, ended := 0, make(chan struct{})
	go func() {
		defer close(ended)
		look := func() marks { return marks{"jarvis.yaml": see(d.look())} }
		watch(ctx, tick, look(), look, func() { told++ })
	}()
	for range ticks {
		tick <- time.Time{}
	}
	cancel()
	<-ended
	if told != 3 {
		t.Errorf("told of %d changes, want 3", told)
	}
}
