package compat

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

// sink takes an answer as it comes. False means that no one listens any more.
type sink interface {
	text(string) bool
	thinking(string) bool
	call(llm.ToolCall) bool
}

// ending is how an answer ended.
type ending struct {
	reason llm.Reason
	calls  bool
	usage  llm.Usage
	state  turn.Outcome // of the assistant's answer
}

// errGone ends an answer that no one listens to.
var errGone = errors.New("client went away")

// answer lets the right one answer and returns how it ended. What ended the
// request's context stands before what came of it.
func (d *Door) answer(ctx context.Context, e Engine, who session.Identity, c *conversation, s sink) (ending, error) {
	end, err := d.answered(ctx, e, who, c, s)
	if cause, ok := errors.AsType[*protocol.Problem](context.Cause(ctx)); ok {
		return end, cause // however far it came: a cut answer must not look whole
	}
	return end, err
}

func (d *Door) answered(ctx context.Context, e Engine, who session.Identity, c *conversation, s sink) (ending, error) {
	if !c.assistant() {
		return d.complete(ctx, e, who, c, s)
	}
	if err := protocol.CheckText("messages", c.last().Content); err != nil {
		return ending{}, err
	}
	if err := e.Allow(); err != nil {
		return ending{}, err
	}
	return d.assist(ctx, e, who, c, s)
}

// complete passes the conversation to a model.
func (d *Door) complete(ctx context.Context, e Engine, who session.Identity, c *conversation, s sink) (ending, error) {
	if !c.task() {
		if err := e.Allow(); err != nil {
			return ending{}, err
		}
	}
	end := ending{state: turn.Answered}
	for ev, err := range e.Complete(ctx, who, c.request()) {
		if err != nil {
			return end, err
		}
		on := true
		switch ev := ev.(type) {
		case llm.Delta:
			on = s.text(ev.Text)
		case llm.Thinking:
			on = s.thinking(ev.Text)
		case llm.ToolCall:
			end.calls = true
			on = s.call(ev)
		case llm.Finish:
			end.reason, end.usage = ev.Reason, ev.Usage
		}
		if !on {
			return end, errGone
		}
	}
	return end, nil
}

// assist lets the whole assistant answer, from the start or from the question
// that the last message replies to.
func (d *Door) assist(ctx context.Context, e Engine, who session.Identity, c *conversation, s sink) (ending, error) {
	p := d.paused.take(who.User, c.messages[:len(c.messages)-1])
	if p == nil {
		p = begin(ctx, func(ctx context.Context) iter.Seq2[turn.Event, error] {
			return e.Assist(ctx, who, Utterance{History: c.history(), Text: c.last().Content, Remember: !c.forgets})
		})
	} else {
		p.reply(c.last().Content)
	}
	stop := context.AfterFunc(ctx, p.cancel)
	defer stop()
	var said strings.Builder
	for {
		ev, err, more := p.next()
		switch {
		case !more:
			return ending{}, errors.New("answer ended without its end")
		case err != nil:
			p.end()
			return ending{}, err
		}
		switch ev := ev.(type) {
		case turn.Delta:
			said.WriteString(ev.Text)
			if !s.text(ev.Text) {
				p.end()
				return ending{}, errGone
			}
		case *turn.Question:
			text := worded(ev)
			if said.Len() > 0 {
				text = "\n\n" + text
			}
			said.WriteString(text)
			if !s.text(text) {
				p.end()
				return ending{}, errGone
			}
			d.paused.put(who.User, append(c.messages[:len(c.messages):len(c.messages)], llm.Message{Role: llm.Assistant, Content: said.String()}), p, ev)
			return ending{reason: llm.ReasonStop, state: turn.Answered}, nil
		case turn.Done:
			p.end()
			return finished(ev, said.String(), s)
		}
	}
}

// finished turns the end of a turn into that of an answer.
func finished(done turn.Done, said string, s sink) (ending, error) {
	end := ending{reason: llm.ReasonStop, state: done.State}
	if rest, ok := strings.CutPrefix(done.Text, said); ok && rest != "" && !s.text(rest) {
		return end, errGone
	}
	if done.Usage != nil {
		end.usage = llm.Usage{PromptTokens: done.Usage.PromptTokens, CompletionTokens: done.Usage.CompletionTokens, Model: done.Usage.Model}
	}
	if done.State == turn.Interrupted {
		return end, &protocol.Problem{Code: protocol.Code(done.Code)}
	}
	return end, nil
}

// worded is a question as it is read in a chat that has no buttons.
func worded(q *turn.Question) string {
	var b strings.Builder
	b.WriteString(q.Text)
	for _, o := range q.Options {
		b.WriteString("\n- " + o.Label)
	}
	return b.String()
}
