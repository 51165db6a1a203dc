package session

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

// asked is a question that waits for its reply.
type asked struct {
	question *turn.Question
	reply    chan turn.Reply // gets exactly one
}

// question asks the end user and waits, on the run's goroutine.
func (a *actor) question(ctx context.Context, r *run, q *turn.Question) error {
	w, err := perform(context.Background(), a, func() (*asked, error) { return a.ask(r, q) })
	if err != nil {
		return gone(err)
	}
	timer := time.NewTimer(q.ExpiresIn)
	defer timer.Stop()
	select {
	case q.Reply = <-w.reply:
	case <-timer.C:
		_, err = perform(context.Background(), a, func() (struct{}, error) {
			a.settle(w, turn.Reply{Expired: true})
			return struct{}{}, nil
		})
		if err != nil {
			return gone(err)
		}
		q.Reply = <-w.reply
	case <-a.gone:
		return errStopped
	}
	if ctx.Err() != nil {
		return errStopped
	}
	return nil
}

// ask puts the question to everyone, on the session's goroutine.
func (a *actor) ask(r *run, q *turn.Question) (*asked, error) {
	if a.run != r || a.ending != nil {
		return nil, errStopped
	}
	if err := a.load(); err != nil {
		return nil, unavailable(err)
	}
	if q.ExpiresIn <= 0 {
		q.ExpiresIn = a.m.o.QuestionTTL
	}
	a.m.mu.Lock()
	if q.ID == "" || a.m.questions[q.ID] != nil {
		q.ID = "q_" + a.m.o.NewID()
	}
	a.m.questions[q.ID] = a
	a.m.mu.Unlock()
	w := &asked{question: q, reply: make(chan turn.Reply, 1)}
	a.asked = w
	entry := a.questionEntry(r.turn.ID, q)
	entry.Vars = a.park(r, q)
	if err := a.step(entry); err != nil {
		a.settle(w, turn.Reply{Expired: true})
		return nil, err
	}
	a.outlives = entry.Vars != nil
	return w, nil
}

// settle gives an open question its reply; one that is settled keeps its own.
func (a *actor) settle(w *asked, reply turn.Reply) {
	if a.asked != w {
		return
	}
	a.asked = nil
	a.m.mu.Lock()
	delete(a.m.questions, w.question.ID)
	a.m.mu.Unlock()
	w.reply <- reply
}

// reply answers the open question with a client's value.
func (a *actor) reply(who Identity, question string, raw json.RawMessage) error {
	if a.parked != nil && a.parked.Question == question {
		return a.replyParked(who, raw)
	}
	if a.asked == nil || a.asked.question.ID != question {
		return noQuestion()
	}
	reply, err := a.readReply(a.asked.question, a.run.turn.Lang, raw)
	if err != nil {
		return err
	}
	if err := a.unpark(); err != nil {
		return err
	}
	a.settle(a.asked, reply)
	return nil
}

// readReply checks a value against what the question asks for. A stop word answers
// no question for a text: whoever says it wants out.
func (a *actor) readReply(q *turn.Question, lang string, raw json.RawMessage) (turn.Reply, error) {
	text := string(bytes.TrimSpace(raw))
	if strings.HasPrefix(text, `"`) {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return turn.Reply{}, protocol.BadValue("value", text, "JSON")
		}
		text = s
	}
	var values, labels []string
	switch q.Kind {
	case turn.AskText:
		if p := protocol.CheckText("value", text); p != nil {
			return turn.Reply{}, p
		}
		if a.m.o.IsStop(text) {
			return turn.Reply{Expired: true}, nil
		}
		return turn.Reply{Value: text}, nil
	case turn.AskConfirm:
		values = []string{"true", "false"}
	default:
		for _, o := range q.Options {
			values, labels = append(values, o.Value), append(labels, o.Label)
		}
	}
	if slices.Contains(values, text) {
		return turn.Reply{Value: text}, nil
	}
	if v, ok := a.m.o.ParseReply(q.Kind, q.Options, lang, text); ok {
		return turn.Reply{Value: v}, nil
	}
	p := &protocol.Problem{Code: protocol.Invalid, Field: "value", Lang: lang, Text: protocol.WordYesNo, Args: []any{protocol.Excerpt(text)}}
	if q.Kind != turn.AskConfirm {
		p.Text, p.Args = protocol.WordChoice, append(p.Args, strings.Join(labels, ", "))
	}
	return turn.Reply{}, p
}

func noQuestion() error {
	return &protocol.Problem{Code: protocol.NotFound, Field: "question"}
}
