package gateway

import (
	"bufio"
	"net"
	"net/http"
	"testing"
	"time"
)

// Connections without a credential have a budget of their own: those beyond it are
// told at once, and sockets are none of them (fault-R1, fault-W17).
func TestAFloodWithoutACredentialFillsItsOwnBudgetAlone(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Config.MaxPlain = 3 })
	sockets := []*client{w.dial(t, "alice"), w.dial(t, "alice"), w.dial(t, "bob"), w.dial(t, "bob")}
	w.eventually(t, "the sockets to leave the crowd", func() bool { return w.crowd.inside.Load() == 0 })
	var flood []net.Conn
	for range 3 {
		c, err := net.Dial("tcp", w.addr)
		must(t, err)
		t.Cleanup(func() { c.Close() })
		flood = append(flood, c)
	}
	w.eventually(t, "the flood to be in", func() bool { return w.crowd.inside.Load() == 3 })
	c, err := net.Dial("tcp", w.addr)
	must(t, err)
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	_, err = c.Write([]byte("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"))
	must(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	must(t, err)
	resp.Body.Close()
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("one too many gets %d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	sockets[0].say(sayFrame("m1", "hello")) // those who are in go on
	sockets[0].until("done")
	must(t, flood[0].Close())
	w.eventually(t, "a place to be free", func() bool { return w.crowd.inside.Load() == 2 })
	if a := w.do(t, "GET", "/health", ""); a.status != 200 {
		t.Errorf("with a place free: %d", a.status)
	}
}
