package wire

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/intent"
	"github.com/jarvis-host/jarvis/sdk/wire/pluginpb"
)

func fromManifest(m *sdk.Manifest) (*pluginpb.Manifest, error) {
	tools, err := each(m.Tools, fromTool)
	if err != nil {
		return nil, err
	}
	vocabulary, err := each(m.Vocabulary, fromVocabulary)
	if err != nil {
		return nil, err
	}
	return &pluginpb.Manifest{
		Id: clean(m.ID), Version: clean(m.Version), Description: clean(m.Description), Sdk: clean(m.SDK),
		Languages: cleanAll(m.Languages), MinHost: clean(m.MinHost), Features: cleanAll(m.Features),
		Tools: tools, Vocabulary: vocabulary, Needs: fromNeeds(m.Needs), ConfigSchema: m.ConfigSchema,
	}, nil
}

func toManifest(m *pluginpb.Manifest) (*sdk.Manifest, error) {
	if m == nil {
		return nil, fmt.Errorf("plugin sent none")
	}
	tools, err := each(m.GetTools(), toTool)
	if err != nil {
		return nil, err
	}
	vocabulary, err := each(m.GetVocabulary(), toVocabulary)
	if err != nil {
		return nil, err
	}
	config, err := toJSON("config_schema", m.GetConfigSchema())
	if err != nil {
		return nil, err
	}
	return &sdk.Manifest{
		ID: m.GetId(), Version: m.GetVersion(), Description: m.GetDescription(), SDK: m.GetSdk(),
		Languages: m.GetLanguages(), MinHost: m.GetMinHost(), Features: m.GetFeatures(),
		Tools: tools, Vocabulary: vocabulary, Needs: toNeeds(m.GetNeeds()), ConfigSchema: config,
	}, nil
}

func fromTool(t sdk.ToolSpec) (*pluginpb.ToolSpec, error) {
	sentences, err := each(t.Sentences, fromSentences)
	if err != nil {
		return nil, fmt.Errorf("tool %s: %w", t.Name, err)
	}
	return &pluginpb.ToolSpec{
		Name: clean(t.Name), Description: clean(t.Description),
		InputSchema: t.InputSchema, OutputSchema: t.OutputSchema,
		Effect: fromEffect(t.Effect), Idempotent: t.Idempotent, OpenWorld: t.OpenWorld,
		Confirm: fromConfirm(t.Confirm), Sentences: sentences, Timeout: fromDuration(t.Timeout),
		Stateful: t.Stateful, MaxParallel: int32of(t.MaxParallel),
	}, nil
}

func toTool(t *pluginpb.ToolSpec) (sdk.ToolSpec, error) {
	sentences, err := each(t.GetSentences(), toSentences)
	if err != nil {
		return sdk.ToolSpec{}, fmt.Errorf("tool %s: %w", t.GetName(), err)
	}
	input, err := toJSON("input_schema", t.GetInputSchema())
	if err != nil {
		return sdk.ToolSpec{}, fmt.Errorf("tool %s: %w", t.GetName(), err)
	}
	output, err := toJSON("output_schema", t.GetOutputSchema())
	if err != nil {
		return sdk.ToolSpec{}, fmt.Errorf("tool %s: %w", t.GetName(), err)
	}
	return sdk.ToolSpec{
		Name: t.GetName(), Description: t.GetDescription(), InputSchema: input, OutputSchema: output,
		Effect: toEffect(t.GetEffect()), Idempotent: t.GetIdempotent(), OpenWorld: t.GetOpenWorld(),
		Confirm: toConfirm(t.GetConfirm()), Sentences: sentences, Timeout: t.GetTimeout().AsDuration(),
		Stateful: t.GetStateful(), MaxParallel: int(t.GetMaxParallel()),
	}, nil
}

func fromEffect(e sdk.Effect) pluginpb.Effect {
	switch e {
	case sdk.EffectReadOnly:
		return pluginpb.Effect_EFFECT_READ_ONLY
	case sdk.EffectAdditive:
		return pluginpb.Effect_EFFECT_ADDITIVE
	case sdk.EffectDestructive:
		return pluginpb.Effect_EFFECT_DESTRUCTIVE
	case sdk.EffectUnspecified:
	}
	return pluginpb.Effect_EFFECT_UNSPECIFIED
}

// toEffect takes what it does not know for the worst.
func toEffect(e pluginpb.Effect) sdk.Effect {
	switch e {
	case pluginpb.Effect_EFFECT_UNSPECIFIED:
		return sdk.EffectUnspecified
	case pluginpb.Effect_EFFECT_READ_ONLY:
		return sdk.EffectReadOnly
	case pluginpb.Effect_EFFECT_ADDITIVE:
		return sdk.EffectAdditive
	case pluginpb.Effect_EFFECT_DESTRUCTIVE:
	}
	return sdk.EffectDestructive
}

func fromConfirm(c sdk.Confirm) *pluginpb.Confirm {
	pb := &pluginpb.Confirm{Text: cleanMap(c.Text)}
	switch c.When {
	case sdk.ConfirmNever:
		pb.When = pluginpb.ConfirmWhen_CONFIRM_WHEN_NEVER
	case sdk.ConfirmWhenModel:
		pb.When = pluginpb.ConfirmWhen_CONFIRM_WHEN_MODEL
	case sdk.ConfirmAlways:
		pb.When = pluginpb.ConfirmWhen_CONFIRM_WHEN_ALWAYS
	}
	return pb
}

