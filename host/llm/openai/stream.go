package openai

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/remote"
)

// lenient takes what models write.
var lenient = remote.Lenient

const (
	// drainTimeout is how long the end of a finished response may take to arrive.
	drainTimeout = 100 * time.Millisecond
	// usageTimeout is how long the figures may take that some servers send after
	// the answer's end.
	usageTimeout = 2 * time.Second
	// maxEvent bounds an event that comes in several lines.
	maxEvent = 1 << 20
)

// Stream implements [llm.Provider].
func (p *Provider) Stream(ctx context.Context, r llm.Request) iter.Seq2[llm.Event, error] {
	return func(yield func(llm.Event, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		resp, err := p.open(ctx, r)
		if err != nil {
			yield(nil, err)
			return
		}
		a := &answer{p: p, out: remote.NewSpeech(yield), model: r.Model, calls: calls{ids: remote.NewIDs(len(r.Messages))}}
		if a.give(ctx, cancel, resp) {
			defer time.AfterFunc(drainTimeout, cancel).Stop()
			remote.Drop(resp.Body)
			return
		}
		cancel() // hang up first: the rest is not wanted
		_ = resp.Body.Close()
	}
}

// open asks for the answer. A server that can't stream when there are tools is
// asked for the whole answer at once.
func (p *Provider) open(ctx context.Context, r llm.Request) (*http.Response, error) {
	send := func(stream bool) (*http.Response, error) {
		return p.client.Send(ctx, remote.Call{
			Path: "chat/completions", Body: p.chat(r, stream), Model: r.Model, RequestID: r.RequestID, TraceParent: r.TraceParent,
		})
	}
	whole := len(r.Tools) > 0 && p.wholeTools.Load()
	resp, err := send(!whole)
	if e, ok := errors.AsType[*llm.Error](err); ok && !whole && len(r.Tools) > 0 && cantStreamTools(e.Message) {
		p.wholeTools.Store(true)
		return send(false)
	}
	return resp, err
}

func cantStreamTools(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "tools with stream") || strings.Contains(text, "tool") && strings.Contains(text, "stream") && strings.Contains(text, "not support")
}

// answer turns one response into events.
type answer struct {
	p        *Provider
	out      *remote.Speech
	model    string
	chunk    chunk // the latest
	thoughts remote.Thoughts
	calls    calls
	gone     bool

	reason string // of the end; empty until it has come
	usage  llm.Usage
	count  int // events so far
}

// give yields events until the answer ends, and reports whether it is complete.
func (a *answer) give(ctx context.Context, cancel func(), resp *http.Response) (complete bool) {
	var err error
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind == "application/json" {
		err = a.whole(ctx, resp.Body)
	} else {
		err = a.read(ctx, cancel, remote.NewFields(resp.Body))
	}
	if err == nil && !a.gone {
		err = a.end()
	}
	if err != nil && !a.gone {
		a.out.Yield(nil, err)
	}
	return err == nil && !a.gone
}

// whole reads an answer that comes as one object.
func (a *answer) whole(ctx context.Context, body io.Reader) error {
	raw, err := io.ReadAll(io.LimitReader(body, remote.MaxReply))
	if err != nil {
		return a.broken(ctx, err)
	}
	a.count++
	return a.event(raw)
}

// read goes through the stream's fields. It returns nil when the answer has come
// to its end, or the consumer has left.
func (a *answer) read(ctx context.Context, cancel func(), lines *remote.Lines) error {
	var pending []byte // an event of several lines
	var last *time.Timer
	defer func() {
		if last != nil {
			last.Stop()
		}
	}()
	for !a.gone {
		if a.gone = !lines.Waiting() && !a.out.Flush(); a.gone {
			return nil
		}
		line, err := lines.Next()
		if err != nil {
			if a.reason != "" {
				return nil // all was said; only the figures may be missing
			}
			return a.cut(ctx, err, pending)
		}
		done, rest, err := a.line(line, pending)
		if err != nil {
			if lines.Unended() {
				return a.fail(llm.Interrupted, "the answer ended in the middle of a line", err)
			}
			return err
		}
		pending = rest
		if done {
			return a.ended()
		}
		if a.reason != "" && last == nil {
			last = time.AfterFunc(usageTimeout, cancel)
		}
	}
	return nil
}

// ended judges a stream that says that it is done.
func (a *answer) ended() error {
	if a.reason == "" {
		return a.fail(llm.Interrupted, "the answer ended without a finish_reason", nil)
	}
	return nil
}

// line takes in one line of the stream; pending is what the lines before have
// left over, rest what this one does.
func (a *answer) line(line, pending []byte) (done bool, rest []byte, err error) {
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimSpace(value)
	switch {
	case len(line) == 0: // the end of an event
		if len(pending) > 0 {
			return false, nil, a.event(pending)
		}
		return false, nil, nil
	case string(name) == "error":
		return false, nil, a.told(jsontext.Value(value))
	case line[0] == '{': // an object without its field's name
		value = line
	case string(name) != "data":
		return false, pending, nil // a comment, the event's name or id
	case string(value) == "[DONE]" && len(pending) == 0:
		return true, nil, nil
	}
	switch {
	case len(pending)+len(value) > maxEvent:
		return false, nil, a.fail(llm.Internal, remote.ErrLineTooLong.Error(), nil)
	case len(pending) > 0:
		return false, append(append(pending, '\n'), value...), nil
	}
	c, err := a.decode(value)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return false, bytes.Clone(value), nil // the rest may follow
	}
	return false, nil, a.take(c, err) // not all servers write the blank line
}

