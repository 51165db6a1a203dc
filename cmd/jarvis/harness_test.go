package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/jarvis-host/jarvis/cmd/jarvis/scaffold"
	"github.com/jarvis-host/jarvis/host/protocol"
)

// patience is how long a test waits for what must happen; nothing that works
// takes so long.
const patience = 30 * time.Second

// hostProcess is the real program, serving.
type hostProcess struct {
	t    *testing.T
	dir  string
	cmd  *exec.Cmd
	addr string
	key  string
	log  *lockedBuffer
	end  chan struct{}
}

// lockedBuffer collects a process's output.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// quiet is the least of a configuration: no model is looked for.
const quiet = "llm:\n  ollama:\n    url: http://127.0.0.1:9\n"

// unlimited lets a test say more than a person would; a configuration with a
// section limits goes without it.
const unlimited = "limits:\n  chat_per_minute: 0\n  connects_per_minute: 0\n"

// startHost runs `jarvis serve` in dir ("" makes one) until the test ends.
func startHost(t *testing.T, dir, config string) *hostProcess {
	t.Helper()
	return startHostUnder(t, dir, config, nil)
}

// startHostIn runs the host with more variables in its environment.
func startHostIn(t *testing.T, dir, config string, env []string) *hostProcess {
	t.Helper()
	return startHostWith(t, dir, config, nil, env)
}

// startHostUnder runs the host under another program, such as one that takes
// something away from it.
func startHostUnder(t *testing.T, dir, config string, under []string) *hostProcess {
	t.Helper()
	return startHostWith(t, dir, config, under, nil)
}

func startHostWith(t *testing.T, dir, config string, under, env []string) *hostProcess {
	t.Helper()
	if dir == "" {
		dir = t.TempDir()
	}
	file, ready := filepath.Join(dir, "jarvis.yaml"), filepath.Join(dir, "ready.json")
	if !strings.Contains(config, "\nlimits:") {
		config += unlimited
	}
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(ready); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	h := &hostProcess{t: t, dir: dir, log: &lockedBuffer{}, end: make(chan struct{})}
	line := append(slices.Clone(under), "jarvis", "serve", "--config", file, "--data", h.data(), "--listen", "127.0.0.1:0", "--ready-file", ready)
	h.cmd = exec.Command(line[0], line[1:]...)
	h.cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, quickExit, "SHOP_SECRET=butter-and-bread",
		// With the race detector, memory is not fast enough to remember in time, beside other tests.
		"JARVIS_MEMORY__RECALL_WITHIN=10s",
		"JARVIS_DRAIN__NOTICE=0s", // nobody looks but the test
	}
	h.cmd.Env = append(h.cmd.Env, env...)
	h.cmd.Stdout, h.cmd.Stderr = h.log, h.log
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = h.cmd.Wait(); close(h.end) }()
	t.Cleanup(h.stop)
	until(t, "the host to be ready", func() bool {
		select {
		case <-h.end:
			t.Fatalf("the host ended at once: %v\n%s", h.cmd.ProcessState, h.log)
		default:
		}
		_, err := os.Stat(ready)
		return err == nil
	})
	h.readReady(ready)
	return h
}

func (h *hostProcess) data() string { return filepath.Join(h.dir, "data") }

func (h *hostProcess) readReady(file string) {
	h.t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		h.t.Fatal(err)
	}
	var r struct {
		Addr    string `json:"addr"`
		PID     int    `json:"pid"`
		KeyFile string `json:"operator_key_file"`
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		h.t.Fatal(err)
	}
	key, err := os.ReadFile(r.KeyFile)
	if err != nil {
		h.t.Fatal(err)
	}
	if r.PID != h.cmd.Process.Pid {
		h.t.Errorf("the ready file names pid %d, the host is %d", r.PID, h.cmd.Process.Pid)
	}
	h.addr, h.key = r.Addr, strings.TrimSpace(string(key))
}