// toConfirm asks always when it does not know who has to be asked.
func toConfirm(c *pluginpb.Confirm) sdk.Confirm {
	out := sdk.Confirm{When: sdk.ConfirmAlways, Text: c.GetText()}
	switch c.GetWhen() {
	case pluginpb.ConfirmWhen_CONFIRM_WHEN_UNSPECIFIED, pluginpb.ConfirmWhen_CONFIRM_WHEN_NEVER:
		out.When = sdk.ConfirmNever
	case pluginpb.ConfirmWhen_CONFIRM_WHEN_MODEL:
		out.When = sdk.ConfirmWhenModel
	case pluginpb.ConfirmWhen_CONFIRM_WHEN_ALWAYS:
	}
	return out
}

func fromSentences(s sdk.Sentences) (*pluginpb.Sentences, error) {
	slots, err := fromAny(s.Slots, s.Slots == nil)
	if err != nil {
		return nil, fmt.Errorf("sentences: slots: %w", err)
	}
	examples, err := each(s.Examples, func(e sdk.Example) (*pluginpb.Example, error) {
		args, err := fromAny(e.Args, e.Args == nil)
		return &pluginpb.Example{Text: clean(e.Text), Args: args}, err
	})
	if err != nil {
		return nil, fmt.Errorf("sentences: examples: %w", err)
	}
	return &pluginpb.Sentences{Lang: clean(s.Lang), Patterns: cleanAll(s.Patterns), Slots: slots, Examples: examples}, nil
}

func toSentences(s *pluginpb.Sentences) (sdk.Sentences, error) {
	slots, err := toObject("slots", s.GetSlots())
	if err != nil {
		return sdk.Sentences{}, err
	}
	examples, err := each(s.GetExamples(), func(e *pluginpb.Example) (sdk.Example, error) {
		args, err := toObject("args", e.GetArgs())
		return sdk.Example{Text: e.GetText(), Args: args}, err
	})
	if err != nil {
		return sdk.Sentences{}, err
	}
	return sdk.Sentences{Lang: s.GetLang(), Patterns: s.GetPatterns(), Slots: slots, Examples: examples}, nil
}

func fromVocabulary(v sdk.Vocabulary) (*pluginpb.Vocabulary, error) {
	pb := &pluginpb.Vocabulary{Lang: clean(v.Lang), Rules: cleanMap(v.Rules)}
	for _, name := range slices.Sorted(maps.Keys(v.Lists)) {
		l, err := fromList(v.Lists[name])
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", name, err)
		}
		if pb.Lists == nil {
			pb.Lists = map[string]*pluginpb.WordList{}
		}
		pb.Lists[clean(name)] = l
	}
	return pb, nil
}

func toVocabulary(v *pluginpb.Vocabulary) (sdk.Vocabulary, error) {
	out := sdk.Vocabulary{Lang: v.GetLang(), Rules: v.GetRules()}
	for name, pb := range v.GetLists() {
		l, err := toList(pb)
		if err != nil {
			return sdk.Vocabulary{}, fmt.Errorf("list %s: %w", name, err)
		}
		if out.Lists == nil {
			out.Lists = map[string]intent.List{}
		}
		out.Lists[name] = l
	}
	return out, nil
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

func fromNeeds(needs []sdk.Need) []*pluginpb.Need {
	var all []*pluginpb.Need
	for _, n := range needs {
		all = append(all, &pluginpb.Need{Kind: clean(n.Kind), Scope: clean(n.Scope), Reason: clean(n.Reason)})
	}
	return all
}

func toNeeds(needs []*pluginpb.Need) []sdk.Need {
	var all []sdk.Need
	for _, n := range needs {
		all = append(all, sdk.Need{Kind: n.GetKind(), Scope: n.GetScope(), Reason: n.GetReason()})
	}
	return all
}

// each converts a list; an empty one becomes nil.
func each[A, B any](list []A, f func(A) (B, error)) ([]B, error) {
	var all []B
	for _, a := range list {
		b, err := f(a)
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}

func fromAny(v any, none bool) ([]byte, error) {
	if none {
		return nil, nil
	}
	return json.Marshal(v)
}

func toObject(field string, raw []byte) (map[string]any, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var v map[string]any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, fmt.Errorf("%s is no JSON object: %w", field, err)
	}
	return v, nil
}

// toJSON takes bytes that must hold one JSON value, or nothing.
func toJSON(field string, raw []byte) (json.RawMessage, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	if !json.Valid(raw) {
		return nil, fmt.Errorf("%s is no JSON value: %.40q", field, raw)
	}
	return raw, nil
}

func fromDuration(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

func int32of(n int) int32 { return int32(min(max(n, math.MinInt32), math.MaxInt32)) }

// clean makes a text fit for the wire: what is no UTF-8 in it becomes U+FFFD,
// where gRPC would refuse the whole message.
func clean(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func cleanAll(list []string) []string {
	var all []string
	for _, s := range list {
		all = append(all, clean(s))
	}
	return all
}

func cleanMap(m map[string]string) map[string]string {
	var all map[string]string
	for k, v := range m {
		if all == nil {
			all = map[string]string{}
		}
		all[clean(k)] = clean(v)
	}
	return all
}
