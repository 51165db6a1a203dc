package auth_test

import (
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/auth"
)

func TestATicketOfAnotherProcessSignsABrowserInOnce(t *testing.T) {
	w := newWorld(t)
	u := w.user(t, "alice")
	ticket, err := w.another(t).SignInTicket(t.Context(), u.ID)
	must(t, err)
	cookie, p, err := w.SignIn(t.Context(), ticket, "Firefox")
	must(t, err)
	if p.User.ID != u.ID || p.Kind != auth.KindBrowser || !p.Expires.Equal(w.now.Add(30*24*time.Hour)) {
		t.Errorf("got %+v, want alice's browser for 30 days", p)
	}
	_, err = w.another(t).Authenticate(t.Context(), cookie) // a restarted host
	must(t, err)
	_, _, err = w.SignIn(t.Context(), ticket, "thief")
	refused(t, err)
	_, _, err = w.another(t).SignIn(t.Context(), ticket, "thief")
	refused(t, err)
}

func TestASignInTicketLivesTenMinutes(t *testing.T) {
	w := newWorld(t)
	u := w.user(t, "alice")
	for _, c := range []struct {
		after time.Duration
		ok    bool
	}{{10*time.Minute - time.Millisecond, true}, {10 * time.Minute, false}} {
		ticket, err := w.SignInTicket(t.Context(), u.ID)
		must(t, err)
		w.now = w.now.Add(c.after)
		_, _, err = w.SignIn(t.Context(), ticket, "")
		if (err == nil) != c.ok {
			t.Errorf("after %s: %v", c.after, err)
		}
	}
}

func TestATicketIsNoKeyAndAKeyNoTicket(t *testing.T) {
	w := newWorld(t)
	u := w.user(t, "alice")
	ticket, err := w.SignInTicket(t.Context(), u.ID)
	must(t, err)
	_, err = w.Authenticate(t.Context(), ticket)
	refused(t, err)
	_, _, err = w.SignIn(t.Context(), w.key(t, u.ID), "")
	refused(t, err)
	_, err = w.TakeSocketTicket(t.Context(), ticket)
	refused(t, err)
}

func TestOnlyAProgramsKeyLogsIn(t *testing.T) {
	w := newWorld(t)
	u := w.user(t, "alice")
	cookie, _, err := w.LogIn(t.Context(), w.key(t, u.ID), "Firefox")
	must(t, err)
	_, _, err = w.LogIn(t.Context(), cookie, "again") // would live for ever
	refused(t, err)
}

func TestASocketTicketOpensOneSocketWithinThirtySeconds(t *testing.T) {
	w := newWorld(t)
	u := w.user(t, "alice")
	p, err := w.Authenticate(t.Context(), w.key(t, u.ID))
	must(t, err)
	ticket, err := w.SocketTicket(p)
	must(t, err)
	w.now = w.now.Add(30*time.Second - time.Millisecond)
	got, err := w.TakeSocketTicket(t.Context(), ticket)
	must(t, err)
	if got.User.ID != u.ID || got.Key != p.Key {
		t.Errorf("got %+v, want the credential that asked", got)
	}
	_, err = w.TakeSocketTicket(t.Context(), ticket)
	refused(t, err)

	late, err := w.SocketTicket(p)
	must(t, err)
	w.now = w.now.Add(30 * time.Second)
	_, err = w.TakeSocketTicket(t.Context(), late)
	refused(t, err)
}

func TestASocketTicketFallsWithItsKey(t *testing.T) {
	w := newWorld(t)
	u := w.user(t, "alice")
	p, err := w.Authenticate(t.Context(), w.key(t, u.ID))
	must(t, err)
	ticket, err := w.SocketTicket(p)
	must(t, err)
	must(t, w.RevokeKey(t.Context(), u.ID, p.Key))
	_, err = w.TakeSocketTicket(t.Context(), ticket)
	refused(t, err)
}

func TestUnusedSocketTicketsAreBounded(t *testing.T) {
	w := newWorld(t)
	p, err := w.Authenticate(t.Context(), w.key(t, w.user(t, "alice").ID))
	must(t, err)
	for range 10_000 {
		_, err = w.SocketTicket(p)
		must(t, err)
	}
	if _, err = w.SocketTicket(p); err == nil {
		t.Error("ticket 10,001 was given out")
	}
	w.now = w.now.Add(auth.SocketTicketLife)
	_, err = w.SocketTicket(p)
	must(t, err)
}
