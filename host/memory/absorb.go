package memory

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jarvis-host/jarvis/host/memory/analysis"
	"github.com/jarvis-host/jarvis/host/memory/extract"
	"github.com/jarvis-host/jarvis/host/memory/salience"
)

//go:embed prompts/absorb.txt
var absorbPrompt string

// Reader is a language model that answers a prompt with JSON of a schema.
type Reader interface {
	Read(ctx context.Context, system, text string, schema json.RawMessage) (string, error)
}

const (
	absorbBatch     = 20  // messages that a model reads at once
	modelConfidence = 0.7 // of what a model found and the words bear out
	maxObject       = 12  // words
)

// notForModels are what a model may not state: only the person instructs.
var notForModels = []string{"instruction", "said", "called"}

// Absorbed counts what a model's reading brought.
type Absorbed struct {
	Read     int // messages
	Kept     int // facts
	Rejected int // facts that the words do not bear out
}

// Absorb lets a model read what was said since the last time, and keeps the
// facts that it finds only where they are grounded: the message is one of those
// it was given, the quote stands in it, every word of the object stands in the
// quote, and the subject is the owner or someone known. It belongs in idle time;
// each slice is kept before the next is read.
func (m *Memory) Absorb(ctx context.Context, o Owner, model Reader) (Absorbed, error) {
	var out Absorbed
	for {
		n, err := m.absorbSlice(ctx, o, model, &out)
		if err != nil || n == 0 {
			return out, err
		}
	}
}

// absorbSlice reads the next messages, and returns how many there were.
func (m *Memory) absorbSlice(ctx context.Context, o Owner, model Reader, out *Absorbed) (int, error) {
	counts, err := m.store.Counts(ctx, o)
	if err != nil {
		return 0, err
	}
	episodes, err := m.store.Episodes(ctx, o, EpisodeFilter{After: counts.Absorbed, Limit: absorbBatch})
	if err != nil || len(episodes) == 0 {
		return 0, err
	}
	said := slices.DeleteFunc(slices.Clone(episodes), func(e Episode) bool {
		return e.Role != RoleUser || e.Flags&(FlagTool|FlagRecalled|FlagPlugin) != 0
	})
	var proposed []proposal
	if len(said) > 0 {
		answer, err := model.Read(ctx, absorbSystem(), absorbText(said), absorbSchema())
		if err != nil {
			return 0, fmt.Errorf("absorb memories: %w", err)
		}
		// An answer that is not what was asked for teaches nothing, and would not
		// the next time either.
		proposed = readProposals(answer)
	}
	defer m.alone(o)()
	batch := Batch{At: m.now(), Absorbed: episodes[len(episodes)-1].Seq}
	known, err := m.store.Facts(ctx, o, FactFilter{})
	if err != nil {
		return 0, err
	}
	// What was forgotten while the model read teaches nothing.
	if said, err = m.store.Episodes(ctx, o, EpisodeFilter{IDs: idsOf(said)}); err != nil {
		return 0, err
	}
	l := newLedger(known)
	for _, p := range proposed {
		if k, ok := p.ground(said, known); ok {
			l.add(k)
			out.Kept++
		} else {
			out.Rejected++
		}
	}
	batch.Facts = l.changes()
	out.Read += len(said)
	return len(episodes), m.store.Write(ctx, o, batch)
}

func idsOf(episodes []Episode) []string {
	out := make([]string, len(episodes))
	for i := range episodes {
		out[i] = episodes[i].ID
	}
	return out
}

// allowed returns the predicates that a model may use.
func allowed() []string {
	names := slices.Sorted(maps.Keys(extract.Predicates()))
	return slices.DeleteFunc(names, func(n string) bool {
		qualified := strings.Contains(extract.Predicates()[n].EN, "{q}") // a model's list has no place for it
		return qualified || slices.Contains(notForModels, n)
	})
}

func absorbSystem() string {
	var b strings.Builder
	b.WriteString(absorbPrompt)
	for _, name := range allowed() {
		fmt.Fprintf(&b, "%s: %s\n", name, extract.Predicates()[name].EN)
	}
	return b.String()
}

