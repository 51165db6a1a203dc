package dbtest

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

func (c trial) messages() {
	t, s := c.T, c.store
	ctx := t.Context()
	create(t, s, "s1", "s2")
	var want []turn.Message
	for i := range int64(7) {
		e := accepted(i+1, fmt.Sprintf("t%d", i), fmt.Sprintf("c%d", i), fmt.Sprintf("text %d", i))
		e.Message.Foreign = i%2 == 1
		want = append(want, *e.Message)
		must(t, s.Append(ctx, "s1", e))
		must(t, s.Append(ctx, "s2", e))
	}
	var got []turn.Message
	after := ""
	for range 10 {
		page, next, err := s.Messages(ctx, "s1", after, 3)
		must(t, err)
		got = append(got, page...)
		if after = next; next == "" {
			break
		}
	}
	if d := cmp.Diff(want, got, same); d != "" {
		t.Errorf("messages page by page (-want +got):\n%s", d)
	}
	recent, err := s.Recent(ctx, "s1", 2)
	must(t, err)
	if d := cmp.Diff(want[5:], recent, same); d != "" {
		t.Errorf("recent messages (-want +got):\n%s", d)
	}
}

func (c trial) search() {
	t, s := c.T, c.store
	ctx := t.Context()
	create(t, s, "s1", "s2")
	must(t, s.Append(ctx, "s1", accepted(1, "t1", "c1", "Éteins la lumière du salon"), done(2, "t1", "C'est fait")))
	later := accepted(1, "t1", "c1", "eteins tout, ma SŒUR")
	later.Message.At = noon.Add(time.Hour)
	must(t, s.Append(ctx, "s2", later))
	for query, want := range map[string]string{
		"éteins":                             "s2 s1", // newest first
		"eteins":                             "s2 s1",
		"ETEINS":                             "s2 s1",
		"e\u0301teins":                       "s2 s1",
		"salon lumiere":                      "s1",
		"lumiere eteint":                     "",
		"soeur":                              "s2",
		"lum":                                "s1", // the beginning of a word
		"alon":                               "",   // not its end
		"c'est":                              "s1",
		"absent":                             "",
		"l lu lum lumiere lumière":           "s1",
		"la " + strings.Repeat("lum ", 1000): "s1",
		"l a b c d e f g h i j k m n o p q r s lumiere": "", // not one of the first words, but all the same
	} {
		hits, err := s.Search(ctx, "alice", query, 10)
		must(t, err)
		var got []string
		for _, h := range hits {
			got = append(got, h.Session)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("search %q finds %v, want %q", query, got, want)
		}
	}
	hits, err := s.Search(ctx, "alice", "eteins", 1)
	must(t, err)
	want := []session.Hit{{Session: "s2", Title: "title of s2", Message: *later.Message}}
	if d := cmp.Diff(want, hits, same); d != "" {
		t.Errorf("first hit (-want +got):\n%s", d)
	}
}

func (c trial) oddSearch() {
	t, s := c.T, c.store
	ctx := t.Context()
	create(t, s, "s1")
	must(t, s.Append(ctx, "s1", accepted(1, "t1", "c1", `or "and" NEAR not * ^ 100% col:umn`)))
	for _, query := range []string{`"and"`, `or`, `near not`, `*`, `"`, `100%`, `col:umn`, `a OR b`, `NOT x`, ``, `'; DROP TABLE messages; --`, "\x00", "\xff"} {
		if _, err := s.Search(ctx, "alice", query, 10); err != nil {
			t.Errorf("search %q: %v", query, err)
		}
	}
	hits, err := s.Search(ctx, "alice", `NOT "100%"`, 10)
	must(t, err)
	if len(hits) != 1 {
		t.Errorf("words that are operators elsewhere find %v", hits)
	}
}

func (c trial) anyText() {
	t, s := c.T, c.store
	ctx := t.Context()
	create(t, s, "s1")
	texts := []string{"", "a\x00b", "👩‍👩‍👧‍👦", "e\u0301", "\u202eabc", strings.Repeat("𝄞", 4096), "line\nline\r\n", `"'\`}
	for i, text := range texts {
		must(t, s.Append(ctx, "s1", accepted(int64(i)+1, "t", fmt.Sprintf("c%d", i), text)))
	}
	got, _, err := s.Messages(ctx, "s1", "", 100)
	must(t, err)
	for i, m := range got {
		if m.Text != texts[i] {
			t.Errorf("text %d came back as %q, was %q", i, m.Text, texts[i])
		}
	}
}
