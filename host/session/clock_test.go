package session_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// S12: a clock that is set, in the middle of a turn too, changes neither the
// order of frames and messages nor how long an answer may take to come.
func TestAClockThatIsSetChangesNoOrder(t *testing.T) {
	for _, jump := range []time.Duration{-time.Hour, time.Hour} {
		var ahead atomic.Int64
		o := options(nil)
		o.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
		bubbleWith(t, o, func(w *world) {
			open := make(chan struct{})
			w.scripts["long"] = waits(open, "half")
			w.say("one")
			settle()
			w.say("long")
			settle()
			ahead.Store(int64(jump))
			w.say("three")
			pass(time.Minute)
			close(open)
			settle()
			w.say("four")
			settle()
			var texts []string
			for _, m := range w.messages() {
				texts = append(texts, m.Text)
			}
			want := "one|echo one|long|three|half.|echo three|four|echo four"
			if got := strings.Join(texts, "|"); got != want {
				t.Errorf("%s: messages are %s, want %s", jump, got, want)
			}
			wantShape(t, w.device, "accepted:1 done:1 accepted:2 accepted:3 done:2 done:3 accepted:4 done:4")

			late := newDevice(w.t)
			if err := w.Resume(w.t.Context(), alice, protocol.Resume{Session: w.session, After: 0}, late); err != nil {
				t.Fatal(err)
			}
			settle()
			if got, want := late.shape(), w.device.shape(); got != want {
				t.Errorf("%s: a device that comes back sees %s, want %s", jump, got, want)
			}
		})
	}
}
