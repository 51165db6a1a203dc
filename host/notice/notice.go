package notice

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Notice is something that an end user should know.
type Notice struct {
	ID      string
	User    string
	Plugin  string // whose it is; "" for the host itself
	Kind    string // timer, reminder, plugin or system
	Text    string
	Due     time.Time // when it became due
	Late    bool      // it was told later than it should have been
	Created time.Time
}

// MaxOpen is how many notices of one plugin may be open for an end user.
const MaxOpen = 100

var (
	// ErrTooMany says that a plugin has as many open notices as it may have.
	ErrTooMany = errors.New("too many open notices")
	// ErrNotFound says that there is no such open notice.
	ErrNotFound = errors.New("no such notice")
)

// Store keeps open notices. It is safe for concurrent use; what a method
// acknowledges is on disk.
type Store interface {
	// PutNotice keeps a notice. ErrTooMany: its plugin has limit open ones for
	// the end user.
	PutNotice(ctx context.Context, n Notice, limit int) error
	// OpenNotices lists an end user's, the oldest first.
	OpenNotices(ctx context.Context, user string) ([]Notice, error)
	// CloseNotice removes an open notice of an end user and returns it, or
	// ErrNotFound.
	CloseNotice(ctx context.Context, user, id string) (Notice, error)
}

// Options are what a [Room] works with.
type Options struct {
	Store Store
	Now   func() time.Time
	// Acknowledged is told of what a person acknowledged; nil tells no one. It
	// must return quickly.
	Acknowledged func(Notice)
	// Counted is told of each notice that became sent, acknowledged, withdrawn
	// or repeated; nil counts nothing.
	Counted func(state string)
	// Clean takes out of a text what must not be kept or shown; nil leaves it.
	Clean func(text string) string
}

// Room keeps notices and shows them to those who watch. Safe for concurrent
// use.
type Room struct {
	o Options

	mu       sync.Mutex
	watchers map[string]map[*watcher]struct{} // by user
	// quiet are end users who had nothing open when the store was asked last;
	// people connect far more often than they are told something.
	quiet map[string]bool
	sent  uint64 // notices, by which a look at the store may be overtaken
}

// watcher is one place where an end user may see notices.
type watcher struct {
	show  func(Notice)
	mu    sync.Mutex
	shown map[string]showing
}

// showing is how often and when a notice was shown last in one place.
type showing struct {
	times int
	at    time.Time
}

// pauses are the waits before a notice is shown again in the same place; the
// last one goes on.
var pauses = []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute}

// New returns a room.
func New(o Options) *Room {
	if o.Acknowledged == nil {
		o.Acknowledged = func(Notice) {}
	}
	if o.Counted == nil {
		o.Counted = func(string) {}
	}
	if o.Clean == nil {
		o.Clean = func(text string) string { return text }
	}
	return &Room{o: o, watchers: map[string]map[*watcher]struct{}{}, quiet: map[string]bool{}}
}

// Send keeps a notice and shows it wherever its end user watches. It returns
// the notice's id once it is on disk.
func (r *Room) Send(ctx context.Context, n Notice) (string, error) {
	n.ID, n.Created = "n_"+strings.ToLower(rand.Text()), r.o.Now()
	if n.Due.IsZero() {
		n.Due = n.Created
	}
	n.Text = r.o.Clean(n.Text)
	err := r.o.Store.PutNotice(ctx, n, MaxOpen)
	r.mu.Lock()
	r.sent++
	delete(r.quiet, n.User) // even so: whether it is on disk may be unknown
	r.mu.Unlock()
	if err != nil {
		return "", fmt.Errorf("keep notice: %w", err)
	}
	r.o.Counted("sent")
	for _, w := range r.watching(n.User) {
		w.offer(n, r.o.Now())
	}
	return n.ID, nil
}

// Acknowledge closes a notice of an end user, or returns ErrNotFound.
func (r *Room) Acknowledge(ctx context.Context, user, id string) error {
	n, err := r.o.Store.CloseNotice(ctx, user, id)
	if err != nil {
		return fmt.Errorf("acknowledge notice: %w", err)
	}
	r.o.Counted("acknowledged")
	r.o.Acknowledged(n)
	return nil
}

