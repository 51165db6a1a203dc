package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/jarvis-host/jarvis/host/db/sqlite"
	"github.com/jarvis-host/jarvis/host/health"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
	"github.com/jarvis-host/jarvis/host/memory/qdrant/qdranttest"
	"github.com/jarvis-host/jarvis/host/protocol"
)

// cable stands between the host and a server. Once it is cut, what runs over it gets
// no byte and no end any more, as when the other machine lost its power; a
// connection that is made later is taken, and stays silent until the cable is mended.
type cable struct {
	net.Listener
	to   string
	cut  atomic.Bool
	arm  atomic.Bool  // it is cut by the next bytes from the near side
	age  atomic.Int64 // grows with every cut
	lost atomic.Int64 // bytes from the near side that went nowhere

	mu    sync.Mutex
	nears []net.Conn
}

func newCable(t *testing.T, to string) *cable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{Listener: l, to: strings.TrimPrefix(to, "http://")}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { c.carry(conn) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); c.age.Add(1) })
	return c
}

func (c *cable) url() string { return "http://" + c.Addr().String() }

func (c *cable) sever() { c.cut.Store(true); c.age.Add(1) }

// hangUp ends the near side of all connections so far, as when a router gives them up.
func (c *cable) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, near := range c.nears {
		_ = near.Close()
	}
	c.nears = nil
}

func (c *cable) mend() { c.cut.Store(false) }

// carry passes bytes on, for as long as nothing was cut since.
func (c *cable) carry(near net.Conn) {
	c.mu.Lock()
	c.nears = append(c.nears, near)
	c.mu.Unlock()
	born := c.age.Load()
	if c.cut.Load() {
		_, _ = io.Copy(io.Discard, near)
		_ = near.Close()
		return
	}
	far, err := net.Dial("tcp", c.to)
	if err != nil {
		_ = near.Close()
		return
	}
	pass := func(from, to net.Conn) {
		buf := make([]byte, 32<<10)
		for {
			n, err := from.Read(buf)
			if from == near && n > 0 && c.arm.CompareAndSwap(true, false) {
				c.sever()
			}
			if c.age.Load() == born {
				_, _ = to.Write(buf[:n])
				if err != nil {
					_ = to.Close()
				}
			} else if from == near {
				c.lost.Add(int64(n))
			}
			if err != nil {
				return
			}
		}
	}
	go pass(far, near)
	pass(near, far)
}

func (h *hostProcess) service(name string) health.Service {
	h.t.Helper()
	var r health.Report
	h.get("/ready", &r)
	return r.Services[name]
}

// S12: servers that vanish without a word cost each turn what is documented, are told
// of, and are found again without a restart.
func TestServersThatVanishWithoutAWordAreGotOver(t *testing.T) {
	model := llmtest.New(t, llmtest.Rule{Reply: "well"})
	index, indexURL := qdranttest.Listen(t)
	toModel, toIndex := newCable(t, model.URL()), newCable(t, indexURL)
	dir := t.TempDir()
	key := filepath.Join(dir, "index.key")
	if err := os.WriteFile(key, []byte(qdranttest.Key), 0o600); err != nil {
		t.Fatal(err)
	}
	h := startHost(t, dir, "llm:\n  ollama:\n    url: "+toModel.url()+"\n    first_token: 2s\nmemory:\n  qdrant:\n    url: "+toIndex.url()+
		"\n    key_file: "+key+"\n    collection: home\n    search_within: 1s\n")
	c := h.dial("a")
	c.ask("remember that I'm allergic to nuts")
	until(t, "the index to be up", func() bool { return h.service("qdrant").State == health.Up })
	until(t, "the index to hold what is kept", func() bool { return len(index.Points("home")) > 0 })
	if got := c.ask("how are you doing").done; got.Text != "well" {
		t.Fatalf("at first: %+v", got)
	}

	toModel.sever()
	toIndex.sever()
	got := c.ask("how are you doing").done
	if got.State != "failed" || !got.Degraded || !strings.HasPrefix(got.Text, "The language model did not answer in time") {
		t.Errorf("with a model that vanished: %+v", got)
	}
	if got := c.ask("quelle heure est-il").done; got.State != "answered" {
		t.Errorf("what needs no model: %+v", got)
	}
	if got := c.ask("what do you know about nuts?").done; got.State != "answered" || !strings.Contains(got.Text, "nuts") {
		t.Errorf("with an index that vanished: %+v", got)
	}
	until(t, "both to be told of", func() bool {
		return h.service("qdrant").State == health.Down && h.service("model").State == health.Down
	})

	toModel.mend()
	toIndex.mend()
	until(t, "both to be up again", func() bool {
		return h.service("qdrant").State == health.Up && h.service("model").State == health.Up
	})
	if got := c.ask("how are you doing").done; got.Text != "well" || got.Degraded {
		t.Errorf("afterwards: %+v", got)
	}
	c.ask("remember that I'm allergic to milk")
	until(t, "the index to hold the rest", func() bool { return len(index.Points("home")) >= 2 })
}

