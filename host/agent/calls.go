package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/tool"
	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk"
)

// maxParallel is how many read-only calls run at once.
const maxParallel = 4

// act makes the calls that the model wants and hands it the results, in the
// order of the calls. Calls that only read run side by side; any other runs
// alone, in its place.
func (r *run) act(ctx context.Context, calls []llm.ToolCall) error {
	results := make([]string, len(calls))
	for at := 0; at < len(calls); {
		n := 1
		for r.reads(calls[at]) && at+n < len(calls) && n < maxParallel && r.reads(calls[at+n]) {
			n++
		}
		if err := r.together(ctx, calls[at:at+n], results[at:at+n]); err != nil || r.gone {
			return err
		}
		at += n
	}
	for i, c := range calls {
		r.messages = append(r.messages, r.result(c, results[i]))
	}
	return nil
}

// result is a call's outcome as the model reads it.
func (r *run) result(c llm.ToolCall, text string) llm.Message {
	if r.driven {
		return llm.Message{Role: llm.User, Content: c.Name + ": " + fenced(r.bounded(text))}
	}
	return llm.Message{Role: llm.Tool, ToolName: c.Name, ToolCallID: c.ID, Content: fenced(r.bounded(text))}
}

// bounded cuts a result that would fill the window, and says so.
func (r *run) bounded(text string) string {
	most := max(r.limit, 64) * 3 // bytes, by the same guess as tokens
	if len(text) <= most {
		return text
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return fmt.Sprintf("%s\n[cut here: %d of %d bytes]", text[:cut], cut, len(text))
}

func (r *run) reads(c llm.ToolCall) bool {
	o := r.offered[c.Name]
	return o != nil && o.ReadOnly()
}

// together makes calls side by side. What they tell goes out one at a time.
func (r *run) together(ctx context.Context, calls []llm.ToolCall, results []string) error {
	if len(calls) == 1 {
		text, err := r.make(ctx, calls[0], r.emit)
		results[0] = text
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex
	emit := func(ev turn.Event) bool {
		mu.Lock()
		defer mu.Unlock()
		on := r.emit(ev)
		if !on {
			cancel()
		}
		return on
	}
	errs := make([]error, len(calls))
	var all sync.WaitGroup
	for i, c := range calls {
		q, refusal := r.admit(c)
		if q == nil {
			results[i] = refusal
			continue
		}
		all.Go(func() { results[i], errs[i] = r.run(ctx, *q, emit) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// make runs a call, unless it is one too many, and returns what the model is
// told of it.
func (r *run) make(ctx context.Context, c llm.ToolCall, emit tool.Yield) (string, error) {
	q, refusal := r.admit(c)
	if q == nil {
		return refusal, nil
	}
	return r.run(ctx, *q, emit)
}

// admit decides whether a call is made at all; what the model is told if not
// comes back once, so that it can do better.
func (r *run) admit(c llm.ToolCall) (*tool.Request, string) {
	key := c.Name + " " + compact(c.Arguments)
	r.calls++
	o := r.offered[c.Name]
	switch {
	case o == nil:
		return nil, "error: there is no such tool here; answer without it"
	case r.seen[key]:
		return nil, "error: this call was made already; its result stands above"
	case r.calls > r.a.MaxCalls:
		return nil, fmt.Sprintf("error: at most %d calls are allowed in one answer", r.a.MaxCalls)
	}
	r.seen[key] = true
	return &tool.Request{
		Plugin: o.Plugin, Tool: o.Spec.Name, Args: c.Arguments, Origin: sdk.OriginModel, Utterance: r.t.Text, Untrusted: r.tainted,
	}, ""
}

// run makes an admitted call. Its result is text of others: from then on the
// turn is not the end user's alone.
func (r *run) run(ctx context.Context, q tool.Request, emit tool.Yield) (string, error) {
	res, err := r.a.Tools.Run(ctx, r.t, q, emit)
	if err != nil {
		return "", err
	}
	r.taint()
	switch {
	case !res.OK():
		return "error: " + res.Text + " " + res.Detail, nil
	case res.Text == "" && len(res.Data) > 0:
		return strings.TrimSpace(string(res.Data) + " " + res.Doubt), nil
	default:
		return strings.TrimSpace(res.Text + " " + res.Doubt), nil
	}
}

func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return string(raw)
	}
	return b.String()
}
