package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

// Say accepts an utterance, durably, and subscribes sub to its session; sub may
// be nil. The accepted frame reaches every subscriber, sub too. An utterance
// whose id the session knows is not run again: accepted is the frame of the
// first time, and no one is sent it. Without a session a new one is made.
func (m *Manager) Say(ctx context.Context, who Identity, s protocol.Say, sub Subscriber) (session string, accepted Frame, err error) {
	if p := s.Check(); p != nil {
		return "", Frame{}, p
	}
	if s.Session != "" {
		accepted, err = within(ctx, m, who.User, s.Session, func(a *actor) (Frame, error) { return a.say(who, s, sub) })
		return s.Session, accepted, err
	}
	a, err := m.create(who.User, s.Temporary, s.Text)
	if err != nil {
		return "", Frame{}, err
	}
	accepted, err = perform(ctx, a, func() (Frame, error) { return a.say(who, s, sub) })
	if errors.Is(err, errGone) {
		err = drainingProblem() // nothing else ends a session that is just made
	}
	return a.meta.ID, accepted, err
}

// Stop ends the running turn and what is queued behind it; with a turn that
// waits, that one and those behind it. It returns when all of them are told,
// which does not wait for an answerer that lingers.
func (m *Manager) Stop(ctx context.Context, who Identity, session, turn string) error {
	closed, err := within(ctx, m, who.User, session, func(a *actor) (<-chan struct{}, error) { return a.stop(turn) })
	if err != nil {
		return err
	}
	if closed == nil {
		return &protocol.Problem{Code: protocol.NotFound, Text: protocol.WordNothingToStop}
	}
	select {
	case <-closed:
		return nil
	case <-m.quit:
		return drainingProblem()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Resume sends sub the durable frames that it missed and the running turn's
// text from where it was, and subscribes it: nothing is left out, nothing
// comes twice.
func (m *Manager) Resume(ctx context.Context, who Identity, r protocol.Resume, sub Subscriber) error {
	if p := r.Check(); p != nil {
		return p
	}
	_, err := within(ctx, m, who.User, r.Session, func(a *actor) (struct{}, error) { return struct{}{}, a.resume(r, sub) })
	return err
}

// Reply answers an open question of one of who's sessions.
func (m *Manager) Reply(ctx context.Context, who Identity, question string, value json.RawMessage) error {
	r := protocol.Reply{Question: question, Value: value}
	if p := r.Check(); p != nil {
		return p
	}
	m.mu.Lock()
	a := m.questions[question]
	m.mu.Unlock()
	if a == nil || a.meta.User != who.User {
		return noQuestion()
	}
	_, err := perform(ctx, a, func() (struct{}, error) { return struct{}{}, a.reply(who, question, value) })
	if errors.Is(err, errGone) {
		return noQuestion()
	}
	return err
}

// Unsubscribe ends all subscriptions of sub. Nothing reaches it afterwards;
// what runs goes on, or ends where no one else follows it and StopUnwatched is
// set.
func (m *Manager) Unsubscribe(sub Subscriber) {
	for _, session := range m.unfollow(sub) {
		if m.o.StopUnwatched {
			m.stopUnwatched(session)
		}
	}
}

// unfollow returns the sessions that no one follows any more.
func (m *Manager) unfollow(sub Subscriber) (left []string) {
	m.following.Lock()
	defer m.following.Unlock()
	for r := range m.rooms[sub] {
		r.leave(sub)
		if r.empty() {
			left = append(left, r.session)
		}
	}
	delete(m.rooms, sub)
	return left
}

// stopUnwatched ends what runs in a session, unless someone came back to it.
func (m *Manager) stopUnwatched(session string) {
	m.mu.Lock()
	a := m.actors[session]
	m.mu.Unlock()
	if a == nil {
		return // nothing runs
	}
	// A session that ends meanwhile has nothing to stop.
	_, _ = perform(context.Background(), a, func() (struct{}, error) {
		if a.run != nil && a.room.empty() {
			a.halt(turn.Stopped)
		}
		return struct{}{}, nil
	})
}

// resume is Resume on the session's goroutine: no frame can come in between.
func (a *actor) resume(r protocol.Resume, sub Subscriber) error {
	if err := a.load(); err != nil {
		return unavailable(err)
	}
	if r.After > a.seq {
		return protocol.BadValue("after", fmt.Sprint(r.After), fmt.Sprintf("<= %d", a.seq))
	}
	from := func(turn string) int {
		if turn == r.Turn {
			return r.Offset
		}
		return 0
	}
	if has, ok := a.room.spoken(r.Turn); ok && r.Offset > has {
		return protocol.BadValue("offset", fmt.Sprint(r.Offset), fmt.Sprintf("<= %d", has))
	}
	frames, err := a.missed(r.After)
	if err != nil {
		return unavailable(err)
	}
	a.m.follow(sub, a.room, frames, from)
	return nil
}

// replayPage is how many frames are read at a time.
const replayPage = 256

// missed reads the frames after seq: as many of the newest as a subscriber can
// be sent at once, and before them a gap for the others.
func (a *actor) missed(seq int64) ([]Frame, error) {
	var frames []Frame
	size, last := 0, seq
	for last < a.seq {
		page, err := a.store.Frames(context.Background(), a.meta.ID, last, replayPage)
		if err != nil {
			return nil, fmt.Errorf("read frames: %w", err)
		}
		if len(page) == 0 {
			break
		}
		for _, f := range page {
			size += len(f.Body)
		}
		frames, last = append(frames, page...), page[len(page)-1].Seq
		for size > a.m.o.MaxReplay && len(frames) > 1 {
			size -= len(frames[0].Body)
			frames = frames[1:]
		}
	}
	if len(frames) > 0 && frames[0].Seq > seq+1 {
		frames = append([]Frame{gapFrame(a.meta.ID, seq+1, frames[0].Seq-1)}, frames...)
	}
	return frames, nil
}
