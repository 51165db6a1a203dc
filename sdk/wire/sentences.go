package wire

import (
	"encoding/json"
	"fmt"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/intent"
	"github.com/jarvis-host/jarvis/sdk/wire/pluginpb"
)

func fromSentences(s sdk.Sentences) (*pluginpb.Sentences, error) {
	pb := &pluginpb.Sentences{Lang: clean(s.Lang), Patterns: cleanAll(s.Patterns), Rules: cleanMap(s.Rules)}
	var err error
	if pb.Examples, err = each(s.Examples, fromExample); err != nil {
		return nil, fmt.Errorf("sentences: examples: %w", err)
	}
	if pb.Lists, err = fromLists(s.Lists); err != nil {
		return nil, fmt.Errorf("sentences: %w", err)
	}
	for field, into := range map[string]struct {
		from map[string]any
		to   *[]byte
	}{"slots": {s.Slots, &pb.Slots}, "requires": {s.Requires, &pb.Requires}, "excludes": {s.Excludes, &pb.Excludes}} {
		if *into.to, err = fromAny(into.from, into.from == nil); err != nil {
			return nil, fmt.Errorf("sentences: %s: %w", field, err)
		}
	}
	return pb, nil
}

func toSentences(pb *pluginpb.Sentences) (sdk.Sentences, error) {
	s := sdk.Sentences{Lang: pb.GetLang(), Patterns: pb.GetPatterns(), Rules: pb.GetRules()}
	var err error
	if s.Examples, err = each(pb.GetExamples(), toExample); err != nil {
		return s, err
	}
	if s.Lists, err = toLists(pb.GetLists()); err != nil {
		return s, err
	}
	if s.Slots, err = toObject("slots", pb.GetSlots()); err != nil {
		return s, err
	}
	if s.Requires, err = toObject("requires", pb.GetRequires()); err != nil {
		return s, err
	}
	s.Excludes, err = toObject("excludes", pb.GetExcludes())
	return s, err
}

func fromExample(e sdk.Example) (*pluginpb.Example, error) {
	args, err := fromAny(e.Args, e.Args == nil)
	return &pluginpb.Example{Text: clean(e.Text), Args: args}, err
}

func toExample(e *pluginpb.Example) (sdk.Example, error) {
	args, err := toObject("args", e.GetArgs())
	return sdk.Example{Text: e.GetText(), Args: args}, err
}

func fromVocabulary(v sdk.Vocabulary) (*pluginpb.Vocabulary, error) {
	lists, err := fromLists(v.Lists)
	return &pluginpb.Vocabulary{Lang: clean(v.Lang), Rules: cleanMap(v.Rules), Lists: lists}, err
}

func toVocabulary(v *pluginpb.Vocabulary) (sdk.Vocabulary, error) {
	lists, err := toLists(v.GetLists())
	return sdk.Vocabulary{Lang: v.GetLang(), Rules: v.GetRules(), Lists: lists}, err
}

func fromLists(lists map[string]intent.List) (map[string]*pluginpb.WordList, error) {
	var all map[string]*pluginpb.WordList
	for name, l := range lists {
		pb, err := fromList(l)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", name, err)
		}
		if all == nil {
			all = map[string]*pluginpb.WordList{}
		}
		all[clean(name)] = pb
	}
	return all, nil
}

func toLists(lists map[string]*pluginpb.WordList) (map[string]intent.List, error) {
	var all map[string]intent.List
	for name, pb := range lists {
		l, err := toList(pb)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", name, err)
		}
		if all == nil {
			all = map[string]intent.List{}
		}
		all[name] = l
	}
	return all, nil
}

func fromList(l intent.List) (*pluginpb.WordList, error) {
	switch {
	case l.Range != nil:
		return &pluginpb.WordList{Kind: &pluginpb.WordList_Range{Range: fromRange(l.Range)}}, nil
	case l.Wildcard:
		return &pluginpb.WordList{Kind: &pluginpb.WordList_Wildcard{Wildcard: true}}, nil
	}
	values, err := each(l.Values, fromValue)
	return &pluginpb.WordList{Kind: &pluginpb.WordList_Values{Values: &pluginpb.WordValues{Values: values}}}, err
}

func toList(l *pluginpb.WordList) (intent.List, error) {
	switch kind := l.GetKind().(type) {
	case *pluginpb.WordList_Range:
		return intent.List{Range: toRange(kind.Range)}, nil
	case *pluginpb.WordList_Wildcard:
		return intent.List{Wildcard: true}, nil
	}
	values, err := each(l.GetValues().GetValues(), toValue)
	if values == nil { // a list whose values come later, not one of no kind
		values = []intent.Value{}
	}
	return intent.List{Values: values}, err
}

func fromValue(v intent.Value) (*pluginpb.WordValue, error) {
	out, err := fromAny(v.Out, v.Out == nil)
	if err != nil {
		return nil, err
	}
	context, err := fromAny(v.Context, v.Context == nil)
	if err != nil {
		return nil, err
	}
	metadata, err := fromAny(v.Metadata, v.Metadata == nil)
	return &pluginpb.WordValue{In: clean(v.In), Out: out, Context: context, Metadata: metadata}, err
}

func toValue(v *pluginpb.WordValue) (intent.Value, error) {
	out := intent.Value{In: v.GetIn()}
	if raw := v.GetOut(); len(raw) > 0 {
		if err := json.Unmarshal(raw, &out.Out); err != nil {
			return out, fmt.Errorf("value %q: out: %w", out.In, err)
		}
	}
	var err error
	if out.Context, err = toObject("context", v.GetContext()); err != nil {
		return out, fmt.Errorf("value %q: %w", out.In, err)
	}
	if out.Metadata, err = toObject("metadata", v.GetMetadata()); err != nil {
		return out, fmt.Errorf("value %q: %w", out.In, err)
	}
	return out, nil
}

func fromRange(r *intent.Range) *pluginpb.NumberRange {
	return &pluginpb.NumberRange{
		From: int64(r.From), To: int64(r.To), Step: int64(r.Step), Kind: clean(r.Kind), Fractions: clean(r.Fractions),
		Multiplier: r.Multiplier, NoDigits: r.NoDigits, NoWords: r.NoWords, WordsLang: clean(r.WordsLang),
	}
}

func toRange(r *pluginpb.NumberRange) *intent.Range {
	return &intent.Range{
		From: int(r.GetFrom()), To: int(r.GetTo()), Step: int(r.GetStep()), Kind: r.GetKind(), Fractions: r.GetFractions(),
		Multiplier: r.GetMultiplier(), NoDigits: r.GetNoDigits(), NoWords: r.GetNoWords(), WordsLang: r.GetWordsLang(),
	}
}