// Withdraw closes a plugin's notice; found tells whether it was open.
func (r *Room) Withdraw(ctx context.Context, plugin, user, id string) (found bool, err error) {
	open, err := r.o.Store.OpenNotices(ctx, user)
	if err != nil {
		return false, fmt.Errorf("withdraw notice: %w", err)
	}
	for _, n := range open {
		if n.ID != id || n.Plugin != plugin {
			continue
		}
		_, err := r.o.Store.CloseNotice(ctx, user, id)
		if errors.Is(err, ErrNotFound) {
			return false, nil // a person was faster
		}
		if err == nil {
			r.o.Counted("withdrawn")
		}
		return err == nil, err
	}
	return false, nil
}

// Open lists what an end user has not acknowledged, the oldest first.
func (r *Room) Open(ctx context.Context, user string) ([]Notice, error) {
	r.mu.Lock()
	quiet, sent := r.quiet[user], r.sent
	r.mu.Unlock()
	if quiet {
		return nil, nil
	}
	open, err := r.o.Store.OpenNotices(ctx, user)
	if err == nil && len(open) == 0 {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.sent == sent {
			r.quiet[user] = true
		}
	}
	return open, err
}

// Watch shows an end user's open notices, those of now and those to come, each
// again after a while, until stop is called. show must return quickly; it may
// be called from several goroutines.
func (r *Room) Watch(ctx context.Context, user string, show func(Notice)) (stop func(), err error) {
	w := &watcher{show: show, shown: map[string]showing{}}
	r.mu.Lock()
	if r.watchers[user] == nil {
		r.watchers[user] = map[*watcher]struct{}{}
	}
	r.watchers[user][w] = struct{}{}
	r.mu.Unlock()
	stop = func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.watchers[user], w)
		if len(r.watchers[user]) == 0 {
			delete(r.watchers, user)
		}
	}
	open, err := r.Open(ctx, user)
	if err != nil {
		stop()
		return nil, fmt.Errorf("read notices: %w", err)
	}
	for _, n := range open {
		w.offer(n, r.o.Now())
	}
	return stop, nil
}

func (r *Room) watching(user string) []*watcher {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []*watcher
	for w := range r.watchers[user] {
		all = append(all, w)
	}
	return all
}

func (r *Room) users() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for u := range r.watchers {
		all = append(all, u)
	}
	return all
}

// repeatEvery is how often the room looks what to show again.
const repeatEvery = 15 * time.Second

// Run shows again what nobody acknowledges, until ctx ends.
func (r *Room) Run(ctx context.Context) {
	tick := time.NewTicker(repeatEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.repeat(ctx)
		case <-ctx.Done():
			return
		}
	}
}

func (r *Room) repeat(ctx context.Context) {
	for _, user := range r.users() {
		open, err := r.Open(ctx, user)
		if err != nil {
			continue // the next look is soon
		}
		for _, w := range r.watching(user) {
			w.forget(open)
			for _, n := range open {
				if w.offer(n, r.o.Now()) {
					r.o.Counted("repeated")
				}
			}
		}
	}
}

// offer shows a notice unless it was shown here a moment ago; again tells
// whether it was shown here before.
func (w *watcher) offer(n Notice, now time.Time) (again bool) {
	w.mu.Lock()
	s := w.shown[n.ID]
	if s.times > 0 && now.Sub(s.at) < pauses[min(s.times-1, len(pauses)-1)] {
		w.mu.Unlock()
		return false
	}
	w.shown[n.ID] = showing{times: s.times + 1, at: now}
	w.mu.Unlock()
	w.show(n)
	return s.times > 0
}

// forget drops what is no longer open.
func (w *watcher) forget(open []Notice) {
	ids := map[string]bool{}
	for _, n := range open {
		ids[n.ID] = true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for id := range w.shown {
		if !ids[id] {
			delete(w.shown, id)
		}
	}
}