// stop ends the host as an operator would; it is an error if that fails.
func (h *hostProcess) stop() {
	if h.ended() {
		return
	}
	_ = h.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-h.end:
	case <-time.After(patience):
		_ = h.cmd.Process.Kill()
		<-h.end
		h.t.Errorf("the host did not stop in %v\n%s", patience, h.log)
	}
	if h.t.Failed() {
		h.t.Logf("log of the host:\n%s", h.log)
	}
}

func (h *hostProcess) ended() bool {
	select {
	case <-h.end:
		return true
	default:
		return false
	}
}

// kill ends the host like a power cut of its process.
func (h *hostProcess) kill() {
	h.t.Helper()
	if err := h.cmd.Process.Kill(); err != nil {
		h.t.Fatal(err)
	}
	<-h.end
}

// filesBelow hands over each file below a folder; programs, which here hold this test,
// aside, and what goes away meanwhile.
func filesBelow(t *testing.T, dir string, do func(path string, raw []byte)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode()&0o111 == 0 {
			var raw []byte
			if raw, err = os.ReadFile(path); err == nil {
				do(path, raw)
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// missing skips a test for what the machine lacks, where something may be skipped.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("JARVIS_TESTS_SKIP_NOTHING") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// python returns the Python that plugins run with. A test that needs one is skipped
// where there is none, and fails where nothing may be skipped.
func python(t *testing.T) string {
	t.Helper()
	path, err := scaffold.Python()
	if err != nil {
		missing(t, err.Error())
	}
	return path
}

// until polls for something that must come true.
func until(t *testing.T, what string, check func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !check() {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v in vain for %s", patience, what)
		}
		<-tick.C
	}
}

// get asks the REST interface; into may be nil.
func (h *hostProcess) get(path string, into any) int { return h.rest(http.MethodGet, path, "", into) }

func (h *hostProcess) rest(method, path, body string, into any) int {
	h.t.Helper()
	return h.restWith(method, path, body, into, "Content-Type", "application/json")
}

// restWith asks with one more header.
func (h *hostProcess) restWith(method, path, body string, into any, header, value string) int {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+h.addr+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.key)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(header, value)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(raw, into); err != nil {
			h.t.Fatalf("%s %s: %v in %s", method, path, err, raw)
		}
	}
	return resp.StatusCode
}

// processes lists what runs of this host's plugins: shims and plugins both name
// its data directory.
func (h *hostProcess) processes() []string {
	h.t.Helper()
	entries, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		h.t.Fatal(err)
	}
	var out []string
	for _, p := range entries {
		exe, _ := os.Readlink(filepath.Join(p, "exe"))
		line, _ := os.ReadFile(filepath.Join(p, "cmdline"))
		words := strings.ReplaceAll(string(line), "\x00", " ")
		if strings.HasPrefix(exe, h.data()) || strings.Contains(words, "__exec") && strings.Contains(words, h.data()) {
			out = append(out, filepath.Base(p)+" "+words)
		}
	}
	return out
}

func (h *hostProcess) plugin(name string) pluginRow {
	h.t.Helper()
	var list struct {
		Items []pluginRow `json:"items"`
	}
	if code := h.get("/v1/plugins", &list); code != http.StatusOK {
		h.t.Fatalf("GET /v1/plugins: status %d", code)
	}
	for _, p := range list.Items {
		if p.Name == name {
			return p
		}
	}
	h.t.Fatalf("there is no plugin %s in %v", name, list.Items)
	return pluginRow{}
}

// ready waits until plugins answer.
func (h *hostProcess) ready(names ...string) {
	h.t.Helper()
	for _, name := range names {
		until(h.t, name+" to be ready", func() bool { return h.plugin(name).State == "ready" })
	}
}

// client is one WebSocket of the subprotocol.
type client struct {
	t       *testing.T
	conn    *websocket.Conn
	frames  chan frame
	closed  chan error
	session string
	said    int
	name    string
	heard   lockedBuffer // all frames, as they came
}

// dial connects and reads hello.
func (h *hostProcess) dial(name string) *client {
	h.t.Helper()
	c := h.dialAs(name, h.key)
	c.next(protocol.TypeHello)
	return c
}

