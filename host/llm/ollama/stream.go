package ollama

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/remote"
)

// drainTimeout is how long the end of a finished response may take to arrive.
const drainTimeout = 100 * time.Millisecond

// Stream implements [llm.Provider].
func (p *Provider) Stream(ctx context.Context, r llm.Request) iter.Seq2[llm.Event, error] {
	return func(yield func(llm.Event, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		resp, err := p.client.Send(ctx, remote.Call{
			Path: "/api/chat", Body: p.chat(r), Model: r.Model, RequestID: r.RequestID, TraceParent: r.TraceParent,
		})
		if err != nil {
			yield(nil, err)
			return
		}
		a := &answer{
			p: p, out: remote.NewSpeech(yield), model: r.Model, lines: remote.NewLines(resp.Body), ids: remote.NewIDs(len(r.Messages)),
		}
		if a.read(ctx) {
			defer time.AfterFunc(drainTimeout, cancel).Stop()
			remote.Drop(resp.Body)
			return
		}
		cancel() // hang up first: the rest is not wanted
		_ = resp.Body.Close()
	}
}

// answer turns one response's lines into events.
type answer struct {
	p     *Provider
	out   *remote.Speech
	model string
	lines *remote.Lines
	ids   *remote.IDs
	count int // lines so far

	thoughts remote.Thoughts
}

// read yields events until the answer ends, and reports whether it is complete.
func (a *answer) read(ctx context.Context) (complete bool) {
	for a.lines.Waiting() || a.out.Flush() {
		c, err := a.next(ctx)
		if err != nil {
			a.out.Yield(nil, err)
			return false
		}
		more, err := a.pass(c)
		switch {
		case err != nil:
			a.out.Yield(nil, err)
			return false
		case !more:
			return false
		case c.Done:
			a.p.answered(a.model)
			if a.say(a.thoughts.End()) {
				a.out.Yield(c.finish(), nil)
			}
			return true
		}
	}
	return false
}

// next reads one line.
func (a *answer) next(ctx context.Context) (*chunk, error) {
	line, err := a.lines.Next()
	if err != nil {
		return nil, a.broken(ctx, err)
	}
	a.count++
	var c chunk
	if line[0] != '{' {
		return nil, a.fail(llm.Internal, fmt.Sprintf("line %d of the answer is not a JSON object", a.count), nil)
	}
	if err := json.Unmarshal(line, &c, remote.Lenient); err != nil {
		return nil, a.malformed(err)
	}
	if f, bad := remote.FaultOf(c.Error); bad {
		return nil, a.fail(f.Class(), "while answering: "+f.Text, nil)
	}
	return &c, nil
}

// broken is the error for a stream that ended too early.
func (a *answer) broken(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("read answer: %w", context.Cause(ctx))
	case errors.Is(err, remote.ErrLineTooLong):
		return a.fail(llm.Internal, err.Error(), nil)
	case errors.Is(err, io.EOF):
		return a.fail(llm.Interrupted, "the answer ended without its final line", nil)
	default:
		return a.fail(llm.Interrupted, "the connection broke off", err)
	}
}

// malformed is the error for a line that is not what it should be. If it has no
// end, the server was cut off while it wrote it.
func (a *answer) malformed(err error) error {
	if a.lines.Unended() {
		return a.fail(llm.Interrupted, "the answer ended in the middle of a line", err)
	}
	return a.fail(llm.Internal, fmt.Sprintf("line %d of the answer is malformed", a.count), err)
}

// pass yields what one line says. It returns false when the consumer has left.
func (a *answer) pass(c *chunk) (more bool, err error) {
	if t := c.Message.Thinking; t != "" && !a.out.Yield(llm.Thinking{Text: t}, nil) {
		return false, nil
	}
	if t := c.Message.Content; t != "" && !a.say(a.thoughts.Feed(t)) {
		return false, nil
	}
	for _, w := range c.Message.ToolCalls {
		args, err := remote.Arguments(w.Function.Arguments)
		if err != nil {
			return false, a.fail(llm.Internal, fmt.Sprintf("call of tool %.64q", w.Function.Name), err)
		}
		if !a.out.Yield(llm.ToolCall{ID: a.ids.Of(w.ID), Name: w.Function.Name, Arguments: args}, nil) {
			return false, nil
		}
	}
	return true, nil
}

// say yields text; false means that the consumer has left.
func (a *answer) say(thought, said string) bool {
	return (thought == "" || a.out.Yield(llm.Thinking{Text: thought}, nil)) && (said == "" || a.out.Yield(llm.Delta{Text: said}, nil))
}

func (a *answer) fail(c llm.Class, message string, err error) *llm.Error {
	return &llm.Error{Class: c, Status: http.StatusOK, Provider: a.p.Name(), Message: message, Err: err}
}
