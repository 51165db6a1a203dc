package gateway

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// A million connections that fail within a minute are some lines and a number.
func TestAFloodOfFailedConnectionsFillsNoLog(t *testing.T) { // fault-R7
	log, now := &lines{}, &clock{now: time.Unix(1, 0)}
	h := slog.NewLogLogger(&faults{log: log, now: now.Now}, slog.LevelWarn)
	const flood = 1_000_000
	for range flood {
		h.Print("http: TLS handshake error from 192.0.2.1:4711: EOF")
	}
	if n := strings.Count(log.text(), "\n"); n != maxFaults {
		t.Errorf("%d lines, want %d", n, maxFaults)
	}
	now.add(time.Minute)
	h.Print("http: TLS handshake error from 192.0.2.2:4711: EOF")
	all := strings.TrimSpace(log.text())
	if !strings.Contains(all, "warn 999970 more http connections failed") || !strings.HasSuffix(all, "192.0.2.2:4711: EOF") {
		t.Errorf("afterwards the log ends with %q", all[max(0, len(all)-200):])
	}
}

// Nothing that a client does wrong is a line of the log at its default level.
func TestBadRequestsAreNoLinesOfTheLog(t *testing.T) { // fault-R7
	w := newWorld(t)
	for range 50 {
		w.do(t, "GET", "/v1/me", "")
		w.do(t, "GET", "/nothing", "", w.as("alice"))
		w.do(t, "POST", "/v1/chat", "{", w.as("alice"))
		w.do(t, "GET", "/health", "", header("Host", "attacker.example"))
		w.raw(t, "GET /\x01 HTTP/1.1\r\nHost: localhost\r\n\r\n")
		w.raw(t, "garbage\r\n\r\n")
		s := w.handshake(t, "alice", protocol.Subprotocol)
		s.text("no JSON")
		s.put(bytes.Repeat([]byte{0xff}, 20)...)
		s.closed()
		s.Close()
	}
	for line := range strings.Lines(w.log.text()) {
		if !strings.HasPrefix(line, "debug ") {
			t.Fatalf("a client wrote into the log: %s", line)
		}
	}
}
