package host

import (
	"cmp"
	"context"
	"iter"
	"net/http"
	"slices"
	"time"

	"github.com/jarvis-host/jarvis/host/compat"
	"github.com/jarvis-host/jarvis/host/gateway"
	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/texts"
	"github.com/jarvis-host/jarvis/host/turn"
)

// compatDoors let programs made for other servers talk with the assistant.
func (h *Host) compatDoors() (doors []gateway.Door) {
	door := compat.New(h.o.Version, time.Now, func(q *turn.Question, text string) turn.Reply {
		value, ok := parseReply(q.Kind, q.Options, "", text)
		return turn.Reply{Value: value, Expired: !ok}
	})
	h.onStop("waiting answers", func(context.Context) error { door.Close(); return nil })
	for _, r := range door.Routes() {
		doors = append(doors, gateway.Door{Method: r.Method, Path: r.Path, Impersonal: r.Impersonal, Serve: func(
			w http.ResponseWriter, req *http.Request, body []byte, who session.Identity, allow func() error,
		) {
			r.Serve(w, req, body, who, &engine{h: h, allow: allow})
		}})
	}
	return doors
}

// engine implements compat.Engine for one request.
type engine struct {
	h     *Host
	allow func() error
}

// Assist implements compat.Engine. The state of plugins is the end user's own,
// whichever program speaks for them.
func (e *engine) Assist(ctx context.Context, who session.Identity, u compat.Utterance) iter.Seq2[turn.Event, error] {
	d := &direct{e.h}
	t := d.turn(who)
	clean := e.h.scrubber.ScrubKnown
	t.Session, t.Text, t.History, t.Remember = "compat-"+t.ID, clean(u.Text), slices.Clone(u.History), u.Remember
	for i := range t.History {
		t.History[i].Text = clean(t.History[i].Text)
	}
	t.Lang = e.h.detect(u.Text, who.Lang)
	return e.h.answerer.Answer(ctx, t)
}

// Complete implements compat.Engine.
func (e *engine) Complete(ctx context.Context, who session.Identity, q llm.Request) iter.Seq2[llm.Event, error] {
	q.User, q.Role, q.RequestID, q.TraceParent = who.User, string(who.Role), who.RequestID, who.TraceParent
	return e.h.model.Stream(ctx, q)
}

// Embed implements compat.Engine.
func (e *engine) Embed(ctx context.Context, who session.Identity, q llm.EmbedRequest) (llm.Embeddings, error) {
	q.User, q.RequestID, q.TraceParent = who.User, who.RequestID, who.TraceParent
	return e.h.model.Embed(ctx, q)
}

// Models implements compat.Engine.
func (e *engine) Models(session.Identity) []compat.Model {
	list := []compat.Model{{Name: compat.Assistant, Owner: compat.Assistant, Tools: true, Since: started}}
	for _, r := range e.h.model.Health() {
		if slices.ContainsFunc(list, func(m compat.Model) bool { return m.Name == r.Name }) {
			continue
		}
		list = append(list, compat.Model{
			Name: r.Name, Owner: r.Provider, Window: r.Info.Window, Since: r.Since,
			Tools: r.Info.Can(llm.CanTools), Embeds: slices.Contains(r.Info.Capabilities, llm.CanEmbed),
		})
		list[0].Window = cmp.Or(list[0].Window, r.Info.Window)
	}
	return list
}

// modelNames lists the models of all providers.
func (h *Host) modelNames() (names []string) {
	for _, r := range h.model.Health() {
		if !slices.Contains(names, r.Name) {
			names = append(names, r.Name)
		}
	}
	return names
}

// started is when this program was: the assistant is as old.
var started = time.Now()

// Words implements compat.Engine.
func (e *engine) Words(lang, key string, args ...any) string {
	return texts.Get(e.h.detect("", lang), key, args...)
}

// Allow implements compat.Engine.
func (e *engine) Allow() error { return e.allow() }
