package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
	"github.com/julienschmidt/httprouter"
)

// floor is what the host is measured against: the least that does the work.
type floor struct {
	model    string
	upgrader websocket.Upgrader
	client   http.Client

	mu    sync.Mutex
	conns map[*websocket.Conn]struct{}
}

func newFloor(model string) *floor {
	return &floor{
		model: model, conns: map[*websocket.Conn]struct{}{},
		upgrader: websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }},
		client:   http.Client{Transport: &http.Transport{MaxIdleConns: 1024, MaxIdleConnsPerHost: 1024}},
	}
}

func (f *floor) routes() http.Handler {
	r := httprouter.New()
	r.GET("/health", func(w http.ResponseWriter, _ *http.Request, _ httprouter.Params) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"status":"ok"}`))
	})
	r.GET("/ws", func(w http.ResponseWriter, r *http.Request, _ httprouter.Params) { f.relay(w, r) })
	return r
}

// said is the client's frame.
type said struct {
	Text string `json:"text"`
}

// relayed is one line of the model, and the floor's frame for it.
type relayed struct {
	Message struct {
		Content string            `json:"content"`
		Calls   []json.RawMessage `json:"tool_calls"`
	} `json:"message"`
	Done bool `json:"done"`
}

type deltaFrame struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// relay reads an utterance, asks the model, and passes on each of its words.
func (f *floor) relay(w http.ResponseWriter, r *http.Request) {
	c, err := f.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	f.hold(c, true)
	defer func() {
		f.hold(c, false)
		_ = c.Close()
	}()
	if c.WriteJSON(deltaFrame{Type: "hello"}) != nil {
		return
	}
	for {
		var s said
		if c.ReadJSON(&s) != nil {
			return
		}
		if err := f.answer(c, message{Role: "user", Content: s.Text}); err != nil {
			return
		}
	}
}

// message is what the model is sent.
type message struct {
	Role    string            `json:"role"`
	Content string            `json:"content"`
	Calls   []json.RawMessage `json:"tool_calls,omitempty"`
}

// answer passes the model's words on. A tool that the model calls gives back
// "ok", without being one: what a tool costs is the host's.
func (f *floor) answer(c *websocket.Conn, asked ...message) error {
	body, err := json.Marshal(map[string]any{"model": modelName, "stream": true, "messages": asked})
	if err != nil {
		return err
	}
	resp, err := f.client.Post(f.model+"/api/chat", "application/json", bytes.NewReader(body)) //nolint:noctx // bare
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	lines := bufio.NewScanner(resp.Body)
	var calls []json.RawMessage
	for lines.Scan() {
		var l relayed
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return err
		}
		if calls = append(calls, l.Message.Calls...); l.Done && len(calls) > 0 {
			return f.answer(c, append(asked, message{Role: "assistant", Calls: calls}, message{Role: "tool", Content: "ok"})...)
		}
		if l.Done {
			return c.WriteJSON(deltaFrame{Type: "done"})
		}
		if l.Message.Content == "" {
			continue
		}
		if err := c.WriteJSON(deltaFrame{Type: "delta", Text: l.Message.Content}); err != nil {
			return err
		}
	}
	return errors.New("the model's answer was cut")
}

func (f *floor) hold(c *websocket.Conn, on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if on {
		f.conns[c] = struct{}{}
	} else {
		delete(f.conns, c)
	}
}

// closeAll tells every client that the floor stops.
func (f *floor) closeAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	bye := websocket.FormatCloseMessage(websocket.CloseGoingAway, "")
	for c := range f.conns {
		_ = c.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second))
	}
}

// serveRole is this program as one of the servers: it prints its address and
// ends with its standard input.
func serveRole(role string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is there at once
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, "http://"+l.Addr().String())
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if role == "model" {
		s := http.Server{Handler: newModel(), ReadHeaderTimeout: time.Minute}
		go func() { <-ctx.Done(); _ = s.Close() }()
		return closed(s.Serve(l))
	}
	f := newFloor(os.Args[2])
	s := http.Server{Handler: f.routes(), ReadHeaderTimeout: time.Minute}
	go func() { <-ctx.Done(); f.closeAll(); _ = s.Close() }()
	return closed(s.Serve(l))
}

func closed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
