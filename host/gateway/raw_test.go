package gateway

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// rawSocket is a WebSocket without a library: it can do what it should not.
type rawSocket struct {
	net.Conn
	r *bufio.Reader
	t *testing.T
}

const (
	opContinuation = 0
	opText         = 1
	opBinary       = 2
	opClose        = 8
	opPing         = 9
	opPong         = 10
	final          = 0x80
	masked         = 0x80
)

// handshake opens a socket, with more lines in the head of the request. It
// offers compression, which the host must not take.
func (w *world) handshake(t *testing.T, name, subprotocol string, lines ...string) *rawSocket {
	t.Helper()
	conn, err := net.Dial("tcp", w.addr)
	must(t, err)
	return w.handshakeOn(t, conn, name, subprotocol, lines...)
}

func (w *world) handshakeOn(t *testing.T, conn net.Conn, name, subprotocol string, lines ...string) *rawSocket {
	t.Helper()
	t.Cleanup(func() { conn.Close() })
	s := &rawSocket{Conn: conn, r: bufio.NewReader(conn), t: t}
	if len(lines) == 0 {
		lines = []string{"Sec-WebSocket-Extensions: permessage-deflate"}
	}
	if subprotocol != "" {
		lines = append(lines, "Sec-WebSocket-Protocol: "+subprotocol)
	}
	_, err := fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: localhost\r\nX-API-Key: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"+
		"%s\r\n\r\n", w.keys[name], strings.Join(lines, "\r\n"))
	must(t, err)
	resp, err := http.ReadResponse(s.r, nil)
	must(t, err)
	if resp.StatusCode != http.StatusSwitchingProtocols || resp.Header.Get("Sec-WebSocket-Extensions") != "" {
		t.Fatalf("handshake: %d %v", resp.StatusCode, resp.Header)
	}
	return s
}

// frame builds a frame with a mask of zeroes.
func rawFrame(first byte, payload []byte) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, masked|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, masked|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, masked|127), uint64(n))
	}
	return append(append(b, 0, 0, 0, 0), payload...)
}

// put writes bytes; the host may have closed already.
func (s *rawSocket) put(b ...byte) { _, _ = s.Write(b) }

func (s *rawSocket) text(text string) { s.put(rawFrame(final|opText, []byte(text))...) }

// closed reads up to the close frame and then the end of the connection; 0
// means that the connection ended without one.
func (s *rawSocket) closed() int {
	s.t.Helper()
	_ = s.SetReadDeadline(time.Now().Add(5 * time.Second))
	code := 0
	for {
		op, payload, err := s.read()
		if err != nil {
			if e, ok := err.(net.Error); ok && e.Timeout() {
				s.t.Fatal("the connection stays open")
			}
			return code
		}
		if op == opClose && code == 0 {
			code = 1005
			if len(payload) >= 2 {
				code = int(binary.BigEndian.Uint16(payload))
			}
		}
	}
}

