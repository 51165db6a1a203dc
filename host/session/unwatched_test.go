package session_test

import (
	"testing"
	"time"
)

func TestWhatNoOneFollowsGoesOnOrEndsByPolicy(t *testing.T) { // F15
	for _, stop := range []bool{false, true} {
		o := options(nil)
		o.StopUnwatched = stop
		bubbleWith(t, o, func(w *world) {
			t := w.t
			open := make(chan struct{})
			w.scripts["wait"] = waits(open, "half")
			w.say("wait")
			settle()
			other := newDevice(t)
			w.resume(other, "")
			w.Unsubscribe(w.device)
			pass(time.Second)
			if len(other.done()) != 0 {
				t.Errorf("stop %v: the turn ended though another device follows it", stop)
			}
			w.Unsubscribe(other)
			pass(time.Second)
			close(open)
			settle()
			m := w.messages()
			if want := map[bool]string{true: "half", false: "half."}[stop]; len(m) != 2 || m[1].Text != want {
				t.Errorf("stop %v: messages are %+v, want the answer %q", stop, m, want)
			}
		})
	}
}
