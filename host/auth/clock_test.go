package auth_test

import (
	"testing"
	"time"
)

// S12: a clock that is set by an hour ends tickets of before at most, and no key;
// what is made afterwards works as ever, and nothing works twice.
func TestAClockThatIsSetEndsNoKey(t *testing.T) {
	for _, jump := range []time.Duration{time.Hour, -time.Hour} {
		w := newWorld(t)
		u := w.user(t, "alice")
		key := w.key(t, u.ID)
		ticket, err := w.SignInTicket(t.Context(), u.ID)
		must(t, err)
		p, err := w.Authenticate(t.Context(), key)
		must(t, err)
		socket, err := w.SocketTicket(p)
		must(t, err)
		cookie, _, err := w.LogIn(t.Context(), key, "Firefox")
		must(t, err)

		w.now = w.now.Add(jump)
		for _, credential := range []string{key, cookie} {
			_, err = w.Authenticate(t.Context(), credential)
			must(t, err)
		}
		_, _, err = w.SignIn(t.Context(), ticket, "")
		if (err == nil) != (jump < 0) {
			t.Errorf("%s: a sign-in ticket of before: %v", jump, err)
		}
		_, err = w.TakeSocketTicket(t.Context(), socket)
		if (err == nil) != (jump < 0) {
			t.Errorf("%s: a socket's ticket of before: %v", jump, err)
		}
		_, _, err = w.SignIn(t.Context(), ticket, "")
		refused(t, err)
		_, err = w.TakeSocketTicket(t.Context(), socket)
		refused(t, err)

		ticket, err = w.SignInTicket(t.Context(), u.ID)
		must(t, err)
		_, _, err = w.SignIn(t.Context(), ticket, "")
		must(t, err)
	}
}
