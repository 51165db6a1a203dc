package gateway

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// errCut is a connection's end after so many bytes.
var errCut = errors.New("cut")

// cutConn is a connection that breaks after a number of bytes in one of the
// directions, in the middle of whatever passes.
type cutConn struct {
	net.Conn
	read, write int
}

func (c *cutConn) Read(b []byte) (int, error) {
	if c.read <= 0 {
		_ = c.Close()
		return 0, errCut
	}
	n, err := c.Conn.Read(b[:min(len(b), c.read)])
	c.read -= n
	return n, err
}

func (c *cutConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b[:min(len(b), c.write)])
	if c.write -= n; c.write <= 0 && err == nil {
		_ = c.Close()
		err = errCut
	}
	return n, err
}

// traveller is a client whose connections break. What it knows it keeps.
type traveller struct {
	t   *testing.T
	w   *world
	rng *rand.Rand
	known
	exactly *cutConn // where the next connection breaks, if not at random
	told    bool     // whether the utterance was accepted, as far as it knows
	cuts    int
}

// dial opens a connection that will break, or never when limit is 0.
func (v *traveller) dial(limit int) (*websocket.Conn, error) {
	d := websocket.Dialer{
		Subprotocols: []string{protocol.Subprotocol}, ReadBufferSize: 512, WriteBufferSize: 512,
		NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			if err != nil || limit == 0 {
				return c, err
			}
			cut := &cutConn{Conn: c, read: 1 + v.rng.IntN(limit), write: 1 << 20}
			if v.rng.IntN(4) == 0 {
				cut.write = 1 + v.rng.IntN(600)
			}
			if v.exactly != nil {
				cut.read, cut.write = v.exactly.read, v.exactly.write
				v.exactly = &cutConn{read: 1 << 20, write: 1 << 20} // the next connection holds
			}
			return cut, nil
		},
	}
	c, resp, err := d.Dial("ws://"+v.w.addr+"/ws", http.Header{"Authorization": {"Bearer " + v.w.keys["alice"]}})
	if resp != nil && resp.StatusCode >= 400 {
		v.t.Fatalf("dial: %s", resp.Status)
	}
	return c, err
}

// utter says something until the answer is whole, however often that breaks.
func (v *traveller) utter(id, text string) {
	v.t.Helper()
	v.turn, v.text, v.done, v.told = "", "", "", false
	for limit := 3000; ; limit = 4000 {
		if v.session == "" {
			limit = 0 // only a session that is known can be come back to
		}
		c, err := v.dial(limit)
		if err == nil {
			err = v.talk(c, id, text)
			_ = c.Close()
		}
		if err == nil {
			return
		}
		if limit == 0 {
			v.t.Fatalf("an uncut connection broke: %v", err)
		}
		v.cuts++
	}
}

// talk catches up, says what was perhaps not said, and reads. It is nil when
// the turn has ended.
func (v *traveller) talk(c *websocket.Conn, id, text string) error {
	if v.session != "" {
		r := protocol.Resume{Type: protocol.TypeResume, Session: v.session, After: v.seq, Turn: v.turn, Offset: len([]rune(v.text))}
		if err := c.WriteJSON(r); err != nil {
			return err
		}
	}
	if !v.told {
		if err := c.WriteJSON(protocol.Say{Type: protocol.TypeSay, ID: id, Text: text, Session: v.session}); err != nil {
			return err
		}
	}
	for {
		_ = c.SetReadDeadline(time.Now().Add(time.Minute))
		var f frame
		if err := c.ReadJSON(&f); err != nil {
			if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
				v.t.Fatalf("nothing came for a minute; known: %+v", v.known)
			}
			return err
		}
		if v.take(f, id) {
			return nil
		}
	}
}