// names is a resolver on a port of this machine that says nothing until it may.
type names struct {
	net.PacketConn
	speaks atomic.Bool
	asked  atomic.Int64
}

func newNames(t *testing.T) *names {
	t.Helper()
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &names{PacketConn: l}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			size, from, err := l.ReadFrom(buf)
			if err != nil {
				return
			}
			n.asked.Add(1)
			if !n.speaks.Load() {
				continue
			}
			if answer, err := here(buf[:size]); err == nil {
				_, _ = l.WriteTo(answer, from)
			}
		}
	}()
	return n
}

// here answers that every name is this machine.
func here(raw []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(raw); err != nil {
		return nil, err
	}
	m.Response, m.Additionals = true, nil
	for _, q := range m.Questions {
		if q.Type == dnsmessage.TypeA {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
				Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
			})
		}
	}
	return m.Pack()
}

// withNames makes this program resolve names at an address, for the rest of its life.
func withNames(address string) {
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", address)
	}}
}

// S12: with names that are never resolved the host starts, people are told, what needs
// no name works, and everything is found as soon as there are names again.
func TestNamesThatAreNeverResolvedAreGotOver(t *testing.T) {
	dns := newNames(t)
	model := llmtest.New(t, llmtest.Rule{Reply: "well"})
	_, indexURL := qdranttest.Listen(t)
	port := func(url string) string { return url[strings.LastIndex(url, ":"):] }
	dir := t.TempDir()
	key := filepath.Join(dir, "index.key")
	if err := os.WriteFile(key, []byte(qdranttest.Key), 0o600); err != nil {
		t.Fatal(err)
	}
	h := startHostUnder(t, dir, "llm:\n  ollama:\n    url: http://model.home.example"+port(model.URL())+"\nmemory:\n  qdrant:\n    url: http://index.home.example"+port(indexURL)+
		"\n    key_file: "+key+"\n    collection: home\n", []string{"jarvis-named", dns.LocalAddr().String()})
	c := h.dial("a")
	if got := c.ask("what time is it").done; got.State != "answered" || got.Degraded {
		t.Errorf("what needs no name: %+v", got)
	}
	if got := c.ask("how are you doing").done; !got.Degraded || got.Source != "host" || !strings.HasPrefix(got.Text, "I can't answer that without a language model") {
		t.Errorf("with no name of the model: %+v", got)
	}
	until(t, "both to be told of", func() bool {
		return h.service("qdrant").State == health.Down && h.service("model").State == health.Down
	})
	if dns.asked.Load() == 0 {
		t.Fatal("no name was asked for: the test proves nothing")
	}
	dns.speaks.Store(true)
	until(t, "both to be up", func() bool {
		return h.service("qdrant").State == health.Up && h.service("model").State == health.Up
	})
	if got := c.ask("how are you doing").done; got.Text != "well" {
		t.Errorf("afterwards: %+v", got)
	}
}

