package compat

import (
	"context"
	"crypto/sha256"
	"iter"
	"sync"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/turn"
)

// turnOn is an answer of the assistant that may wait for a reply. Its own
// context outlives the request that began it.
type turnOn struct {
	cancel   context.CancelFunc
	question *turn.Question
	parse    func(q *turn.Question, text string) turn.Reply

	mu      sync.Mutex // held while the answer's code runs
	pull    func() (turn.Event, error, bool)
	release func()
}

// begin starts an answer.
func begin(ctx context.Context, answer func(ctx context.Context) iter.Seq2[turn.Event, error]) *turnOn {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p := &turnOn{cancel: cancel}
	p.pull, p.release = iter.Pull2(answer(ctx))
	return p
}

// next is the answer's next event; false means that it is over.
func (p *turnOn) next() (turn.Event, error, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pull()
}

// end gives the answer up; what it began is cancelled.
func (p *turnOn) end() {
	p.cancel()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.release()
}

func (p *turnOn) reply(text string) { p.question.Reply = p.parse(p.question, text) }

// paused are the answers that wait for a reply, by what was said so far: the
// next request of the same end user repeats it. They are given up when their
// question has expired.
type paused struct {
	now   func() time.Time
	parse func(q *turn.Question, text string) turn.Reply

	mu   sync.Mutex
	open map[[32]byte]waiting
}

type waiting struct {
	*turnOn
	until time.Time
}

// maxPaused bounds how many answers wait at once; the oldest makes room.
const maxPaused = 256

func (p *paused) put(user string, said []llm.Message, t *turnOn, q *turn.Question) {
	t.question, t.parse = q, p.parse
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep()
	if p.open == nil {
		p.open = map[[32]byte]waiting{}
	}
	key := keyOf(user, said)
	if old, ok := p.open[key]; ok {
		go old.end()
	}
	p.open[key] = waiting{t, p.now().Add(q.ExpiresIn)}
}

// take returns the answer that waits behind what was said, or nil.
func (p *paused) take(user string, said []llm.Message) *turnOn {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep()
	key := keyOf(user, said)
	w, ok := p.open[key]
	if !ok {
		return nil
	}
	delete(p.open, key)
	return w.turnOn
}

// sweep gives up what has expired, and the oldest when there are too many.
func (p *paused) sweep() {
	now := p.now()
	var oldest [32]byte
	var first time.Time
	for key, w := range p.open {
		if !now.Before(w.until) {
			delete(p.open, key)
			go w.end()
			continue
		}
		if first.IsZero() || w.until.Before(first) {
			oldest, first = key, w.until
		}
	}
	if len(p.open) >= maxPaused {
		go p.open[oldest].end()
		delete(p.open, oldest)
	}
}

// close gives everything up.
func (p *paused) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, w := range p.open {
		delete(p.open, key)
		w.end()
	}
}

// keyOf is a digest of who said what: system prompts, which some programs
// change with the time of day, are left out.
func keyOf(user string, said []llm.Message) [32]byte {
	h := sha256.New()
	h.Write([]byte(user))
	for _, m := range said {
		if m.Role == llm.User || m.Role == llm.Assistant {
			h.Write([]byte("\x00" + string(m.Role) + "\x00" + m.Content))
		}
	}
	return [32]byte(h.Sum(nil))
}
