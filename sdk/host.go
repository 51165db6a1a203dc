package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jarvis-host/jarvis/sdk/address"
)

// The kinds of needs that services of the host ask for.
const (
	NeedNet      = "net" // scope is host:port or config:/pointer
	NeedKV       = "kv"
	NeedSchedule = "schedule"
	NeedNotify   = "notify"
	NeedSession  = "session"
	NeedLLM      = "llm"
	NeedMemory   = "memory" // scope read or write
	NeedSecret   = "secret" // scope is the secret's name
)

// Host is what the host does for a plugin. That of a [Call] acts for the call's
// end user, until the call is over; that of [Plugin.Host] acts for nobody, and
// reaches only what belongs to nobody: global values, schedules without an end
// user, secrets, the model. Each service wants a need of its name, see
// [Plugin.Needs]; without the grant, errors have the code forbidden and name
// it. Safe for concurrent use.
type Host struct {
	owner *Plugin
	call  string
}

// Host returns the host's services for what no call led to.
func (p *Plugin) Host() Host { return Host{owner: p} }

func (h Host) services() Services { return h.owner.link.services() }

// KV returns the values of a scope. Need: kv.
func (h Host) KV(scope Scope) KV { return KV{host: h, scope: scope} }

// Schedule makes the host call the plugin's [Plugin.OnSchedule] when s is due,
// also after a restart of either, and returns the first time. It belongs to the
// end user and session of the call. Need: schedule.
func (h Host) Schedule(ctx context.Context, s Schedule) (next time.Time, err error) {
	return h.services().PutSchedule(ctx, h.call, s)
}

// Schedules lists what is still to fire for the current end user, by when it is
// due. Need: schedule.
func (h Host) Schedules(ctx context.Context) ([]Pending, error) {
	return h.services().ListSchedules(ctx, h.call)
}

// Unschedule removes a schedule; found tells whether there was one. Need:
// schedule.
func (h Host) Unschedule(ctx context.Context, name string) (found bool, err error) {
	return h.services().CancelSchedule(ctx, h.call, name)
}

// Notify tells the current end user something outside of the conversation. It
// is repeated until a person acknowledges it; the id names it for Withdraw and
// for [Plugin.OnNotice]. Need: notify.
func (h Host) Notify(ctx context.Context, n Notice) (id string, err error) {
	return h.services().Notify(ctx, h.call, n)
}

// Withdraw takes a notice back; found tells whether it was still open. Need:
// notify.
func (h Host) Withdraw(ctx context.Context, id string) (found bool, err error) {
	return h.services().WithdrawNotice(ctx, h.call, id)
}

// Session is a conversation of an end user in which the plugin was called; "" is that
// of the call. Keep [CallInfo.Session] to come back to it later.
func (h Host) Session(id string) Session { return Session{host: h, id: id} }

// Session is a conversation of an end user.
type Session struct {
	host Host
	id   string
}

// Say says something that nobody asked for: a turn of its own, which everyone who
// follows the session sees at once, and finds in it later; it is kept when Say
// returns. For what belongs to the answer of a call there is [Call.Text]. A plugin
// may say ten things a minute in a session and sixty in all, of at most MaxSaid
// characters, and only where it was called. If the session is gone, the text becomes
// a notice where notify is granted too, and is not_found otherwise. Need: session.
func (s Session) Say(ctx context.Context, text string) (Said, error) {
	return s.host.services().Say(ctx, s.host.call, s.id, text)
}

// Dial opens a TCP connection to host:port, within the grants: through the host where
// the plugin has no network of its own, else by itself. The context bounds its
// beginning. What speaks HTTP does so by itself, see [Call.HTTP]. Need: net, with a
// scope that covers the place.
func (h Host) Dial(ctx context.Context, hostPort string) (net.Conn, error) {
	return h.owner.dial(ctx, h.call, hostPort)
}

// dial connects within the grants. The host looks at them too, and knows better.
func (p *Plugin) dial(ctx context.Context, call, hostPort string) (net.Conn, error) {
	if !p.link.brokered() {
		return p.grants.dial(ctx, "tcp", hostPort)
	}
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, &Error{Code: CodeInvalid, Err: fmt.Errorf("dial: %w", err)}
	}
	if _, err := p.grants.reach(address.Canonical(host), port); err != nil {
		return nil, err
	}
	return p.link.services().Dial(ctx, call, hostPort)
}

// Secret returns a secret that the operator set for this plugin under
// plugins.<id>.secrets. Need: secret, with its name as the scope.
func (h Host) Secret(ctx context.Context, name string) (string, error) {
	return h.services().Secret(ctx, h.call, name)
}

// Generate lets a language model answer, piece by piece; the answer is whole
// when the sequence ends without an error. It counts against the plugin's
// budget of tokens. Need: llm.
func (h Host) Generate(ctx context.Context, p Prompt) iter.Seq2[string, error] {
	return h.services().Generate(ctx, h.call, p)
}

// Complete is Generate for the whole answer to one question.
func (h Host) Complete(ctx context.Context, question string) (string, error) {
	var b strings.Builder
	for piece, err := range h.Generate(ctx, Prompt{Messages: []Message{{Role: "user", Text: question}}}) {
		if err != nil {
			return "", err
		}
		b.WriteString(piece)
	}
	return b.String(), nil
}