func (h *hostProcess) dialAs(name, key string) *client {
	h.t.Helper()
	d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}, HandshakeTimeout: patience}
	conn, resp, err := d.Dial("ws://"+h.addr+"/ws", http.Header{"Authorization": {"Bearer " + key}})
	if err != nil {
		h.t.Fatalf("dial: %v (%v)", err, resp)
	}
	c := &client{t: h.t, conn: conn, name: name, frames: make(chan frame, 4096), closed: make(chan error, 1)}
	go c.read()
	h.t.Cleanup(func() { _ = conn.Close() })
	return c
}

func (c *client) read() {
	defer close(c.frames)
	for {
		_, raw, err := c.conn.ReadMessage()
		if err != nil {
			c.closed <- err
			return
		}
		_, _ = c.heard.Write(append(raw, '\n'))
		f := frame{raw: raw}
		if err := json.Unmarshal(raw, &f.Head); err != nil {
			c.closed <- fmt.Errorf("frame %s: %w", raw, err)
			return
		}
		c.frames <- f
	}
}

func (c *client) send(v any) {
	c.t.Helper()
	if err := c.conn.WriteJSON(v); err != nil {
		c.t.Fatalf("%s: send: %v", c.name, err)
	}
}

// sendRaw sends what no client would.
func (c *client) sendRaw(text string) {
	c.t.Helper()
	if err := c.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Fatalf("%s: send: %v", c.name, err)
	}
}

func (c *client) say(text string) {
	c.t.Helper()
	c.said++
	c.send(protocol.Say{Type: protocol.TypeSay, ID: fmt.Sprintf("%s-%d", c.name, c.said), Text: text, Session: c.session})
}

// any returns the next frame.
func (c *client) any() frame {
	c.t.Helper()
	select {
	case f, ok := <-c.frames:
		if !ok {
			c.t.Fatalf("%s: connection ended: %v", c.name, <-c.closed)
		}
		return f
	case <-time.After(patience):
		c.t.Fatalf("%s: no frame in %v", c.name, patience)
	}
	return frame{}
}

// next returns the next frame of a type, and passes over others.
func (c *client) next(kind string) frame {
	c.t.Helper()
	for {
		f := c.any()
		if f.Type == protocol.TypeError && kind != protocol.TypeError {
			c.t.Fatalf("%s: error frame %s while waiting for %s", c.name, f.raw, kind)
		}
		if f.Type == kind {
			return f
		}
	}
}

// turnFrames are all frames of one turn.
type turnFrames struct {
	accepted protocol.Accepted
	tools    []protocol.Tool
	text     string // the deltas, joined
	done     protocol.Done
}

// turn reads a whole turn and checks what must hold of every one.
func (c *client) turn() turnFrames {
	c.t.Helper()
	var r turnFrames
	c.into(c.next(protocol.TypeAccepted), &r.accepted)
	c.session = r.accepted.Session
	for {
		f := c.any()
		if f.Type == protocol.TypeNotice {
			continue // of no turn; it comes again
		}
		if f.Turn != r.accepted.Turn {
			c.t.Fatalf("%s: frame of another turn: %s", c.name, f.raw)
		}
		switch f.Type {
		case protocol.TypeDelta:
			var d protocol.Delta
			c.into(f, &d)
			if n := len([]rune(r.text)); d.Offset != n {
				c.t.Fatalf("%s: delta at %d after %d code points: %s", c.name, d.Offset, n, f.raw)
			}
			r.text += d.Text
		case protocol.TypeTool:
			var tool protocol.Tool
			c.into(f, &tool)
			r.tools = append(r.tools, tool)
		case protocol.TypeDone:
			c.into(f, &r.done)
			if !strings.HasPrefix(r.done.Text, r.text) {
				c.t.Errorf("%s: deltas %q are no prefix of %q", c.name, r.text, r.done.Text)
			}
			return r
		default:
			c.t.Fatalf("%s: unexpected frame %s", c.name, f.raw)
		}
	}
}

// ask says something and returns its turn.
func (c *client) ask(text string) turnFrames {
	c.t.Helper()
	c.say(text)
	return c.turn()
}

func (c *client) into(f frame, v any) {
	c.t.Helper()
	if err := f.into(v); err != nil {
		c.t.Fatal(err)
	}
}
