package sdk

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/jarvis-host/jarvis/sdk/intent"
)

// Grammar returns the sentences of a manifest in the form that package intent
// compiles: the source is the plugin's id, the intent the tool's name. Hosts
// and the test kit use this one function, so that what matches in a test
// matches in a host.
//
// A slot that the plugin's vocabulary does not declare comes from the tool's
// arguments: a string is a wildcard, an enum a list, an integer with minimum
// and maximum a range.
func Grammar(m *Manifest) ([]intent.Sentence, error) {
	var all []intent.Sentence
	for _, t := range m.Tools {
		derived, err := listsOf(t.InputSchema)
		if err != nil {
			return nil, fmt.Errorf("tool %s: %w", t.Name, err)
		}
		for _, s := range t.Sentences {
			rules, lists := map[string]string{}, maps.Clone(derived)
			for _, v := range m.Vocabulary {
				if v.Lang == s.Lang {
					maps.Copy(rules, v.Rules)
					maps.Copy(lists, v.Lists)
				}
			}
			maps.Copy(rules, s.Rules)
			maps.Copy(lists, s.Lists)
			for _, pattern := range s.Patterns {
				all = append(all, intent.Sentence{
					Source: m.ID, Intent: t.Name, Lang: s.Lang, Template: pattern,
					Slots: s.Slots, Lists: lists, Rules: rules, Requires: s.Requires, Excludes: s.Excludes,
				})
			}
		}
	}
	return all, nil
}

// Matcher compiles the sentences of manifests, the first one's winning a tie.
func Matcher(manifests ...*Manifest) (*intent.Matcher, error) {
	b := intent.NewBuilder()
	for _, m := range manifests {
		sentences, err := Grammar(m)
		if err != nil {
			return nil, err
		}
		for _, s := range sentences {
			if err := b.Add(s); err != nil {
				return nil, err
			}
		}
	}
	return b.Build()
}

// maxSpoken is the largest number that sentences understand.
const maxSpoken = 999_999

// listsOf derives a list from each argument that allows it.
func listsOf(raw json.RawMessage) (map[string]intent.List, error) {
	lists := map[string]intent.List{}
	if len(raw) == 0 {
		return lists, nil
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("read input schema: %w", err)
	}
	for name, p := range s.Properties {
		if p != nil {
			lists[name] = listOf(p)
		}
	}
	return lists, nil
}

func listOf(p *jsonschema.Schema) intent.List {
	switch {
	case len(p.Enum) > 0:
		var l intent.List
		for _, v := range p.Enum {
			l.Values = append(l.Values, intent.Value{In: intent.Escape(fmt.Sprint(v)), Out: v})
		}
		return l
	case p.Type == "integer" && p.Minimum != nil && p.Maximum != nil:
		from, to := max(*p.Minimum, -maxSpoken), min(*p.Maximum, maxSpoken)
		return intent.List{Range: &intent.Range{From: int(math.Ceil(from)), To: int(math.Floor(to)), Step: 1}}
	case p.Type == "integer":
		return intent.List{Unusable: "a number in a sentence needs a smallest and a largest value; give the argument min and max"}
	case p.Type == "string":
		return intent.List{Wildcard: true}
	case p.Type == "number":
		return intent.List{Unusable: "a number in a sentence is a whole one; make the argument an integer with min and max"}
	}
	return intent.List{Unusable: fmt.Sprintf("an argument that is %s can't be said; give it a list in the vocabulary, or leave it to SayWith", article(p.Type))}
}