// readOnly makes every change of what is in the host's data directory fail as it does
// on a file system that became read-only, until mend is called. A file system can't
// really be made so while files on it are open for writing, so the host's calls are
// answered in the kernel's place.
func (h *hostProcess) readOnly() (mend func()) {
	h.t.Helper()
	args := []string{"-f", "-o", os.DevNull, "-p", strconv.Itoa(h.cmd.Process.Pid), "-e", "trace=pwrite64,pwritev,ftruncate,fallocate", "-e", "inject=pwrite64,pwritev,ftruncate,fallocate:error=EROFS"}
	err := filepath.WalkDir(h.data(), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			args = append(args, "-P", path)
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	program, err := exec.LookPath("strace")
	if err != nil {
		missing(h.t, "strace is not here: "+err.Error())
	}
	cmd := exec.Command(program, args...) //nolint:gosec // our own
	told, err := cmd.StderrPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	var said bytes.Buffer
	attached := false
	for lines := bufio.NewScanner(told); !attached && lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		attached = strings.Contains(lines.Text(), "attached")
	}
	go func() { _, _ = io.Copy(io.Discard, told) }()
	mend = sync.OnceFunc(func() {
		_ = cmd.Process.Signal(syscall.SIGINT)
		_ = cmd.Wait()
	})
	h.t.Cleanup(mend)
	if !attached {
		mend()
		missing(h.t, "no process may be traced here: "+said.String())
	}
	return mend
}

// S12, fault-C6: a data directory that becomes read-only while the host runs
// loses nothing that was accepted. What can't be kept is refused, what is kept can be
// read, readiness says so, and all is well again without a restart.
func TestADataDirectoryThatBecomesReadOnlyIsGotOver(t *testing.T) {
	h := startHost(t, "", quiet)
	c := h.dial("one")
	first := c.ask("what time is it")
	mend := h.readOnly()
	c.say("what day is it")
	var e protocol.Error
	c.into(c.next(protocol.TypeError), &e)
	if e.Code != protocol.Unavailable || e.RetryAfterMS == 0 {
		t.Errorf("refused with %+v", e)
	}
	until(t, "/ready to say so", func() bool { return h.get("/ready", nil) == http.StatusServiceUnavailable })
	if s := h.service("store"); s.State != health.Down || s.Error == "" {
		t.Errorf("the store is told of as %+v", s)
	}
	if code := h.get("/health", nil); code != http.StatusOK {
		t.Errorf("/health is %d", code)
	}
	var kept struct{ Items []struct{ Text string } }
	if code := h.get("/v1/sessions/"+c.session+"/messages", &kept); code != http.StatusOK || len(kept.Items) != 2 || kept.Items[1].Text != first.done.Text {
		t.Errorf("what is kept: %d %+v", code, kept)
	}

	mend()
	until(t, "/ready to be well again", func() bool { return h.get("/ready", nil) == http.StatusOK })
	if got := c.ask("what day is it").done; got.State != "answered" {
		t.Errorf("afterwards: %+v", got)
	}
	h.get("/v1/sessions/"+c.session+"/messages", &kept)
	if len(kept.Items) != 4 {
		t.Errorf("the refused message was kept: %+v", kept.Items)
	}
	h.stop()
	if !h.cmd.ProcessState.Success() {
		t.Errorf("ended as %v", h.cmd.ProcessState)
	}
	db, err := sqlite.Open(t.Context(), filepath.Join(h.data(), "jarvis.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// S12: a start on a file system that is read-only is refused, and names the place.
func TestAStartOnAReadOnlyFolderNamesIt(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_RDONLY, "size=1m"); err != nil {
		missing(t, "no file system can be mounted here: "+err.Error())
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	for _, data := range []string{dir, filepath.Join(dir, "data")} {
		out, err := exec.Command("jarvis", "serve", "--data", data, "--listen", "127.0.0.1:0").CombinedOutput()
		var ended *exec.ExitError
		if !errors.As(err, &ended) || ended.ExitCode() != exitFailed || !strings.Contains(string(out), dir) || !strings.Contains(string(out), "read-only file system") {
			t.Errorf("%s: %v: %s", data, err, out)
		}
	}
}
