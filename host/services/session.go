package services

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/jarvis-host/jarvis/host/notice"
	"github.com/jarvis-host/jarvis/sdk"
)

// Sessions are the conversations of end users. It is safe for concurrent use.
type Sessions interface {
	// SpeakUp says something in a user's session, and returns the turn that says it.
	// ErrNoSession: it is gone, or another's.
	SpeakUp(ctx context.Context, plugin, user, session, text string) (turn string, err error)
	// Called is whose session it is, if what is kept of it tells of a call of the
	// plugin; else ErrNoSession.
	Called(ctx context.Context, plugin, session string) (user string, err error)
}

// ErrNoSession says that a session is gone.
var ErrNoSession = errors.New("the session is gone")

// How much a plugin may say in a minute.
const (
	saysPerSession = 10
	saysPerPlugin  = 60
	sayingSpan     = time.Minute
	// maxVisited is how many sessions are known in which a plugin was called, the
	// latest ones.
	maxVisited = 10_000
)

// visits are the sessions of which is known that one plugin was called in them, and how much it said there.
// It outlives the plugin's processes. Safe for concurrent use.
type visits struct {
	mu       sync.Mutex
	sessions map[string]*visit
	order    []string // oldest first, each session once
	said     []time.Time
}

type visit struct {
	user string
	said []time.Time // within sayingSpan
}

// note takes down that the plugin was called in a session.
func (v *visits) note(session, user string) {
	if session == "" || user == "" {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.sessions[session] != nil {
		return
	}
	if len(v.order) == maxVisited {
		delete(v.sessions, v.order[0])
		v.order = v.order[1:]
	}
	v.sessions[session] = &visit{user: user}
	v.order = append(v.order, session)
}

// owner is whose session it is; false: the plugin was not called there.
func (v *visits) owner(session string) (user string, known bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.sessions[session]
	if s == nil {
		return "", false
	}
	return s.user, true
}

// count takes down that the plugin says something, unless it said too much.
func (v *visits) count(session string, now time.Time) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.sessions[session]
	if s == nil {
		s = &visit{} // forgotten meanwhile
	}
	v.said, s.said = since(v.said, now), since(s.said, now)
	if len(s.said) >= saysPerSession || len(v.said) >= saysPerPlugin {
		return fault(sdk.CodeTooLarge, "the plugin said %d things in this session and %d in all within a minute, at most %d and %d are allowed",
			len(s.said), len(v.said), saysPerSession, saysPerPlugin)
	}
	v.said, s.said = append(v.said, now), append(s.said, now)
	return nil
}

func since(times []time.Time, now time.Time) []time.Time {
	for len(times) > 0 && now.Sub(times[0]) >= sayingSpan {
		times = times[1:]
	}
	return times
}

// visitsOf are those of a plugin, whichever of its processes asks.
func (d *Desk) visitsOf(plugin string) *visits {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := d.visits[plugin]
	if v == nil {
		v = &visits{sessions: map[string]*visit{}}
		d.visits[plugin] = v
	}
	return v
}

// Say implements [sdk.Services].
func (g *guest) Say(ctx context.Context, call, session, text string) (sdk.Said, error) {
	if err := g.need(sdk.NeedSession, "", "Say", call); err != nil {
		return sdk.Said{}, err
	}
	if g.desk.o.Sessions == nil {
		return sdk.Said{}, absent("sessions")
	}
	info, session, err := g.where(ctx, call, session)
	if err != nil {
		return sdk.Said{}, err
	}
	chars := utf8.RuneCountInString(text)
	switch {
	case strings.TrimSpace(text) == "":
		return sdk.Said{}, fault(sdk.CodeInvalid, "text is empty")
	case chars > sdk.MaxSaid:
		return sdk.Said{}, fault(sdk.CodeTooLarge, "text has %d characters, expected at most %d", chars, sdk.MaxSaid)
	}
	if err := g.visits.count(session, g.desk.o.Now()); err != nil {
		return sdk.Said{}, err
	}
	turn, err := g.desk.o.Sessions.SpeakUp(ctx, g.plugin, info.User, session, text)
	if errors.Is(err, ErrNoSession) {
		return g.instead(ctx, info.User, text)
	}
	return sdk.Said{Turn: turn}, explain(err)
}

// where is in which session a plugin speaks, and whose that is.
func (g *guest) where(ctx context.Context, call, session string) (sdk.CallInfo, string, error) {
	info, err := g.who(call)
	if err != nil {
		return info, "", err
	}
	if session == "" {
		session = info.Session
	}
	if session == "" {
		return info, "", fault(sdk.CodeForbidden, "no session is named, and no call that has one: keep CallInfo.session of a call")
	}
	owner, known := g.visits.owner(session)
	if !known {
		owner, err = g.desk.o.Sessions.Called(ctx, g.plugin, session)
		if err != nil && !errors.Is(err, ErrNoSession) {
			return info, "", explain(err)
		}
		if known = err == nil; known {
			g.visits.note(session, owner)
		}
	}
	if !known || info.User != "" && info.User != owner {
		return info, "", fault(sdk.CodeForbidden, "the plugin was not called in session %.64q", session)
	}
	info.User = owner
	return info, session, nil
}

// instead makes a notice of what was to be said in a session that is gone.
func (g *guest) instead(ctx context.Context, user, text string) (sdk.Said, error) {
	if g.desk.o.Notices == nil || !g.has(sdk.NeedNotify, "") {
		return sdk.Said{}, fault(sdk.CodeNotFound, "the session is gone: with the need %q the host makes it a notice", sdk.NeedNotify)
	}
	id, err := g.desk.o.Notices.Send(ctx, notice.Notice{User: user, Plugin: g.plugin, Kind: "plugin", Text: text})
	return sdk.Said{Notice: id}, explain(err)
}