// take checks a frame against what is known. It reports whether it ends the
// utterance's turn.
func (v *traveller) take(f frame, id string) (ended bool) {
	v.t.Helper()
	switch f.Type {
	case protocol.TypeHello:
	case protocol.TypeDelta:
		if f.Turn != v.turn || f.Offset != len([]rune(v.text)) {
			v.t.Fatalf("delta of %s at %d, the client has %s up to %d", f.Turn, f.Offset, v.turn, len([]rune(v.text)))
		}
		v.text += f.Text
	case protocol.TypeError, protocol.TypeGap:
		v.t.Fatalf("got %+v", f)
	default:
		if f.Type == protocol.TypeAccepted && f.ID == id && v.told && f.Seq <= v.seq {
			return false // the answer to saying it again
		}
		if v.session != "" && f.Seq != v.seq+1 {
			v.t.Fatalf("seq %d after %d: %+v", f.Seq, v.seq, f)
		}
		v.seq, v.session = f.Seq, f.Session
		if f.Type == protocol.TypeAccepted {
			v.turn, v.told = f.Turn, true
		}
		if f.Type == protocol.TypeDone {
			v.done = f.Text
			return true
		}
	}
	return false
}

// TestACutAtEveryByteOfAnExchangeLosesNothing breaks the connection once, behind
// each single byte of what the host sends and of what the client sends.
func TestACutAtEveryByteOfAnExchangeLosesNothing(t *testing.T) { // fault-W27
	w := newWorld(t)
	v := &traveller{t: t, w: w, rng: rand.New(rand.NewPCG(27, 27))}
	said := 0
	const far = 1 << 20
	for direction, cut := range map[string]func(at int) *cutConn{
		"read":    func(at int) *cutConn { return &cutConn{read: at, write: far} },
		"written": func(at int) *cutConn { return &cutConn{read: far, write: at} },
	} {
		last := 0
		for at, before := 1, -1; v.cuts > before; at++ { // until the exchange ends before the cut
			if said%50 == 0 {
				v.whole(said)
				v.known = known{}
				v.utter(fmt.Sprintf("m%d", said), "begin")
				said++
			}
			before, last = v.cuts, at
			v.exactly = cut(at)
			v.utter(fmt.Sprintf("m%d", said), "tool élan 😀")
			said++
			if v.done != "you said tool élan 😀" || !strings.HasPrefix(v.done, v.text) {
				t.Fatalf("cut after %d bytes were %s: done is %q, the deltas make %q", at, direction, v.done, v.text)
			}
		}
		if last < 300 {
			t.Errorf("only %d bytes were %s", last, direction)
		}
		t.Logf("a cut after each of %d bytes that were %s", last, direction)
	}
}

// TestCutsAtRandomBytesLoseNothing breaks connections at random bytes of either
// direction, in handshakes, frames and headers of frames.
func TestCutsAtRandomBytesLoseNothing(t *testing.T) { // E11, fault-W27
	cuts := 10_000
	if testing.Short() || raced {
		cuts = 2000 // all of them take half a minute then
	}
	w := newWorld(t)
	v := &traveller{t: t, w: w, rng: rand.New(rand.NewPCG(11, 27))}
	turns := 0
	for said := 0; v.cuts < cuts; said++ {
		if said%50 == 0 {
			v.whole(said)
			v.known = known{}
		}
		text := strings.Repeat("élan 😀 ", 1+v.rng.IntN(60)) + fmt.Sprint(said)
		if v.rng.IntN(3) == 0 {
			text = "tool " + text
		}
		v.utter(fmt.Sprintf("m%d", said), text)
		turns++
		if v.done != "you said "+text || !strings.HasPrefix(v.done, v.text) {
			t.Fatalf("done is %q, the deltas make %q", v.done, v.text)
		}
	}
	t.Logf("%d cuts in %d turns", v.cuts, turns)
}

// whole checks that nothing was said twice.
func (v *traveller) whole(said int) {
	v.t.Helper()
	if v.session == "" {
		return
	}
	var all protocol.List[protocol.Message]
	v.w.do(v.t, "GET", "/v1/sessions/"+v.session+"/messages?limit=200", "", v.w.as("alice")).into(v.t, &all)
	if len(all.Items) != 100 {
		v.t.Fatalf("after %d utterances the session has %d messages, want 100", said, len(all.Items))
	}
}
