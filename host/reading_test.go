package host

import (
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/llm/llmtest"
	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/embedded"
)

func TestAModelReadsForMemoryAndItsInventionsAreLeftOut(t *testing.T) {
	store, err := embedded.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	m := memory.New(memory.Options{Store: store, Now: time.Now})
	o, err := memory.OwnerOf("u_anna")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Remember(t.Context(), o, memory.Said{ID: "e1", Text: "Since the move my flat in Nantes feels smaller."}); err != nil {
		t.Fatal(err)
	}
	server := llmtest.New(t, llmtest.Rule{Reply: `{"facts":[` +
		`{"message":"e1","quote":"my flat in Nantes","subject":"self","predicate":"lives_in","object":"Nantes"},` +
		`{"message":"e1","quote":"my flat in Nantes","subject":"self","predicate":"works_for","object":"Airbus"}]}`})
	r := reader{modelOf(t, `  ollama: {url: "`+server.URL()+`", model: toy}`), o.User()}
	got, err := m.Absorb(t.Context(), o, r)
	if err != nil || got != (memory.Absorbed{Read: 1, Kept: 1, Rejected: 1}) {
		t.Errorf("%+v %v", got, err)
	}
	facts, err := m.Facts(t.Context(), o, memory.FactFilter{})
	if err != nil || len(facts) != 1 || facts[0].Text != "you live in Nantes" || facts[0].Origin != memory.OriginModel {
		t.Errorf("%+v %v", facts, err)
	}
}
