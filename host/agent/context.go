package agent

import (
	"context"
	"fmt"
	"slices"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/tool"
	"github.com/jarvis-host/jarvis/host/turn"
)

// memoryShare is how much of a prompt memory may fill: a part, at most
// maxMemory tokens, and less for the small windows of small models.
const (
	memoryShare = 10
	maxMemory   = 600
)

// prepare writes the conversation that the model gets: the rules, what memory
// recalls, as much of the history as fits, newest first to stay, and the
// utterance. What is left out is counted and said, to the model too; the rules
// and the utterance are never left out.
func (r *run) prepare(ctx context.Context, picked []*tool.Offer) error {
	system, err := r.a.system(ctx, r.t)
	if err != nil {
		return err
	}
	last := llm.Message{Role: llm.User, Content: neutral(r.t.Text)}
	window := r.window(picked, system, last)
	budget := promptBudget(window)
	r.limit = budget / resultShare
	// Whoever can act is not told what a tool once said: it may be an order.
	acts := slices.ContainsFunc(picked, func(o *tool.Offer) bool { return !o.ReadOnly() })
	recalled := r.recall(ctx, min(maxMemory, budget/memoryShare), acts)
	if recalled != "" {
		system.Content += "\n" + recalled
	}
	tools := llm.Request{Tools: definitions(picked)}.Tokens()
	left := budget - r.a.gauge.tokens(r.model, guess(system)+guess(last)+tools)
	history, dropped := r.history(left)
	if dropped > 0 {
		note := r.a.Words(r.t.Lang, "model.left_out", dropped)
		system.Content += "\n" + note
		if r.a.Dropped != nil {
			r.a.Dropped(dropped)
		}
		r.log(ctx, "conversation does not fit the model's window", fmt.Sprintf("%d messages left out, window %d tokens", dropped, window))
	}
	r.messages = slices.Concat([]llm.Message{system}, history, []llm.Message{last})
	return nil
}

// window is that of the model which would answer, and learns whether it has to
// be driven to call tools.
func (r *run) window(picked []*tool.Offer, fixed ...llm.Message) int {
	h, ok := r.a.Model.Choose(llm.Request{
		Messages: fixed, Tools: definitions(picked), User: r.t.User, Role: string(r.t.Role), Lang: r.t.Lang,
	})
	if !ok {
		return r.a.Window
	}
	r.model = h.Model
	r.driven = h.Info.Capabilities != nil && !h.Info.Can(llm.CanTools)
	if h.Info.Window > 0 {
		return h.Info.Window
	}
	return r.a.Window
}

// recall asks memory, and goes on without it when it has no answer in time.
func (r *run) recall(ctx context.Context, budget int, own bool) string {
	if r.a.Memory == nil || budget < 1 {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, r.a.RecallWithin)
	defer cancel()
	type answer struct {
		Recalled
		err error
	}
	answers := make(chan answer, 1)
	go func() {
		got, err := r.a.Memory.Recall(ctx, r.t, budget, own)
		answers <- answer{got, err}
	}()
	select {
	case got := <-answers:
		if got.err != nil {
			r.done.Degraded = true
			r.log(ctx, "memory did not answer", got.err.Error())
			return ""
		}
		r.done.Degraded = r.done.Degraded || got.Degraded
		if got.Text == "" {
			return ""
		}
		r.done.Memory = got.Used
		return fenced(got.Text)
	case <-ctx.Done():
		r.done.Degraded = true
		r.log(ctx, "memory did not answer", "it took longer than it may")
		return ""
	}
}

// history is as much of the conversation as fits, and how many messages don't.
// What a plugin said there is text of others, as a tool's result.
func (r *run) history(left int) (kept []llm.Message, dropped int) {
	kept = make([]llm.Message, 0, len(r.t.History))
	for i, m := range slices.Backward(r.t.History) {
		text := neutral(m.Text)
		if text == "" {
			continue
		}
		msg := llm.Message{Role: roleOf(m), Content: text}
		if m.Foreign {
			msg.Content = fenced(m.Text)
		}
		if left -= r.a.gauge.tokens(r.model, guess(msg)); left < 0 {
			return ordered(kept), said(r.t.History[:i+1])
		}
		kept = append(kept, msg)
		if m.Foreign {
			r.taint()
		}
	}
	return ordered(kept), 0
}

func said(history []turn.Message) (n int) {
	for _, m := range history {
		if m.Text != "" {
			n++
		}
	}
	return n
}

func ordered(m []llm.Message) []llm.Message {
	slices.Reverse(m)
	return m
}
