package gateway

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
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

// handshake opens a socket.
func (w *world) handshake(t *testing.T, name, subprotocol string) *rawSocket {
	t.Helper()
	conn, err := net.Dial("tcp", w.addr)
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	s := &rawSocket{Conn: conn, r: bufio.NewReader(conn), t: t}
	extra := ""
	if subprotocol != "" {
		extra = "Sec-WebSocket-Protocol: " + subprotocol + "\r\n"
	}
	_, err = fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: localhost\r\nX-API-Key: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"+
		"Sec-WebSocket-Extensions: permessage-deflate\r\n%s\r\n", w.keys[name], extra)
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

func TestBrokenFramesCloseWithTheirCode(t *testing.T) { // fault-W1, fault-W6, fault-W7, fault-W9, fault-W10, fault-W11, fault-M6, fault-M11
	w := newWorld(t, func(o *Options) { o.Config.FrameTimeout = 200 * time.Millisecond })
	ping := []byte(`{"type":"ping"}`)
	fragments := func(n int) []byte {
		b := rawFrame(opText, []byte(`{"type":"ping","x":"`))
		for range n - 2 {
			b = append(b, rawFrame(opContinuation, []byte("a"))...)
		}
		return append(b, rawFrame(final|opContinuation, []byte(`"}`))...)
	}
	for name, c := range map[string]struct {
		send []byte
		want []int
	}{
		"length over the limit":     {[]byte{final | opText, masked | 127, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0}, []int{1009}},
		"length 2^62":               {[]byte{final | opText, masked | 127, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, []int{1009}},
		"length 2^63":               {[]byte{final | opText, masked | 127, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, []int{1009, 1002, 0}},
		"too big":                   {rawFrame(final|opText, make([]byte, protocol.MaxFrame+1)), []int{1009}},
		"too big in fragments":      {append(rawFrame(opText, make([]byte, protocol.MaxFrame)), rawFrame(final|opContinuation, []byte("a"))...), []int{1009}},
		"too many fragments":        {fragments(maxFragments + 1), []int{1008}},
		"binary":                    {rawFrame(final|opBinary, ping), []int{1003}},
		"not UTF-8":                 {rawFrame(final|opText, []byte("{\"type\":\"\xff\"}")), []int{1007}},
		"surrogate":                 {rawFrame(final|opText, []byte("{\"type\":\"\xed\xa0\x80\"}")), []int{1007}},
		"overlong":                  {rawFrame(final|opText, []byte("{\"type\":\"\xc0\xaf\"}")), []int{1007}},
		"RSV1":                      {rawFrame(final|0x40|opText, ping), []int{1002}},
		"RSV2":                      {rawFrame(final|0x20|opText, ping), []int{1002}},
		"RSV3":                      {rawFrame(final|0x10|opText, ping), []int{1002}},
		"opcode 3":                  {rawFrame(final|3, ping), []int{1002}},
		"opcode 11":                 {rawFrame(final|11, ping), []int{1002}},
		"unmasked":                  {append([]byte{final | opText, byte(len(ping))}, ping...), []int{1002}},
		"continuation of nothing":   {rawFrame(final|opContinuation, ping), []int{1002}},
		"a message inside another":  {append(rawFrame(opText, ping), rawFrame(final|opText, ping)...), []int{1002}},
		"fragmented ping":           {rawFrame(opPing, nil), []int{1002}},
		"ping of 126 bytes":         {rawFrame(final|opPing, make([]byte, 126)), []int{1002}},
		"half a frame":              {[]byte{final | opText, masked | 50, 0, 0, 0, 0, '{'}, []int{1008}},
		"half a head":               {[]byte{final}, []int{1008}},
		"a message without an end":  {rawFrame(opText, ping), []int{1008}},
		"close 1000":                {rawFrame(final|opClose, []byte{3, 0xe8}), []int{1000}},
		"close without a code":      {rawFrame(final|opClose, nil), []int{1000, 1005}},
		"close of one byte":         {rawFrame(final|opClose, []byte{3}), []int{1000, 1002, 1005}},
		"close 999":                 {rawFrame(final|opClose, []byte{3, 0xe7}), []int{1002}},
		"close 1005":                {rawFrame(final|opClose, []byte{3, 0xed}), []int{1002}},
		"close 1006":                {rawFrame(final|opClose, []byte{3, 0xee}), []int{1002}},
		"close 2000":                {rawFrame(final|opClose, []byte{7, 0xd0}), []int{1002}},
		"close with a bad reason":   {rawFrame(final|opClose, []byte{3, 0xe8, 0xff}), []int{1002}},
		"a message after the close": {append(rawFrame(final|opClose, []byte{3, 0xe8}), rawFrame(final|opText, []byte(sayFrame("late", "late")))...), []int{1000}},
	} {
		t.Run(name, func(t *testing.T) {
			s := w.handshake(t, "alice", protocol.Subprotocol)
			s.put(c.send...)
			code := s.closed()
			ok := false
			for _, want := range c.want {
				ok = ok || code == want
			}
			if !ok {
				t.Errorf("closed with %d, want one of %v", code, c.want)
			}
		})
	}
	w.eventually(t, "all sockets are released", func() bool { return w.meter.get("open") == 0 })
	if a := w.do(t, "GET", "/v1/sessions", "", w.as("alice")); strings.Contains(a.body, "late") {
		t.Error("a message after the close was accepted")
	}
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
}

func TestEndlessEmptyFragmentsAreCutOff(t *testing.T) { // fault-W3
	w := newWorld(t)
	s := w.handshake(t, "alice", protocol.Subprotocol)
	many := []byte{}
	for range 10_000 {
		many = append(many, rawFrame(opContinuation, nil)...)
	}
	s.put(rawFrame(opText, nil)...)
	s.put(many...)
	if code := s.closed(); code != protocol.ClosePolicy && code != 0 {
		t.Errorf("closed with %d, want %d", code, protocol.ClosePolicy)
	}
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
			if status, _ := w.raw(t, request+"\r\n"); status != c.want {
				t.Errorf("got %d, want %d", status, c.want)
			}
		})
	}
}

func TestMoreSocketsThanThereMayBeAreRefused(t *testing.T) { // fault-Q10, fault-R1
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
