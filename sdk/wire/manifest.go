package wire

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/jarvis-host/jarvis/sdk"
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
		Stateful: t.Stateful, MaxParallel: int32of(t.MaxParallel), Verifiable: t.Verifiable, Undoable: t.Undoable,
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
		Stateful: t.GetStateful(), MaxParallel: int(t.GetMaxParallel()), Verifiable: t.GetVerifiable(), Undoable: t.GetUndoable(),
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