func absorbText(said []Episode) string {
	var b strings.Builder
	for i := range said {
		line, _ := json.Marshal(map[string]string{"message": said[i].ID, "text": said[i].Text}) // strings always encode
		b.Write(append(line, '\n'))
	}
	return b.String()
}

func absorbSchema() json.RawMessage {
	text := map[string]any{"type": "string"}
	schema, _ := json.Marshal(map[string]any{ // made of strings: it always encodes
		"type": "object", "required": []string{"facts"}, "additionalProperties": false,
		"properties": map[string]any{"facts": map[string]any{"type": "array", "items": map[string]any{
			"type": "object", "required": []string{"message", "quote", "subject", "predicate", "object"}, "additionalProperties": false,
			"properties": map[string]any{
				"message": text, "quote": text, "subject": text, "object": text,
				"predicate": map[string]any{"type": "string", "enum": allowed()},
			},
		}}},
	})
	return schema
}

// proposal is a fact that a model thinks it read.
type proposal struct {
	Message   string `json:"message"`
	Quote     string `json:"quote"`
	Subject   string `json:"subject"`
	Predicate string `json:"predicate"`
	Object    string `json:"object"`
}

// readProposals reads an answer; one that is not JSON of the shape asked for
// holds none.
func readProposals(answer string) []proposal {
	var in struct {
		Facts []proposal `json:"facts"`
	}
	d := json.NewDecoder(strings.NewReader(answer))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil || d.More() {
		return nil
	}
	return in.Facts
}

// ground makes a fact of a proposal, if the words bear it out.
func (p *proposal) ground(said []Episode, known []Fact) (Fact, bool) {
	i := slices.IndexFunc(said, func(e Episode) bool { return e.ID == p.Message })
	if i < 0 || !slices.Contains(allowed(), p.Predicate) {
		return Fact{}, false
	}
	e := &said[i]
	start := strings.Index(e.Text, p.Quote)
	if p.Quote == "" || start < 0 || asked(e.Text, start+len(p.Quote)) || !p.knows(e, known) || !p.borneOut(e.Lang) {
		return Fact{}, false
	}
	predicate := extract.Predicates()[p.Predicate]
	k := Fact{
		ID: newID("f"), Kind: Kind(predicate.Kind), Subject: subject(e), Predicate: p.Predicate, Object: p.Object, Lang: e.Lang,
		Confidence: modelConfidence, Origin: OriginModel, Sensitivity: predicate.Sensitivity, From: e.At,
		Importance: predicate.Importance, Arousal: e.Arousal, Valence: e.Valence,
		Sources: []Span{{Episode: e.ID, Start: start, End: start + len(p.Quote), Quote: p.Quote, At: e.At}},
	}
	if p.Subject != Self {
		k.Subject = p.Subject
	}
	k.Text = extract.Say(p.Predicate, p.Object, e.Lang)
	if k.Subject != Self {
		k.Text = p.Quote // a sentence to the person would be wrong
	}
	k.Stability = salience.Stability(k.Importance, k.Arousal)
	k.Terms = factTerms(&k)
	return k, true
}

// asked says whether the sentence that ends after a place in a text is a
// question.
func asked(text string, from int) bool {
	end := strings.IndexAny(text[from:], ".!?\n")
	return end >= 0 && text[from+end] == '?' || strings.HasSuffix(strings.TrimSpace(text[:from]), "?")
}

// knows says whether the subject is the owner, or someone whom the message or
// what is known names.
func (p *proposal) knows(e *Episode, known []Fact) bool {
	if p.Subject == Self || p.Subject == e.Speaker && e.Speaker != "" {
		return true
	}
	if p.Subject == "" {
		return false
	}
	named := func(s string) bool { return strings.Contains(s, p.Subject) }
	return named(p.Quote) || slices.ContainsFunc(known, func(k Fact) bool { return k.Kind == KindPerson && named(k.Object) })
}

// borneOut says whether every word of the object that says something stands in
// the quote.
func (p *proposal) borneOut(lang string) bool {
	object, quote := analysis.Terms(p.Object, lang), analysis.Terms(p.Quote, lang)
	if len(object) == 0 || len(object) > maxObject {
		return false
	}
	return !slices.ContainsFunc(object, func(t string) bool { return !slices.Contains(quote, t) })
}
