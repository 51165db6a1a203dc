package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// remote says where a running host is and with which key to reach it.
type remote struct{ url, keyFile string }

func (r *remote) register(p *program, fs *flag.FlagSet) {
	fs.StringVar(&r.url, "url", p.getenv("JARVIS_URL", "http://127.0.0.1:8080"), "the host's `URL`; JARVIS_URL in the environment sets another default")
	fs.StringVar(&r.keyFile, "key-file", p.getenv("JARVIS_KEY_FILE", filepath.Join("data", "operator.key")), "`FILE` that holds your key; JARVIS_KEY_FILE sets another default")
}

// key reads the key; it never comes from an argument, where others could see it.
func (r *remote) key() (string, error) {
	raw, err := os.ReadFile(r.keyFile)
	if err != nil {
		return "", fmt.Errorf("read key: %w; name the file with --key-file", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

// request makes one REST call and decodes its JSON reply.
func (r *remote) request(ctx context.Context, method, path string, body, into any) error {
	key, err := r.key()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(r.url, "/")+path, bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("reach the host at %s: %w; is `jarvis serve` running?", r.url, err)
	}
	defer func() { _ = resp.Body.Close() }()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return fmt.Errorf("read reply: %w", err)
	}
	if resp.StatusCode >= 300 {
		return refused(resp.Status, reply)
	}
	if into == nil || len(reply) == 0 {
		return nil
	}
	if err := json.Unmarshal(reply, into); err != nil {
		return fmt.Errorf("read reply: %w", err)
	}
	return nil
}

// refused is why the host did not do what it was asked, in its own words.
func refused(status string, reply []byte) error {
	var e struct {
		Error struct{ Message string }
	}
	if json.Unmarshal(reply, &e) == nil && e.Error.Message != "" {
		return errors.New(e.Error.Message)
	}
	return fmt.Errorf("the host answered %s", status)
}

// frame is one frame of the host, decoded as far as every frame goes.
type frame struct {
	protocol.Head
	raw []byte
}

func (f frame) into(v any) error {
	if err := json.Unmarshal(f.raw, v); err != nil {
		return fmt.Errorf("read %s frame: %w", f.Type, err)
	}
	return nil
}

// link is one WebSocket. A goroutine reads it until it ends.
type link struct {
	conn   *websocket.Conn
	frames chan frame
	id     string // tells this run's utterances from others'

	mu  sync.Mutex
	end error
}

func (r *remote) dial(ctx context.Context, _ *program) (*link, error) {
	key, err := r.key()
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(r.url)
	if err != nil {
		return nil, usageError("--url %q: %w", r.url, err)
	}
	u.Scheme = strings.Replace(u.Scheme, "http", "ws", 1)
	u.Path = strings.TrimSuffix(u.Path, "/") + "/ws"
	d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}, HandshakeTimeout: 10 * time.Second}
	conn, resp, err := d.DialContext(ctx, u.String(), http.Header{"Authorization": {"Bearer " + key}})
	if err != nil {
		if resp != nil && resp.StatusCode == http.StatusUnauthorized {
			return nil, errors.New("the host does not know this key")
		}
		if resp != nil { // it is there, and has a reason: too many connections in a minute
			reply, _ := io.ReadAll(resp.Body) // without it the status says enough
			return nil, refused(resp.Status, reply)
		}
		return nil, fmt.Errorf("reach the host at %s: %w; is `jarvis serve` running?", r.url, err)
	}
	conn.SetReadLimit(maxFrame)
	l := &link{conn: conn, frames: make(chan frame, 64), id: rand.Text()[:10]}
	go l.read()
	return l, nil
}

// redial tries for half a minute, with growing pauses that are no two clients' the
// same.
func (r *remote) redial(ctx context.Context, p *program) (*link, error) {
	pause := 250 * time.Millisecond
	deadline := time.Now().Add(30 * time.Second)
	for {
		l, err := r.dial(ctx, p)
		if err == nil || time.Now().After(deadline) {
			return l, err
		}
		select {
		case <-time.After(pause/2 + mathrand.N(pause/2)):
			pause = min(2*pause, 4*time.Second)
		case s := <-p.signals:
			return nil, &exitError{code: signalCode(s)}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// silence is how long nothing may come of a host, which asks more often than that
// whether somebody is there; maxFrame bounds one frame.
const (
	silence  = 90 * time.Second
	maxFrame = 4 << 20
)

func (l *link) read() {
	defer close(l.frames)
	defer l.close()
	alive := func() { _ = l.conn.SetReadDeadline(time.Now().Add(silence)) }
	pong := l.conn.PingHandler()
	l.conn.SetPingHandler(func(data string) error { alive(); return pong(data) })
	for {
		alive()
		_, raw, err := l.conn.ReadMessage()
		if err != nil {
			l.mu.Lock()
			l.end = err
			l.mu.Unlock()
			return
		}
		f := frame{raw: raw}
		if err := json.Unmarshal(raw, &f.Head); err != nil {
			continue // not ours to judge; the host's frames are JSON
		}
		l.frames <- f
	}
}

func (l *link) err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end
}

func (l *link) send(v any) error {
	if err := l.conn.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	if err := l.conn.WriteJSON(v); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}

func (l *link) close() { _ = l.conn.Close() }
