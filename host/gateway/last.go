package gateway

import "github.com/jarvis-host/jarvis/host/auth"

// maxLast bounds the end users of one socket whose last sessions are known; an
// utterance of any further one without a session begins a new one.
const maxLast = 4096

// lastSession is what an utterance without a session belongs to.
type lastSession struct {
	session   string
	temporary bool
}

// lastSessions are those of the end users of one socket: one, but where a
// service speaks for several. The zero value is ready.
type lastSessions struct {
	user   string
	first  lastSession
	others map[string]lastSession
}

func (l *lastSessions) of(p auth.Principal) lastSession {
	if l.user == p.User.ID {
		return l.first
	}
	return l.others[p.User.ID]
}

func (l *lastSessions) set(p auth.Principal, last lastSession) {
	if l.user == "" || l.user == p.User.ID {
		l.user, l.first = p.User.ID, last
		return
	}
	if l.others == nil {
		l.others = map[string]lastSession{}
	}
	if _, known := l.others[p.User.ID]; !known && len(l.others) >= maxLast {
		for old := range l.others { // any one
			delete(l.others, old)
			break
		}
	}
	l.others[p.User.ID] = last
}
