package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// talker is one client of the host or of the relay.
type talker struct {
	c         *websocket.Conn
	temporary bool
	session   string
	said      int
	name      string
}

// answer is what came of one utterance.
type answer struct {
	agreed  time.Duration // until accepted
	first   time.Duration // until the first word
	tokens  int
	deltas  int
	bytes   int // of deltas, as they were on the wire
	text    int // bytes of it
	transit []time.Duration
	begun   []byte // of a token that is not there whole yet
}

// dialer has small buffers: the clients shall not be what is measured.
var dialer = websocket.Dialer{
	Subprotocols: []string{protocol.Subprotocol}, ReadBufferSize: 1 << 10, WriteBufferSize: 512, HandshakeTimeout: 30 * time.Second,
	NetDialContext: (&net.Dialer{}).DialContext,
}

func dial(ctx context.Context, p *process, name string) (*talker, error) {
	c, resp, err := dialer.DialContext(ctx, "ws"+strings.TrimPrefix(p.url, "http")+"/ws", http.Header{"Authorization": {"Bearer " + p.key}}) //nolint:bodyclose // the library reads it whole
	if err != nil {
		if resp != nil {
			return nil, fmt.Errorf("dial: %w: %s", err, resp.Status)
		}
		return nil, fmt.Errorf("dial: %w", err)
	}
	t := &talker{c: c, name: name}
	_, _, err = c.ReadMessage() // hello
	return t, err
}

func (t *talker) say(o order) error {
	t.said++
	o.tag = fmt.Sprintf("%s-%d", t.name, t.said)
	return t.c.WriteJSON(protocol.Say{
		Type: protocol.TypeSay, ID: o.tag, Text: o.String(), Session: t.session, Temporary: t.temporary && t.session == "",
	})
}

// ask says something and reads the answer whole. Each token has to come once,
// in its place.
func (t *talker) ask(o order, keep bool) (a answer, err error) {
	began := time.Now()
	if err := t.say(o); err != nil {
		return a, err
	}
	_ = t.c.SetReadDeadline(time.Now().Add(time.Minute))
	for {
		_, raw, err := t.c.ReadMessage()
		if err != nil {
			return a, err
		}
		if !bytes.HasPrefix(raw, []byte(`{"type":"delta"`)) {
			if a.agreed == 0 && bytes.HasPrefix(raw, []byte(`{"type":"accepted"`)) {
				a.agreed = time.Since(began)
			}
			done, err := t.other(raw, a, o)
			if done || err != nil {
				return a, err
			}
			continue
		}
		if a.deltas == 0 {
			a.first = time.Since(began)
		}
		if err := a.take(raw, keep); err != nil {
			return a, err
		}
	}
}

func (t *talker) other(raw []byte, a answer, o order) (done bool, err error) {
	var f struct {
		Type, Session, State, Code, Message string
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return false, err
	}
	if f.Session != "" {
		t.session = f.Session
	}
	switch {
	case f.Type == "error":
		return false, fmt.Errorf("refused: %s", raw)
	case f.Type != "done":
		return false, nil
	case f.State != "" && f.State != "answered":
		return true, fmt.Errorf("turn ended so: %s", raw)
	case a.tokens != o.tokens || len(a.begun) > 0:
		return true, fmt.Errorf("%d tokens and %q, want %d", a.tokens, a.begun, o.tokens)
	default:
		return true, nil
	}
}

// take reads a delta; what the model says needs no unquoting.
func (a *answer) take(raw []byte, keep bool) error {
	_, text, ok := bytes.Cut(raw, []byte(`"text":"`))
	if !ok {
		return fmt.Errorf("delta without text: %s", raw)
	}
	text = bytes.TrimSuffix(bytes.TrimRight(text, "\n"), []byte(`"}`))
	a.deltas++
	a.text += len(text)
	a.bytes += frameBytes(len(raw))
	return a.count(text, keep)
}

// count looks at each token's number, and keeps its delay. A host may cut text
// anywhere; a token is there when the space behind it is.
func (a *answer) count(text []byte, keep bool) error {
	now := time.Now().UnixNano()
	a.begun = append(a.begun, text...)
	for {
		token, rest, whole := bytes.Cut(a.begun, []byte(" "))
		if !whole {
			return nil
		}
		number, at, _ := bytes.Cut(token, []byte(":"))
		if n, err := strconv.Atoi(string(number)); err != nil || n != a.tokens {
			return fmt.Errorf("token %q, want number %d", token, a.tokens)
		}
		a.tokens++
		if keep && a.tokens > int(begins.Seconds()*perSecond) {
			said, err := strconv.ParseInt(string(at), 36, 64)
			if err != nil {
				return err
			}
			a.transit = append(a.transit, time.Duration(now-said))
		}
		a.begun = append(a.begun[:0], rest...)
	}
}

// frameBytes is what a text frame takes from a server, RFC 6455 section 5.2.
func frameBytes(payload int) int {
	if payload < 126 {
		return payload + 2
	}
	return payload + 4
}
