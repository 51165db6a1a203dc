package session

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

// stamp is RFC 3339 with milliseconds.
const stamp = "2006-01-02T15:04:05.000Z07:00"

// encode writes a frame's JSON. The frames of package protocol hold nothing
// that can't be encoded.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // no frame is put into a page as it is
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("encode %T: %v", v, err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// header is the head of a turn's frame; seq counts from the last one kept.
func (a *actor) header(kind, turnID string, ahead int) protocol.Head {
	return protocol.Head{Type: kind, Session: a.meta.ID, Turn: turnID, Seq: a.seq + 1 + int64(ahead)}
}

func framed(h protocol.Head, v any) Frame {
	return Frame{Seq: h.Seq, Turn: h.Turn, Type: h.Type, Body: encode(v)}
}

// acceptedEntry is the step of an utterance that turnID takes up. ahead counts
// the steps that are kept with it, before it.
func (a *actor) acceptedEntry(u *utterance, turnID string, ahead int) Entry {
	h := a.header(protocol.TypeAccepted, turnID, ahead)
	return Entry{
		Frame: framed(h, protocol.Accepted{
			Head: h, ID: u.client, Text: u.text, Lang: u.lang, At: u.at.UTC().Format(stamp), Durable: !a.meta.Temporary,
		}),
		ClientID: u.client,
		Message:  &turn.Message{ID: messageID(h.Seq), Turn: turnID, Role: turn.FromUser, Text: u.text, At: u.at},
	}
}

func (a *actor) toolEntry(turnID string, e turn.ToolStep) Entry {
	h := a.header(protocol.TypeTool, turnID, 0)
	return Entry{Frame: framed(h, protocol.Tool{
		Head: h, Call: e.Call, Plugin: e.Plugin, Tool: e.Tool, State: string(e.State), Summary: e.Summary,
		At: a.m.o.Now().UTC().Format(stamp),
	})}
}

func (a *actor) questionEntry(turnID string, q *turn.Question) Entry {
	h := a.header(protocol.TypeQuestion, turnID, 0)
	f := protocol.Question{
		Head: h, Question: q.ID, Kind: string(q.Kind), Text: q.Text, Call: q.Call,
		ExpiresIn: int(math.Ceil(q.ExpiresIn.Seconds())),
	}
	for _, o := range q.Options {
		f.Options = append(f.Options, protocol.Option(o))
	}
	return Entry{Frame: framed(h, f)}
}

// doneEntry is the step that ends a turn.
func doneEntry(h protocol.Head, d turn.Done, now time.Time) Entry {
	f := protocol.Done{
		Head: h, Text: d.Text, State: string(d.State), Code: d.Code, Source: string(d.Source),
		Degraded: d.Degraded, Lang: d.Lang, MemorySaved: d.MemorySaved,
	}
	for _, m := range d.Memory {
		f.Memory = append(f.Memory, protocol.Recollection{ID: m.ID, Quote: m.Quote, At: m.At})
	}
	if d.Usage != nil {
		u := protocol.Usage(*d.Usage)
		f.Usage = &u
	}
	return Entry{
		Frame: framed(h, f),
		Message: &turn.Message{
			ID: messageID(h.Seq), Turn: h.Turn, Role: turn.FromAssistant, Text: d.Text, At: now, State: d.State,
		},
	}
}

func messageID(seq int64) string { return fmt.Sprintf("m%d", seq) }

// gapFrame stands for frames that are no longer kept.
func gapFrame(session string, from, to int64) Frame {
	return Frame{
		Seq: to, Type: protocol.TypeGap,
		Body: encode(protocol.Gap{Type: protocol.TypeGap, Session: session, From: from, To: to}),
	}
}

// partialVar is the session's variable that holds the text of an open turn.
const partialVar = "session.partial"

// partial is the text of an open turn as it is kept.
type partial struct {
	Turn    string `json:"turn"`
	Text    string `json:"text"`
	Foreign bool   `json:"foreign,omitzero"` // a plugin's words are in it
}

// partial returns the variable with the running turn's text, nil when all of
// it is kept.
func (a *actor) partial() []Var {
	if a.run == nil || a.meta.Temporary {
		return nil
	}
	text := a.room.sofar()
	if len(text) == a.saved {
		return nil
	}
	a.run.unsaved = len(text)
	return []Var{{Name: partialVar, Value: encode(partial{Turn: a.run.turn.ID, Text: text, Foreign: a.run.foreign.Load()})}}
}
