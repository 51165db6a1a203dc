package session

import (
	"context"
	"errors"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

// SpeakUp says something in an end user's session that no utterance led to, such as
// what a plugin has to tell: a turn of its own, which is a done frame and nothing
// else. It may come while another turn runs, and changes nothing of that. The turn is
// on disk when SpeakUp returns.
func (m *Manager) SpeakUp(ctx context.Context, user, session, text string) (turnID string, err error) {
	if p := protocol.CheckText("text", text); p != nil {
		return "", p
	}
	return within(ctx, m, user, session, func(a *actor) (string, error) { return a.speakUp(valid(text)) })
}

func (a *actor) speakUp(text string) (string, error) {
	if err := a.load(); err != nil {
		return "", unavailable(err)
	}
	if a.fresh {
		return "", ErrNotFound // it comes to be with its first utterance
	}
	if err := a.m.begin(); err != nil {
		return "", err
	}
	defer a.m.ended(1)
	id := a.m.newTurn()
	said := doneEntry(a.header(protocol.TypeDone, id, 0),
		turn.Done{Text: text, State: turn.Answered, Source: turn.SourceDialogue, Lang: a.lang}, a.m.o.Now())
	said.Message.Foreign = true
	frames, err := a.keep(said)
	if errors.Is(err, ErrNotFound) {
		return "", err
	}
	if err != nil {
		return "", unavailable(err)
	}
	a.room.publish(frames...)
	return id, nil
}
