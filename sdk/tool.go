package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
)

// tool is one declared tool.
type tool struct {
	spec    ToolSpec
	input   *schema
	output  *schema           // nil when it answers with text only
	replies map[string]string // template by language
	onlyIf  func() bool       // nil: always on offer
	run     func(ctx context.Context, c *Call, args json.RawMessage) (Result, error)
	verify  func(ctx context.Context, c *Call, d *Deed) (Sight, error) // nil: it can't
	undo    func(ctx context.Context, c *Call, d *Deed) (string, error)
}

// ToolOption says more about a tool than its function does.
type ToolOption func(*tool)

// Tool declares a tool. Its arguments are the members of the struct In, whose
// tags say what they mean and what is allowed:
//
//	type forecastArgs struct {
//		City string `json:"city" desc:"City name" min:"1"`
//		Unit string `json:"unit" desc:"Unit" enum:"celsius,fahrenheit" default:"celsius"`
//		Days int    `json:"days" desc:"How many days ahead" min:"1" max:"7" default:"1"`
//	}
//
// The name is [a-z][a-z0-9_]{0,63}; the description is English and for models.
// The arguments are checked and completed with their defaults before f sees
// them. What f returns is said to the person: a string or a [fmt.Stringer] as
// it is, a [Result] with all it can say; any other value is the structured
// result, and its text comes from the tool's [Reply] templates.
//
// An error of [Fail] is said to the person as it is, in the words of the
// author; any other error goes to the operator's log, and the person reads one
// polite sentence. The context ends with the call: pass it on to everything
// that waits.
func Tool[In, Out any](p *Plugin, name, description string, f func(ctx context.Context, c *Call, in In) (Out, error), opts ...ToolOption) {
	t := &tool{
		spec:    ToolSpec{Name: name, Description: description},
		replies: map[string]string{},
	}
	for _, o := range opts {
		o(t)
	}
	if err := t.declare(reflect.TypeFor[In](), reflect.TypeFor[Out]()); err != nil {
		p.fail("tool %s: %w", name, err)
		p.refused = append(p.refused, name)
		return
	}
	if slices.ContainsFunc(p.tools, func(u *tool) bool { return u.spec.Name == name }) {
		p.fail("tool %s: declared twice", name)
		return
	}
	t.run = func(ctx context.Context, c *Call, args json.RawMessage) (Result, error) {
		var in In
		if err := t.arguments(c, args, &in); err != nil {
			return Result{}, err
		}
		out, err := f(ctx, c, in)
		if err != nil {
			return Result{}, err
		}
		return t.result(c, out)
	}
	p.tools = append(p.tools, t)
}

// declare derives the schemas and checks what can be checked without a call.
func (t *tool) declare(in, out reflect.Type) error {
	var err error
	if !name.MatchString(t.spec.Name) {
		return errors.New("expected a name of a lower-case letter, then at most 63 of a-z, 0-9 and _")
	}
	if t.input, err = inputSchema(in); err != nil {
		return fmt.Errorf("arguments: %w", err)
	}
	t.spec.InputSchema = t.input.raw
	if isText(out) {
		return nil
	}
	if t.output, err = outputSchema(out); err != nil {
		return fmt.Errorf("result: %w", err)
	}
	if isOpaque(t.output.tree) && out.Implements(reflect.TypeFor[fmt.Stringer]()) {
		t.output = nil // nothing in it but its words
		return nil
	}
	t.spec.OutputSchema = t.output.raw
	return nil
}

// isText tells whether an answer of this type is text, not data.
func isText(t reflect.Type) bool {
	if t == reflect.TypeFor[Result]() || t.Kind() == reflect.String {
		return true
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() != reflect.Struct && t.Implements(reflect.TypeFor[fmt.Stringer]())
}

// isOpaque holds for a struct without a member that anyone could see.
func isOpaque(s *jsonschema.Schema) bool {
	return (s.Type == "object" || slices.Contains(s.Types, "object")) && len(s.Properties) == 0 &&
		s.AdditionalProperties != nil && isFalse(s.AdditionalProperties)
}

// arguments decodes a call's arguments into in.
func (t *tool) arguments(c *Call, raw json.RawMessage, in any) error {
	found, err := t.input.decode(raw, in)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return nil
	}
	d := found[0]
	e := &Error{Code: CodeInvalid, Message: c.own("invalid"), Err: fmt.Errorf("argument %s: %s", d.Path, d.Summary)}
	if d.Path != "" {
		e.Message = c.own("invalid_field", "field", d.Path[1:])
	}
	return e
}

