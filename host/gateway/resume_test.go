package gateway

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// follow reads frames into what a client knows of one turn, at most n of them,
// and checks that none is missing and none comes twice. It reports whether the
// turn ended.
func (k *known) follow(t *testing.T, c *client, n int) bool {
	t.Helper()
	for range n {
		f := c.next()
		switch f.Type {
		case protocol.TypeDelta:
			if f.Offset != len([]rune(k.text)) {
				t.Fatalf("delta at %d, the client has %d", f.Offset, len([]rune(k.text)))
			}
			k.text += f.Text
		case protocol.TypeError, protocol.TypeGap:
			t.Fatalf("got %+v", f)
		default:
			if f.Seq != k.seq+1 {
				t.Fatalf("seq %d after %d", f.Seq, k.seq)
			}
			k.seq, k.session, k.turn = f.Seq, f.Session, f.Turn
			if f.Type == protocol.TypeDone {
				k.done = f.Text
				return true
			}
		}
	}
	return false
}

// known is what a client knows of a turn.
type known struct {
	session, turn, text, done string
	seq                       int64
}

func TestAClientThatComesBackMissesNothing(t *testing.T) { // E11
	w := newWorld(t)
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 11))
		text := strings.Repeat("élan 😀 ", 1+rng.IntN(200)) + "end"
		c := w.dial(t, "alice")
		c.say(sayFrame("m1", text))
		k := &known{}
		for ended := k.follow(t, c, 1+rng.IntN(20)); !ended; {
			c.Close()
			c = w.dial(t, "alice")
			c.say(fmt.Sprintf(`{"type":"resume","session":%q,"after":%d,"turn":%q,"offset":%d}`, k.session, k.seq, k.turn, len([]rune(k.text))))
			ended = k.follow(t, c, 1+rng.IntN(20))
		}
		c.Close()
		if k.done != "you said "+text || !strings.HasPrefix(k.done, k.text) {
			t.Fatalf("seed %d: done is %q, the deltas make %q", seed, k.done, k.text)
		}
	}
}

func TestAMessageThatIsSentAgainRunsOnce(t *testing.T) { // E11
	w := newWorld(t)
	c := w.dial(t, "alice")
	c.say(sayFrame("m1", "first"))
	id := c.until(protocol.TypeDone)[0].Session
	again := fmt.Sprintf(`{"type":"say","id":"m2","text":"second","session":%q}`, id)
	for range 3 { // each time the client does not know whether it arrived
		lost := w.dialAs(t, http.Header{"X-API-Key": {w.keys["alice"]}}, protocol.Subprotocol)
		lost.say(again)
		lost.until(protocol.TypeAccepted)
		lost.Close()
	}
	c.until(protocol.TypeDone)
	var all protocol.List[protocol.Message]
	w.do(t, "GET", "/v1/sessions/"+id+"/messages", "", w.as("alice")).into(t, &all)
	if len(all.Items) != 4 {
		t.Errorf("%d messages, want 4: %+v", len(all.Items), all.Items)
	}
}