// Embed returns a vector for each text, and the model that made them: vectors
// of different models can't be compared. Need: llm.
func (h Host) Embed(ctx context.Context, texts ...string) (model string, vectors [][]float32, err error) {
	return h.services().Embed(ctx, h.call, texts)
}

// Memories finds what the host remembers of the current end user, best first,
// at most limit (0 is 10). Need: memory read.
func (h Host) Memories(ctx context.Context, query string, limit int) ([]Memory, error) {
	return h.services().SearchMemory(ctx, h.call, query, limit)
}

// Remember keeps a fact about the current end user, a sentence in their
// language. Need: memory write.
func (h Host) Remember(ctx context.Context, text string) (id string, err error) {
	return h.services().Remember(ctx, h.call, text)
}

// Forget removes one memory of the current end user. Need: memory write.
func (h Host) Forget(ctx context.Context, id string) (found bool, err error) {
	return h.services().Forget(ctx, h.call, id)
}

// KV is the values of one scope. Values are JSON; a plugin keeps at most 10,000
// of them and 16 MiB in all its scopes.
type KV struct {
	host  Host
	scope Scope
}

// Get decodes the value of a key into v, a pointer; found is false when there
// is none.
func (k KV) Get(ctx context.Context, key string, v any) (found bool, err error) {
	kept, err := k.host.services().GetValue(ctx, k.host.call, k.scope, key)
	if err != nil || kept == nil {
		return false, err
	}
	if err := json.Unmarshal(kept.Data, v); err != nil {
		return true, fmt.Errorf("decode value %q: %w", key, err)
	}
	return true, nil
}

// Set keeps a value; it is on disk when Set returns.
func (k KV) Set(ctx context.Context, key string, v any) error { return k.SetFor(ctx, key, v, 0) }

// SetFor keeps a value for some time.
func (k KV) SetFor(ctx context.Context, key string, v any, ttl time.Duration) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode value %q: %w", key, err)
	}
	_, err = k.host.services().SetValue(ctx, k.host.call, k.scope, key, raw, ttl, nil)
	return err
}

// Delete removes a value; found tells whether there was one.
func (k KV) Delete(ctx context.Context, key string) (found bool, err error) {
	return k.host.services().DeleteValue(ctx, k.host.call, k.scope, key, nil)
}

// Keys lists the keys with a prefix, in the order of their bytes.
func (k KV) Keys(ctx context.Context, prefix string) ([]string, error) {
	var all []string
	for after := ""; ; after = all[len(all)-1] {
		page, err := k.host.services().ListValues(ctx, k.host.call, k.scope, prefix, after, keyPage)
		all = append(all, page...)
		if err != nil || len(page) < keyPage {
			return all, err
		}
	}
}

const (
	keyPage  = 1000
	maxSwaps = 16
)

// Update changes a value as if nobody else did meanwhile: change gets what is
// there, or T's zero value, and returns what to keep. It may run several times,
// so it must do nothing else. A value that keeps changing is a conflict.
func Update[T any](ctx context.Context, k KV, key string, change func(T) (T, error)) error {
	for range maxSwaps {
		kept, err := k.host.services().GetValue(ctx, k.host.call, k.scope, key)
		if err != nil {
			return err
		}
		var v T
		var version int64
		if kept != nil {
			version = kept.Version
			if err := json.Unmarshal(kept.Data, &v); err != nil {
				return fmt.Errorf("decode value %q: %w", key, err)
			}
		}
		if v, err = change(v); err != nil {
			return err
		}
		raw, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("encode value %q: %w", key, err)
		}
		_, err = k.host.services().SetValue(ctx, k.host.call, k.scope, key, raw, 0, &version)
		if ErrorCode(err) != CodeConflict {
			return err
		}
	}
	return &Error{Code: CodeConflict, Err: fmt.Errorf("value %q was changed by others %d times meanwhile", key, maxSwaps)}
}

// link is the way to the host's services, made anew when the host says where
// they are.
type link struct {
	mu     sync.Mutex
	access HostAccess
	now    Services // nil: none
}

// errNoHost is what every service answers without a host.
var errNoHost = errors.New("host offers no services")

func (l *link) services() Services {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.now == nil {
		return noServices{}
	}
	return l.now
}

// brokered tells whether connections go through the host.
func (l *link) brokered() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.access.Brokered
}

// connect takes over where the services are.
func (l *link) connect(a HostAccess, dial func(HostAccess) (Services, error)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a == l.access || dial == nil {
		return nil
	}
	var next Services
	if a != (HostAccess{}) {
		var err error
		if next, err = dial(a); err != nil {
			return fmt.Errorf("reach host's services: %w", err)
		}
	}
	if c, ok := l.now.(io.Closer); ok {
		_ = c.Close()
	}
	l.access, l.now = a, next
	return nil
}

// granted tells whether a need was granted, for checks of an author's own.
func (g *grants) granted(kind, scope string) bool {
	now := g.now.Load()
	return now != nil && slices.ContainsFunc(now.needs, func(n Need) bool { return n.Kind == kind && n.Scope == scope })
}

// Granted tells whether the operator granted a need: what a plugin can do
// without, it should.
func (p *Plugin) Granted(kind, scope string) bool { return p.grants.granted(kind, scope) }
