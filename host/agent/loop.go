package agent

import (
	"context"
	"strings"
	"sync"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/tool"
	"github.com/jarvis-host/jarvis/host/turn"
)

// run is one turn's work.
type run struct {
	a     *Agent
	t     *turn.Turn
	yield func(turn.Event, error) bool
	gone  bool

	messages []llm.Message
	model    string // that is asked, as far as it is known
	limit    int    // tokens that one tool's result may take
	driven   bool   // the model can't call tools by itself
	offered  map[string]*tool.Offer
	calls    int
	seen     map[string]bool // calls made, by name and arguments
	mark     sync.Mutex
	tainted  bool // text of others has entered the turn
	text     strings.Builder
	done     turn.Done
}

func (r *run) log(ctx context.Context, msg, detail string) {
	if r.a.Log != nil {
		r.a.Log(ctx, msg, r.t, detail)
	}
}

// request is what the model is asked with these tools.
func (r *run) request(picked []*tool.Offer) llm.Request {
	q := llm.Request{
		Messages: r.messages, RequestID: r.t.RequestID, TraceParent: r.t.TraceParent, User: r.t.User, Role: string(r.t.Role), Lang: r.t.Lang,
	}
	if r.driven && len(picked) > 0 {
		return drive(q, picked)
	}
	q.Tools = definitions(picked)
	return q
}

func (r *run) loop(ctx context.Context) error {
	picked := r.a.Relevance.Pick(r.t.Text, r.a.Offers())
	if err := r.prepare(ctx, picked); err != nil {
		return err
	}
	for step := range r.a.MaxSteps {
		if step == r.a.MaxSteps-1 {
			picked = nil // the last word is text
		}
		calls, err := r.step(ctx, picked)
		if err != nil || r.gone {
			return err
		}
		added := r.t.Steer()
		if len(calls) == 0 && len(added) == 0 {
			return nil
		}
		if err := r.act(ctx, calls); err != nil || r.gone {
			return err
		}
		for _, text := range added {
			r.messages = append(r.messages, llm.Message{Role: llm.User, Content: neutral(text)})
		}
		if r.text.Len() > 0 {
			r.emit(turn.Delta{Text: "\n\n"})
		}
	}
	return nil
}

// step asks the model once and returns the calls that it wants made.
func (r *run) step(ctx context.Context, picked []*tool.Offer) ([]llm.ToolCall, error) {
	r.offered = map[string]*tool.Offer{}
	for _, o := range picked {
		r.offered[o.Name()] = o
	}
	q := r.request(picked)
	said := llm.Message{Role: llm.Assistant}
	var text strings.Builder
	began, first := r.a.Now(), true
	for ev, err := range r.a.Model.Stream(ctx, q) {
		if err != nil {
			return nil, err
		}
		switch e := ev.(type) {
		case llm.Waiting:
			r.wait(e)
		case llm.Delta:
			if first && r.a.FirstToken != nil {
				r.a.FirstToken(r.a.Now().Sub(began))
			}
			first = false
			text.WriteString(e.Text)
			if len(q.Format) == 0 && !r.emit(turn.Delta{Text: e.Text}) {
				return nil, nil
			}
		case llm.ToolCall:
			said.ToolCalls = append(said.ToolCalls, e)
		case llm.Finish:
			r.count(q, e)
		}
	}
	said.Content = text.String()
	if len(q.Format) > 0 {
		said = r.understood(said.Content)
	}
	r.messages = append(r.messages, said)
	return said.ToolCalls, nil
}

// wait tells the end user where their answer stands in the queue.
func (r *run) wait(w llm.Waiting) {
	text := r.a.Words(r.t.Lang, "model.waiting", w.Position)
	r.emit(turn.Progress{Text: text, Position: w.Position, ETA: w.ETA})
}

// count adds up what an answer cost, and learns how long prompts really are.
func (r *run) count(q llm.Request, f llm.Finish) {
	if r.done.Usage == nil {
		r.done.Usage = &turn.Usage{}
	}
	r.done.Usage.PromptTokens += f.Usage.PromptTokens
	r.done.Usage.CompletionTokens += f.Usage.CompletionTokens
	r.done.Usage.Model = f.Usage.Model
	r.done.Degraded = r.done.Degraded || f.Fallback
	if !f.Usage.Estimated {
		r.a.gauge.saw(f.Usage.Model, q.Tokens(), f.Usage.PromptTokens)
	}
}

func (r *run) emit(ev turn.Event) bool {
	if r.gone {
		return false
	}
	if d, ok := ev.(turn.Delta); ok {
		r.text.WriteString(d.Text)
	}
	r.gone = !r.yield(ev, nil)
	return !r.gone
}

// taint notes that text of others has entered the turn: what the model wants
// from now on may be their wish.
func (r *run) taint() {
	r.mark.Lock()
	defer r.mark.Unlock()
	r.tainted = true
}