func (s *rawSocket) read() (op byte, payload []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(s.r, head[:]); err != nil {
		return 0, nil, err
	}
	n := uint64(head[1] & 0x7f)
	switch n {
	case 126:
		var b [2]byte
		_, err = io.ReadFull(s.r, b[:])
		n = uint64(binary.BigEndian.Uint16(b[:]))
	case 127:
		var b [8]byte
		_, err = io.ReadFull(s.r, b[:])
		n = binary.BigEndian.Uint64(b[:])
	}
	if err != nil {
		return 0, nil, err
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(s.r, payload)
	return head[0] & 0x0f, payload, err
}

func TestFragmentsUpToTheCapAreOneMessage(t *testing.T) { // fault-W2
	w := newWorld(t)
	s := w.handshake(t, "alice", protocol.Subprotocol)
	for range 3 { // the count starts anew with each message
		b := rawFrame(opText, []byte(`{"type":"ping",`))
		for i := range maxFragments - 2 {
			b = append(b, rawFrame(opContinuation, []byte(" "))...)
			if i == 5 {
				b = append(b, rawFrame(final|opPing, []byte("between"))...)
			}
		}
		s.put(append(b, rawFrame(final|opContinuation, []byte(`"id":"p"}`))...)...)
		for got := false; !got; {
			op, payload, err := s.read()
			must(t, err)
			got = op == opText && strings.Contains(string(payload), `"pong"`)
		}
	}
	b := rawFrame(opText, []byte("{"))
	for range 128 { // one more than there may be
		b = append(b, rawFrame(opContinuation, []byte(" "))...)
	}
	s.put(b...)
	if code := s.closed(); code != protocol.ClosePolicy {
		t.Errorf("129 fragments closed with %d, want %d", code, protocol.ClosePolicy)
	}
}

// What waits in memory of messages that do not end is bounded for all sockets
// together: who is over it is told to come later, and ordinary messages pass.
func TestHalvesOfLongMessagesAreBoundedForAllTogether(t *testing.T) { // fault-R3, in small; the soak has the whole host
	w := newWorld(t)
	half := append(binary.BigEndian.AppendUint64([]byte{final | opText, masked | 127}, protocol.MaxFrame), 0, 0, 0, 0)
	half = append(half, bytes.Repeat([]byte(" "), protocol.MaxFrame-1000)...)
	held := w.handshake(t, "alice", protocol.Subprotocol)
	held.put(half...)
	w.eventually(t, "the half to be counted", func() bool { return w.begun.Load() == protocol.MaxFrame-1000-freeBegun })
	w.begun.Add(maxBegun - w.begun.Load()) // as if many did
	over := w.handshake(t, "bob", protocol.Subprotocol)
	over.put(half...)
	if code := over.closed(); code != protocol.CloseTryLater {
		t.Errorf("a half that is too much is closed with %d", code)
	}
	w.eventually(t, "it to be forgotten", func() bool { return w.begun.Load() == maxBegun })
	c := w.dial(t, "bob")
	long := strings.Repeat("x", protocol.MaxText)
	for i, text := range []string{"short", long, strings.Repeat("y", protocol.MaxText)} {
		c.say(sayFrame(fmt.Sprint("m", i), text))
		if all := c.until(protocol.TypeDone); all[0].Text != text {
			t.Errorf("an ordinary message came as %.20q", all[0].Text)
		}
	}
	held.put(bytes.Repeat([]byte(" "), 1000)...)
	w.eventually(t, "what ended to be forgotten", func() bool { return w.begun.Load() == maxBegun-(protocol.MaxFrame-1000-freeBegun) })
	if _, _, err := held.read(); err != nil {
		t.Errorf("the one that was in time is cut off: %v", err)
	}
}

func TestMessagesInTooManyFragmentsEndTheirSocketAlone(t *testing.T) { // fault-W2, fault-W3
	w := newWorld(t)
	bob := w.dial(t, "bob")
	for name, payload := range map[string]string{"of one byte": "a", "empty": ""} {
		s := w.handshake(t, "alice", protocol.Subprotocol)
		_, _, _ = s.read() // hello
		many := rawFrame(opText, []byte(payload))
		for range 65_000 { // under the limit of bytes
			many = append(many, rawFrame(opContinuation, []byte(payload))...)
		}
		sent := make(chan struct{})
		spent := allocated(t, func() {
			go func() { defer close(sent); s.put(many...) }()
			if code := s.closed(); code != protocol.ClosePolicy {
				t.Errorf("fragments %s: closed with %d, want %d", name, code, protocol.ClosePolicy)
			}
		})
		if spent > 256<<10 {
			t.Errorf("fragments %s: %d bytes were allocated: more was read than the cap", name, spent)
		}
		bob.say(sayFrame("m"+name[:2], "hello")) // others notice nothing
		bob.until(protocol.TypeDone)
		s.Close()
		<-sent
	}
	w.eventually(t, "the offenders' sockets are released", func() bool { return w.meter.get("open") == 1 })
}

// allocated is how many bytes the process allocates while something runs, with
// the client's own.
func allocated(t *testing.T, run func()) uint64 {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestAFloodOfControlFramesIsCutOff(t *testing.T) { // fault-W13, fault-W14
	w := newWorld(t)
	for name, op := range map[string]byte{"ping": opPing, "pong": opPong} {
		s := w.handshake(t, "alice", protocol.Subprotocol)
		for range controlBurst {
			s.put(rawFrame(final|op, []byte("x"))...)
		}
		s.text(`{"type":"ping"}`) // a burst is fine
		for got := false; !got; {
			o, payload, err := s.read()
			must(t, err)
			got = o == opText && strings.Contains(string(payload), `"pong"`)
		}
		s.put(rawFrame(final|op, []byte("x"))...)
		if code := s.closed(); code != protocol.ClosePolicy {
			t.Errorf("%s: closed with %d, want %d", name, code, protocol.ClosePolicy)
		}
		s.Close()
		// A peer that reads nothing meanwhile costs no more than the burst.
		s = w.handshake(t, "alice", protocol.Subprotocol)
		_, _, _ = s.read() // hello
		many := bytes.Repeat(rawFrame(final|op, []byte("x")), 100_000)
		sent := make(chan struct{})
		spent := allocated(t, func() {
			go func() { defer close(sent); s.put(many...) }()
			<-sent // the host reads no more than it must, and lets go
			w.eventually(t, "the flood to be let go", func() bool { return w.meter.get("open") == 0 })
		})
		if spent > 256<<10 {
			t.Errorf("%s: %d bytes were allocated for a flood", name, spent)
		}
		pongs := 0
		for {
			o, payload, err := s.read()
			if err != nil {
				break // perhaps reset: the peer did not stop sending
			}
			if o == opClose && int(binary.BigEndian.Uint16(payload)) != protocol.ClosePolicy {
				t.Errorf("%s: a flood closed with %x", name, payload)
			}
			if o == opPong {
				pongs++
			}
		}
		if pongs > controlBurst {
			t.Errorf("%s: %d pongs were sent to one who does not read", name, pongs)
		}
	}
}

func TestASilentPeerIsPingedAndThenGivenUp(t *testing.T) { // fault-W15
	w := newWorld(t)
	s := w.handshake(t, "alice", protocol.Subprotocol)
	w.clock.add(30 * time.Second)
	_ = s.SetReadDeadline(time.Now().Add(5 * time.Second))
	for op := byte(0); op != opPing; {
		var err error
		op, _, err = s.read()
		must(t, err)
	}
	s.put(rawFrame(final|opPong, nil)...)
	s.text(`{"type":"ping"}`)
	for op := byte(0); op != opText; { // heard: the clock starts anew
		var err error
		op, _, err = s.read()
		must(t, err)
	}
	w.clock.add(55 * time.Second)
	if code := s.closed(); code != 0 {
		t.Errorf("closed with %d, want a cut", code)
	}
	w.eventually(t, "the socket is released", func() bool { return w.meter.get("open") == 0 })
}

func TestBadHandshakesAreRefused(t *testing.T) { // fault-W21, fault-W23
	w := newWorld(t)
	good := map[string]string{
		"Host": "localhost", "X-API-Key": w.keys["alice"], "Connection": "Upgrade", "Upgrade": "websocket",
		"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
	}
	for name, c := range map[string]struct {
		line, header, value string
		want                int
	}{
		"good":              {"GET /ws HTTP/1.1", "", "", 101},
		"both subprotocols": {"GET /ws HTTP/1.1", "Sec-WebSocket-Protocol", "other, jarvis.v1", 101},
		"version 8":         {"GET /ws HTTP/1.1", "Sec-WebSocket-Version", "8", 400},
		"version 0":         {"GET /ws HTTP/1.1", "Sec-WebSocket-Version", "0", 400},
		"no version":        {"GET /ws HTTP/1.1", "Sec-WebSocket-Version", "", 400},
		"two versions":      {"GET /ws HTTP/1.1", "Sec-WebSocket-Version", "13\r\nSec-WebSocket-Version: 13", 400},
		"two keys":          {"GET /ws HTTP/1.1", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", 400},
		"two upgrades":      {"GET /ws HTTP/1.1", "Upgrade", "websocket\r\nUpgrade: websocket", 400},
		"two protocols":     {"GET /ws HTTP/1.1", "Upgrade", "h2c, websocket", 400},
		"other protocol":    {"GET /ws HTTP/1.1", "Upgrade", "h2c", 400},
		"no connection":     {"GET /ws HTTP/1.1", "Connection", "close", 400},
		"no key":            {"GET /ws HTTP/1.1", "Sec-WebSocket-Key", "", 400},
		"short key":         {"GET /ws HTTP/1.1", "Sec-WebSocket-Key", "abc", 400},
		"no upgrade":        {"GET /ws HTTP/1.1", "Upgrade", "", 400},
		"HTTP/1.0":          {"GET /ws HTTP/1.0", "", "", 400},
		"POST":              {"POST /ws HTTP/1.1", "", "", 405},
		"other subprotocol": {"GET /ws HTTP/1.1", "Sec-WebSocket-Protocol", "jarvis.v2", 400},
		"no credential":     {"GET /ws HTTP/1.1", "X-API-Key", "", 401},
		"foreign origin":    {"GET /ws HTTP/1.1", "Origin", "https://evil.example", 403},
		"foreign host":      {"GET /ws HTTP/1.1", "Host", "attacker.example", 403},
	} {
		t.Run(name, func(t *testing.T) {
			request := c.line + "\r\n"
			for k, v := range good {
				if k != c.header {
					request += k + ": " + v + "\r\n"
				}
			}
			if c.value != "" {
				request += c.header + ": " + c.value + "\r\n"
			}
			status, h := w.rawHead(t, request+"\r\n")
			if status != c.want {
				t.Errorf("got %d, want %d", status, c.want)
			}
			if wantsVersion := c.want == 400 && c.header != "Sec-WebSocket-Protocol"; wantsVersion && h.Get("Sec-WebSocket-Version") != "13" {
				t.Errorf("the answer does not say which version there is: %v", h)
			}
		})
	}
}

func TestMoreSocketsThanThereMayBeAreRefused(t *testing.T) { // fault-R1
	w := newWorld(t, func(o *Options) { o.Config.MaxSockets = 1 })
	w.dial(t, "alice")
	if a := w.do(t, "GET", "/ws", "", w.as("bob")); a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("got %d %s", a.status, a.body)
	}
}

func TestASlowReaderIsClosedAndSlowsNobody(t *testing.T) { // E14
	w := newWorld(t)
	stalled := w.handshake(t, "alice", protocol.Subprotocol)
	stalled.text(sayFrame("m1", "flood"))
	w.eventually(t, "the flood ends", func() bool { return w.overflowed() == 1 })
	quick := w.dial(t, "bob")
	quick.say(sayFrame("m1", "hello"))
	quick.until(protocol.TypeDone)
	if code := stalled.closed(); code != protocol.CloseSlowReader {
		t.Errorf("closed with %d, want %d", code, protocol.CloseSlowReader)
	}
	var s protocol.List[protocol.Session]
	w.do(t, "GET", "/v1/sessions", "", w.as("alice")).into(t, &s)
	back := w.dial(t, "alice") // nothing is lost
	back.say(fmt.Sprintf(`{"type":"resume","session":%q,"after":0}`, s.Items[0].ID))
	all := back.until(protocol.TypeDone)
	if done := all[len(all)-1]; len(done.Text) != 2*1024*4096 && done.State != "failed" {
		t.Errorf("done has %d bytes, state %s", len(done.Text), done.State)
	}
}

// overflowed counts the sockets whose outbox overflowed.
func (w *world) overflowed() int {
	n := 0
	for _, c := range w.all() {
		if c.out.overflowed() {
			n++
		}
	}
	return n
}

// eventually waits for something that another goroutine does.
func (w *world) eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(5 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}