// result turns what the author's function returned into a result.
func (t *tool) result(c *Call, out any) (Result, error) {
	if r, ok := out.(Result); ok {
		return c.finish(r)
	}
	var r Result
	if v := reflect.ValueOf(out); v.Kind() == reflect.String {
		r.Text = v.String()
	}
	if t.output != nil {
		data, err := json.Marshal(out)
		if err != nil {
			return Result{}, fmt.Errorf("encode result: %w", err)
		}
		r.Data = data
	}
	if err := t.word(c, out, &r); err != nil {
		return Result{}, err
	}
	return c.finish(r)
}

// word finds the words for a result: the author's template, the value's own,
// or, when nothing was said at all, the data itself.
func (t *tool) word(c *Call, out any, r *Result) error {
	template, ok := t.replies[c.Locale()]
	if ok && r.Data != nil {
		var values map[string]any
		if err := json.Unmarshal(r.Data, &values); err != nil {
			return fmt.Errorf("fill reply: result is no object: %w", err)
		}
		r.Text = fill(c.Locale(), template, values)
		return nil
	}
	if s, ok := out.(fmt.Stringer); ok {
		r.Text = s.String()
		return nil
	}
	if r.Data != nil && !c.spoke() {
		r.Text = string(r.Data)
	}
	return nil
}

// ReadOnly says that a call changes nothing.
func ReadOnly() ToolOption { return effect(EffectReadOnly) }

// Additive says that a call adds something, and that nothing is lost by it.
func Additive() ToolOption { return effect(EffectAdditive) }

// Destructive says that a call changes or removes something. It is what counts
// when nothing is said.
func Destructive() ToolOption { return effect(EffectDestructive) }

func effect(e Effect) ToolOption { return func(t *tool) { t.spec.Effect = e } }

// Idempotent says that a call may be repeated: twice is as good as once.
func Idempotent() ToolOption { return func(t *tool) { t.spec.Idempotent = true } }

// OpenWorld says that a call reaches beyond this host.
func OpenWorld() ToolOption { return func(t *tool) { t.spec.OpenWorld = true } }

// Stateful says that the tool keeps session state: the host lets the calls of
// one session wait for each other.
func Stateful() ToolOption { return func(t *tool) { t.spec.Stateful = true } }

// Timeout is the longest that a call may take.
func Timeout(d time.Duration) ToolOption { return func(t *tool) { t.spec.Timeout = d } }

// MaxParallel is how many calls may run at once.
func MaxParallel(n int) ToolOption { return func(t *tool) { t.spec.MaxParallel = n } }

// AskFirst says when a person has to agree before a call, and to which
// question: text by language, with the arguments' names in braces, as in
// "Open {door}?".
func AskFirst(when ConfirmWhen, text map[string]string) ToolOption {
	return func(t *tool) { t.spec.Confirm = Confirm{When: when, Text: text} }
}

// Say adds sentences of a language that call the tool, in the template
// language of package intent. {city} is the argument city: any words when it
// is a string, its values when it is an enum, the numbers between min and max
// when it is an integer.
func Say(lang string, patterns ...string) ToolOption {
	return SayWith(lang, nil, patterns...)
}

// SayWith adds sentences that also give fixed arguments.
func SayWith(lang string, slots map[string]any, patterns ...string) ToolOption {
	return func(t *tool) {
		t.spec.Sentences = append(t.spec.Sentences, Sentences{Lang: lang, Patterns: patterns, Slots: slots})
	}
}

// Examples adds utterances that must match one of the tool's sentences, and
// the arguments that they must yield.
func Examples(lang string, examples ...Example) ToolOption {
	return func(t *tool) {
		for i := range t.spec.Sentences {
			if s := &t.spec.Sentences[i]; s.Lang == lang {
				s.Examples = append(s.Examples, examples...)
				return
			}
		}
		t.spec.Sentences = append(t.spec.Sentences, Sentences{Lang: lang, Examples: examples})
	}
}

// Reply is the text of a structured result in a language. Names in braces are
// filled in from the result: "{city}: {temperature} °C".
func Reply(lang, template string) ToolOption {
	return func(t *tool) { t.replies[lang] = template }
}
