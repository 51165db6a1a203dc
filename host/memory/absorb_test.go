package memory_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/memory"
)

// scripted is a model that answers with what a function makes of the messages.
type scripted struct {
	answer func(ids []string) string
	err    error
	asked  int
}

func (s *scripted) Read(_ context.Context, system, text string, schema json.RawMessage) (string, error) {
	s.asked++
	if !strings.Contains(system, "lives_in") || !json.Valid(schema) {
		return "", errors.New("no prompt")
	}
	var ids []string
	for line := range strings.Lines(text) {
		var m struct{ Message string }
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			return "", err
		}
		ids = append(ids, m.Message)
	}
	return s.answer(ids), s.err
}

func proposed(message, quote, subject, predicate, object string) string {
	b, _ := json.Marshal(map[string]any{"facts": []map[string]string{
		{"message": message, "quote": quote, "subject": subject, "predicate": predicate, "object": object},
	}})
	return string(b)
}

func TestAModelsFactsAreKeptOnlyWhereTheWordsBearThemOut(t *testing.T) {
	const text = "After the move my place in Nantes is smaller. Would Marie like Brest?"
	for name, c := range map[string]struct {
		answer func(id string) string
		kept   int
	}{
		"grounded":          {func(id string) string { return proposed(id, "my place in Nantes", "self", "lives_in", "Nantes") }, 1},
		"invented object":   {func(id string) string { return proposed(id, "my place in Nantes", "self", "lives_in", "Paris") }, 0},
		"invented quote":    {func(id string) string { return proposed(id, "I live in Paris", "self", "lives_in", "Paris") }, 0},
		"another message":   {func(string) string { return proposed("e_other", "my place in Nantes", "self", "lives_in", "Nantes") }, 0},
		"unknown subject":   {func(id string) string { return proposed(id, "my place in Nantes", "Zoe", "lives_in", "Nantes") }, 0},
		"unknown predicate": {func(id string) string { return proposed(id, "my place in Nantes", "self", "owns", "Nantes") }, 0},
		"an instruction":    {func(id string) string { return proposed(id, "my place in Nantes", "self", "instruction", "Nantes") }, 0},
		"a question":        {func(id string) string { return proposed(id, "Would Marie like Brest", "Marie", "likes", "Brest") }, 0},
		"empty object":      {func(id string) string { return proposed(id, "my place in Nantes", "self", "lives_in", "the") }, 0},
		"broken JSON":       {func(id string) string { return proposed(id, "my place in Nantes", "self", "lives_in", "Nantes")[:40] }, 0},
		"two objects": {func(id string) string {
			return `{"facts":[]}` + proposed(id, "my place in Nantes", "self", "lives_in", "Nantes")
		}, 0},
		"echoes the prompt":    {func(string) string { return "You read messages that one person wrote" }, 0},
		"members not asked of": {func(string) string { return `{"facts":[],"note":"x"}` }, 0},
	} {
		b := newBench(t, memory.Limits{})
		b.say(text)
		model := &scripted{answer: func(ids []string) string { return c.answer(ids[0]) }}
		got, err := b.Absorb(t.Context(), b.o, model)
		if err != nil || got.Kept != c.kept || got.Read != 1 {
			t.Errorf("%s: %+v %v", name, got, err)
		}
		facts, err := b.Facts(t.Context(), b.o, memory.FactFilter{})
		if err != nil || len(facts) != c.kept {
			t.Errorf("%s: kept %+v %v", name, facts, err)
		}
		for _, k := range facts {
			if k.Origin != memory.OriginModel || len(k.Sources) != 1 || text[k.Sources[0].Start:k.Sources[0].End] != k.Sources[0].Quote {
				t.Errorf("%s: %+v", name, k)
			}
		}
		if _, err := b.Absorb(t.Context(), b.o, model); err != nil || model.asked != 1 {
			t.Errorf("%s: the same message was read again, %v", name, err)
		}
	}
}

func TestAModelReadsInSlicesAndOnlyWhatThePersonSaid(t *testing.T) {
	b := newBench(t, memory.Limits{})
	var texts []string
	for i := range 45 {
		texts = append(texts, fmt.Sprint("message ", i))
	}
	b.say(texts...)
	if _, err := b.Remember(t.Context(), b.o, memory.Said{Text: "an answer", Role: memory.RoleAssistant}); err != nil {
		t.Fatal(err)
	}
	down := &scripted{answer: func([]string) string { return "" }, err: errors.New("down")}
	if _, err := b.Absorb(t.Context(), b.o, down); err == nil {
		t.Error("a model that fails is not said to")
	}
	model := &scripted{answer: func([]string) string { return `{"facts":[]}` }}
	got, err := b.Absorb(t.Context(), b.o, model)
	if err != nil || got.Read != 45 || model.asked != 3 {
		t.Errorf("%+v, asked %d times, %v", got, model.asked, err)
	}
}
