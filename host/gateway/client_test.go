package gateway

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// answer is what came back of a request.
type answer struct {
	status int
	header http.Header
	body   string
}

// failure reads an error's body.
func (a answer) failure(t *testing.T) protocol.FailureDetail {
	t.Helper()
	var f protocol.Failure
	if err := json.Unmarshal([]byte(a.body), &f); err != nil {
		t.Fatalf("%d %q is no failure: %v", a.status, a.body, err)
	}
	if f.Error.RequestID == "" || f.Error.RequestID != a.header.Get("X-Request-ID") || f.Error.Message == "" {
		t.Errorf("failure %+v with X-Request-ID %q", f.Error, a.header.Get("X-Request-ID"))
	}
	return f.Error
}

func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		t.Fatalf("%d %q: %v", a.status, a.body, err)
	}
}

// as sets a user's key.
func (w *world) as(name string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+w.keys[name]) }
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) {
		if name == "Host" {
			r.Host = value
			return
		}
		r.Header.Add(name, value)
	}
}

// do sends a request; a body is declared as JSON unless a change says else.
func (w *world) do(t *testing.T, method, path, body string, changes ...func(*http.Request)) answer {
	t.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+w.addr+path, content)
	must(t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, change := range changes {
		change(r)
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(r)
	must(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	must(t, err)
	return answer{status: resp.StatusCode, header: resp.Header, body: string(b)}
}

// client is one end of a WebSocket.
type client struct {
	*websocket.Conn
	t *testing.T
}

// frame is any frame of the host's.
type frame struct {
	Type, Session, Turn, ID, Text, State, Code, Message, Field, Lang, Question string
	Seq                                                                        int64
	Offset                                                                     int
	DeadlineMS                                                                 int64 `json:"deadline_ms"`
	RetryAfterMS                                                               int64 `json:"retry_after_ms"`
	Response, Error, Timestamp                                                 string
}

// dial opens a WebSocket of jarvis.v1 and reads hello.
func (w *world) dial(t *testing.T, name string) *client {
	t.Helper()
	c := w.dialAs(t, http.Header{"Authorization": {"Bearer " + w.keys[name]}}, protocol.Subprotocol)
	if f := c.next(); f.Type != protocol.TypeHello {
		t.Fatalf("first frame is %+v, want hello", f)
	}
	return c
}

func (w *world) dialAs(t *testing.T, h http.Header, subprotocols ...string) *client {
	t.Helper()
	d := websocket.Dialer{Subprotocols: subprotocols}
	conn, resp, err := d.DialContext(t.Context(), "ws://"+w.addr+"/ws", h)
	if err != nil {
		if resp != nil {
			b, _ := io.ReadAll(resp.Body)
			t.Fatalf("dial: %v: %s", err, b)
		}
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	return &client{Conn: conn, t: t}
}

func (c *client) say(text string) {
	c.t.Helper()
	must(c.t, c.WriteMessage(websocket.TextMessage, []byte(text)))
}

// next reads a frame.
func (c *client) next() frame {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	kind, data, err := c.ReadMessage()
	must(c.t, err)
	if kind != websocket.TextMessage {
		c.t.Fatalf("got a message of kind %d", kind)
	}
	var f frame
	if err := json.Unmarshal(data, &f); err != nil {
		c.t.Fatalf("frame %q: %v", data, err)
	}
	return f
}

// until reads up to the first frame of a type, and returns all.
func (c *client) until(kind string) []frame {
	c.t.Helper()
	var all []frame
	for {
		f := c.next()
		all = append(all, f)
		if f.Type == kind {
			return all
		}
		if f.Type == protocol.TypeError {
			c.t.Fatalf("got %+v while waiting for %s", f, kind)
		}
	}
}

// closeCode reads until the socket ends.
func (c *client) closeCode() int {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	for {
		_, _, err := c.ReadMessage()
		if e, ok := errors.AsType[*websocket.CloseError](err); ok {
			return e.Code
		}
		must(c.t, err)
	}
}

func sayFrame(id, text string) string {
	b, _ := json.Marshal(protocol.Say{Type: protocol.TypeSay, ID: id, Text: text})
	return string(b)
}
