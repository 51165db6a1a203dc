package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// comeAndGo opens and closes sockets from several goroutines, in every way.
func (w *world) comeAndGo(t *testing.T, n int, session string) {
	t.Helper()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range n / 8 {
				d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}}
				c, resp, err := d.Dial("ws://"+w.addr+"/ws", w.bearer("alice"))
				if err != nil {
					t.Errorf("connect: %v %v", err, resp)
					return
				}
				switch i % 4 {
				case 0: // vanishes
				case 1:
					_ = c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(time.Second))
					_, _, _ = c.ReadMessage()
				case 2:
					_ = c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"type":"say","id":"m1","text":"hello","session":%q}`, session))
				case 3:
					_ = c.WriteMessage(websocket.BinaryMessage, nil)
				}
				_ = c.Close()
			}
		})
	}
	all.Wait()
	w.eventually(t, "the sockets to be gone", func() bool { return w.meter.get("open") == 0 && len(w.all()) == 0 })
}

func (w *world) bearer(name string) http.Header {
	return http.Header{"Authorization": {"Bearer " + w.keys[name]}}
}

// descriptors counts what this process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(all)
}

func TestComingAndGoingLeavesNothingBehind(t *testing.T) { // fault-W19, in small; the soak does it for a minute
	w := newWorld(t)
	c := w.dial(t, "alice")
	c.say(sayFrame("m1", "hello"))
	session := c.until(protocol.TypeDone)[0].Session
	c.Close()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // it would close what nobody closes
	w.comeAndGo(t, 64, session)                      // what is made once is made
	routines, files := runtime.NumGoroutine(), descriptors(t)
	w.comeAndGo(t, 800, session)
	w.eventually(t, "as many goroutines as before", func() bool { return runtime.NumGoroutine() <= routines })
	w.eventually(t, "as many descriptors as before", func() bool { return descriptors(t) <= files })
}

func TestIdleSocketsCostOneGoroutineAndLittleMemory(t *testing.T) { // fault-W18: 10,000 of them are the soak's
	const n = 400
	w := newWorld(t)
	w.handshake(t, "alice", protocol.Subprotocol) // what is made once is made
	held := func() (int, uint64) {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return runtime.NumGoroutine(), m.HeapInuse + m.StackInuse
	}
	routines, memory := held()
	for range n {
		s := w.handshake(t, "alice", protocol.Subprotocol)
		_, _, _ = s.read() // hello
		s.r.Reset(nil)     // the test's own buffer is not the host's
		s.r = nil
	}
	w.eventually(t, "one goroutine each", func() bool { return runtime.NumGoroutine() <= routines+n })
	_, now := held()
	// 10,000 fit into 300 MB, with the client's half of them.
	if each := (now - memory) / n; each > 30<<10 {
		t.Errorf("an idle socket holds %d bytes", each)
	}
}

func TestThoseWhoAreRefusedTogetherAreToldDifferentTimes(t *testing.T) { // fault-W29
	w := newWorld(t, func(o *Options) { o.Config.MaxSockets = 1 })
	w.dial(t, "alice")
	told := map[int64]bool{}
	for range 50 {
		a := w.do(t, "GET", "/ws", "", w.as("bob"))
		f := a.failure(t)
		wait := time.Duration(f.RetryAfterMS) * time.Millisecond
		if a.status != 503 || wait < crowdRetry || wait > 2*crowdRetry || a.header.Get("Retry-After") == "" {
			t.Fatalf("got %d %s", a.status, a.body)
		}
		told[f.RetryAfterMS] = true
	}
	if len(told) < 40 {
		t.Errorf("50 who were refused were told %d times to come back at", len(told))
	}
}

// TestAStampedeIsLetIn has everybody come back at once, more than may wait
// outside: those who are turned away come again a little later.
func TestAStampedeIsLetIn(t *testing.T) { // fault-W29, in small
	const n = 500
	w := newWorld(t, func(o *Options) { o.Config.MaxPlain = 50 })
	before := w.store.asked.Load()
	start := make(chan struct{})
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			<-start
			for tries := 0; ; tries++ {
				d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}}
				c, resp, err := d.Dial("ws://"+w.addr+"/ws", w.bearer("alice"))
				if err == nil {
					_, raw, err := c.ReadMessage()
					if err != nil || !bytes.Contains(raw, []byte(`"hello"`)) {
						t.Errorf("first frame: %s %v", raw, err)
					}
					defer c.Close()
					return
				}
				if resp != nil && (resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "") || tries > 2000 {
					t.Errorf("refused: %v %v", err, resp)
					return
				}
				<-time.After(time.Duration(1+rand.IntN(20)) * time.Millisecond) // a client would wait as it was told
			}
		})
	}
	close(start)
	all.Wait()
	if got := w.meter.get("connection accepted"); got != n {
		t.Errorf("%d of %d were let in", got, n)
	}
	if asked := w.store.asked.Load() - before; asked > 2*n {
		t.Errorf("the store of keys was asked %d times for %d clients", asked, n)
	}
}

// TestTwoClientsThatResumeAtOnceBothGetEverythingOnce is where jarvis.v1 differs
// from a protocol with one owner: every device of a user may follow a session.
// Neither is refused, and no stream is split or mixed.
func TestTwoClientsThatResumeAtOnceBothGetEverythingOnce(t *testing.T) { // fault-W25, E13
	w := newWorld(t)
	seeds := uint64(40)
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		random := rand.New(rand.NewPCG(seed, 25))
		first := w.dial(t, "alice")
		first.say(sayFrame("m1", strings.Repeat("élan 😀 ", 1+random.IntN(300))+"end"))
		k := &known{}
		if k.follow(t, first, 1+random.IntN(10)) {
			k = &known{session: k.session} // it was quicker: all of it again
		}
		first.Close()
		resume := fmt.Sprintf(`{"type":"resume","session":%q,"after":%d,"turn":%q,"offset":%d}`, k.session, k.seq, k.turn, len([]rune(k.text)))
		clients := []*client{w.dial(t, "alice"), w.dial(t, "alice"), w.dial(t, "alice")}
		start := make(chan struct{})
		views := make([]known, len(clients))
		var all sync.WaitGroup
		for i, c := range clients {
			views[i] = *k
			all.Go(func() {
				<-start
				c.say(resume)
				for !views[i].follow(t, c, 1<<20) {
				}
			})
		}
		close(start)
		all.Wait()
		// A second turn reaches all three, in the same frames.
		clients[random.IntN(3)].say(fmt.Sprintf(`{"type":"say","id":"m2","text":"again and again","session":%q}`, k.session))
		for i, c := range clients {
			text := views[i].done
			if !strings.HasPrefix(text, "you said élan") || !strings.HasSuffix(text, "end") || !strings.HasPrefix(text, views[i].text) {
				t.Fatalf("seed %d: client %d has %q of %q", seed, i, views[i].text, text)
			}
			second := known{seq: views[i].seq}
			if !second.follow(t, c, 1<<20) || second.done != "you said again and again" || second.text != second.done {
				t.Fatalf("seed %d: client %d has %+v", seed, i, second)
			}
			c.Close()
		}
	}
}

// TestEverythingThatIsWrittenAtOnceComesInWholeFrames writes an answer, pongs,
// notices to all and closes to one socket from many goroutines.
func TestEverythingThatIsWrittenAtOnceComesInWholeFrames(t *testing.T) { // fault-W30
	w := newWorld(t)
	for round := range 20 {
		s := w.handshake(t, "alice", protocol.Subprotocol)
		s.text(sayFrame("m1", strings.Repeat("word ", 800)))
		s.text(`{"type":"ping","id":"begin"}`)
		var c *socket
		for _, each := range w.all() {
			c = each
		}
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { // within what a client may
			for range controlBurst {
				s.put(rawFrame(final|opPing, []byte("ping"))...)
			}
		})
		for range 2 {
			all.Go(func() {
				for n := 0; n < 500 && ctx.Err() == nil; n++ {
					for _, each := range w.all() {
						each.send(encode(protocol.Draining{Type: protocol.TypeDraining, DeadlineMS: 1}))
					}
					c.out.add(item{kind: kindPing})
				}
			})
		}
		closes := 0
		for n := 0; ; n++ {
			_ = s.SetReadDeadline(time.Now().Add(5 * time.Second))
			op, payload, err := s.read()
			if err != nil {
				break
			}
			if closes > 0 {
				t.Fatalf("round %d: opcode %d behind the close", round, op)
			}
			switch op {
			case opText:
				if !json.Valid(payload) {
					t.Fatalf("round %d: half a frame: %q", round, payload)
				}
			case opClose:
				closes++
				s.put(rawFrame(final|opClose, payload)...)
			case opPing, opPong:
			default:
				t.Fatalf("round %d: opcode %d", round, op)
			}
			if n == 10*round {
				for code := range 4 {
					all.Go(func() { c.shut(4000+code, "at once") })
				}
			}
		}
		cancel()
		all.Wait()
		if closes != 1 {
			t.Errorf("round %d: %d close frames", round, closes)
		}
		s.Close()
		w.eventually(t, "the socket is released", func() bool { return len(w.all()) == 0 })
	}
	if n := w.meter.get("panic"); n != 0 {
		t.Errorf("%d panics: %s", n, w.log.text())
	}
}