// event takes in one object.
func (a *answer) event(raw []byte) error { return a.take(a.decode(raw)) }

// decode reads an object into what the one before has left.
func (a *answer) decode(raw []byte) (*chunk, error) {
	a.chunk = chunk{Choices: a.chunk.Choices[:0]}
	return &a.chunk, json.Unmarshal(raw, &a.chunk, lenient)
}

func (a *answer) take(c *chunk, err error) error {
	a.count++
	if err != nil {
		return a.fail(llm.Internal, fmt.Sprintf("event %d of the answer is malformed", a.count), err)
	}
	if f, bad := remote.FaultOf(c.Error); bad {
		return a.fault(f)
	}
	if c.Model != "" {
		a.model = c.Model
	}
	a.figures(c)
	for i := range c.Choices {
		if err := a.choice(&c.Choices[i]); err != nil || a.gone {
			return err
		}
	}
	return nil
}

// told is an error that came as a field of its own.
func (a *answer) told(v jsontext.Value) error {
	var inner struct {
		Error jsontext.Value `json:"error"`
	}
	if json.Unmarshal(v, &inner, lenient) == nil && len(inner.Error) > 0 {
		v = inner.Error
	}
	f, bad := remote.FaultOf(v)
	if !bad {
		f.Text = "an error without a text"
	}
	return a.fault(f)
}

func (a *answer) fault(f remote.Fault) error {
	return a.fail(f.Class(), "while answering: "+f.Text, nil)
}

// choice takes in what is new of the first choice; there should be no other.
func (a *answer) choice(c *choice) error {
	if c.Index != 0 {
		return nil
	}
	for _, d := range []*delta{&c.Delta, &c.Message} {
		if err := a.delta(d); err != nil || a.gone {
			return err
		}
	}
	switch reason := string(c.FinishReason); reason {
	case "":
	case "error":
		return a.fail(llm.Internal, "the provider ended the answer with an error", nil)
	default:
		a.reason = reason
	}
	return nil
}

func (a *answer) delta(d *delta) error {
	if t := d.thought(); t != "" {
		a.emit(llm.Thinking{Text: t})
	}
	if t := d.said(); t != "" {
		a.say(a.thoughts.Feed(t))
	}
	for i := range d.ToolCalls {
		if err := a.calls.add(&d.ToolCalls[i]); err != nil {
			return a.fail(llm.Limit, err.Error(), nil)
		}
		a.emit(llm.Pulse{})
	}
	return nil
}

func (a *answer) say(thought, answer string) {
	if thought != "" {
		a.emit(llm.Thinking{Text: thought})
	}
	if answer != "" {
		a.emit(llm.Delta{Text: answer})
	}
}

func (a *answer) emit(ev llm.Event) {
	a.gone = a.gone || !a.out.Yield(ev, nil)
}

// figures takes in what the answer cost; the last to say so counts.
func (a *answer) figures(c *chunk) {
	if u := c.Usage; u != nil {
		a.usage.PromptTokens, a.usage.CompletionTokens, a.usage.Cost = u.PromptTokens, u.CompletionTokens, u.Cost
	}
	t := c.Timings
	if t == nil {
		return
	}
	a.usage.Prompt = time.Duration(t.PromptMS * float64(time.Millisecond))
	a.usage.Generate = time.Duration(t.PredictedMS * float64(time.Millisecond))
	a.usage.Total = a.usage.Prompt + a.usage.Generate
	if a.usage.PromptTokens == 0 && a.usage.CompletionTokens == 0 {
		a.usage.PromptTokens, a.usage.CompletionTokens = t.PromptN+t.CacheN, t.PredictedN
	}
}

// end yields what could only be told at the end.
func (a *answer) end() error {
	if err := a.ended(); err != nil {
		return err
	}
	a.say(a.thoughts.End())
	all, err := a.calls.all()
	if err != nil {
		return a.fail(llm.Internal, "call of a tool", err)
	}
	for _, c := range all {
		a.emit(c)
	}
	a.usage.Model = a.model
	if !a.gone {
		a.gone = !a.out.Yield(llm.Finish{Reason: llm.Reason(reason(a.reason)), Usage: a.usage}, nil)
	}
	return nil
}

// reason puts the server's word for an end into the host's; whether tools are
// called is told by the calls.
func reason(said string) string {
	switch said {
	case "tool_calls", "function_call", "eos":
		return string(llm.ReasonStop)
	default:
		return said
	}
}

// cut is the error for a stream that ended too early.
func (a *answer) cut(ctx context.Context, err error, pending []byte) error {
	if errors.Is(err, io.EOF) && len(pending) > 0 && ctx.Err() == nil {
		return a.fail(llm.Interrupted, "the answer ended in the middle of an event", nil)
	}
	return a.broken(ctx, err)
}

func (a *answer) broken(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("read answer: %w", context.Cause(ctx))
	case errors.Is(err, remote.ErrLineTooLong):
		return a.fail(llm.Internal, err.Error(), nil)
	case errors.Is(err, io.EOF):
		return a.fail(llm.Interrupted, "the answer ended without a finish_reason", nil)
	default:
		return a.fail(llm.Interrupted, "the connection broke off", err)
	}
}

func (a *answer) fail(c llm.Class, message string, err error) *llm.Error {
	return &llm.Error{Class: c, Status: http.StatusOK, Provider: a.p.Name(), Message: message, Err: err}
}
