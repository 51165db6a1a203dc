//go:build soak && linux

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// roomFor is the memory that a host under abuse may take, its plugins among it.
const roomFor = 512 << 20

// memoryGroup makes a control group with no more memory than most, and returns
// the program that enters it, and how often it had to be refused more or was
// ended for it. ok is false where there is no such group to be had.
func memoryGroup(t *testing.T, most int) (enter []string, ended func() int, ok bool) {
	t.Helper()
	for _, kind := range []struct{ root, limit, swap, events string }{
		{"/sys/fs/cgroup", "memory.max", "memory.swap.max", "memory.events"},
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.swappiness", "memory.oom_control"},
	} {
		dir := filepath.Join(kind.root, fmt.Sprintf("jarvis-soak-%d", os.Getpid()))
		if os.Mkdir(dir, 0o755) != nil {
			continue
		}
		// A folder of another kind has no such file.
		limit, err := os.OpenFile(filepath.Join(dir, kind.limit), os.O_WRONLY, 0)
		if err == nil {
			_, err = limit.WriteString(strconv.Itoa(most))
			err = errors.Join(err, limit.Close())
		}
		if err != nil {
			_ = os.Remove(dir)
			continue
		}
		t.Cleanup(func() {
			until(t, "the group to be empty", func() bool { return os.Remove(dir) == nil })
		})
		_ = os.WriteFile(filepath.Join(dir, kind.swap), []byte("0"), 0o600)
		ended = func() int {
			raw, err := os.ReadFile(filepath.Join(dir, kind.events))
			if err != nil {
				t.Fatal(err)
			}
			_, rest, _ := strings.Cut(string(raw), "oom_kill ")
			n, _ := strconv.Atoi(strings.Fields(rest + " 0")[0])
			return n
		}
		return []string{"sh", "-c", `echo $$ > "$0/cgroup.procs"; exec "$@"`, dir}, ended, true
	}
	return nil, func() int { return 0 }, false
}

// memory is what the host and the processes of its plugins hold, in bytes.
func (h *hostProcess) memory() (sum int) {
	h.t.Helper()
	pids := []string{strconv.Itoa(h.cmd.Process.Pid)}
	for _, p := range h.processes() {
		pid, _, _ := strings.Cut(p, " ")
		pids = append(pids, pid)
	}
	for _, pid := range pids {
		status, err := os.ReadFile("/proc/" + pid + "/status")
		if err != nil {
			continue // it ended meanwhile
		}
		_, anonymous, _ := strings.Cut(string(status), "RssAnon:") // what is of files can be taken back
		kib, _ := strconv.Atoi(strings.Fields(anonymous + " 0")[0])
		sum += kib << 10
	}
	return sum
}

// abuse is what many clients do at once that mean no good, and what they were told.
type abuse struct {
	h     *hostProcess
	key   string // of an end user who means no good
	over  chan struct{}
	all   sync.WaitGroup
	count sync.Map // what happened -> *atomic.Int64
}

func (a *abuse) note(what string) {
	n, _ := a.count.LoadOrStore(what, new(atomic.Int64))
	n.(*atomic.Int64).Add(1)
}

func (a *abuse) noted(what string) int64 {
	n, ok := a.count.Load(what)
	if !ok {
		return 0
	}
	return n.(*atomic.Int64).Load()
}

// by lets n clients do something again and again until the abuse is over.
func (a *abuse) by(n int, do func(i int)) {
	for i := range n {
		a.all.Go(func() {
			for {
				select {
				case <-a.over:
					return
				default:
					do(i)
				}
			}
		})
	}
}

// hold waits until the other side ends a connection, or the abuse is over.
func (a *abuse) hold(c net.Conn) {
	defer c.Close()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		all, _ := io.ReadAll(c)
		if bytes.Contains(all, []byte{0x03, 0xf5, 't', 'o', 'o'}) {
			a.note("sockets closed with 1013")
		}
	}()
	select {
	case <-gone:
		a.note("connections that were ended")
	case <-a.over:
		_ = c.Close()
		<-gone
	}
}

// socket opens a WebSocket; nil: it was refused, or there is no room.
func (a *abuse) socket() *websocket.Conn {
	d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}, HandshakeTimeout: patience, ReadBufferSize: 512, WriteBufferSize: 512}
	c, resp, err := d.Dial("ws://"+a.h.addr+"/ws", http.Header{"Authorization": {"Bearer " + a.key}})
	switch {
	case err == nil:
		return c
	case resp != nil:
		a.note(fmt.Sprint("handshakes with ", resp.StatusCode))
	default:
		a.note("handshakes without an answer")
	}
	a.rest()
	return nil
}

// rest is for those who were refused: the test's own processor is the host's.
func (a *abuse) rest() {
	select {
	case <-time.After(50 * time.Millisecond):
	case <-a.over:
	}
}

// send opens a socket and writes bytes of its own making.
func (a *abuse) send(raw []byte) {
	if c := a.socket(); c != nil {
		a.note("sockets")
		_, _ = c.NetConn().Write(raw)
		a.hold(c.NetConn())
	}
}

// write opens a plain connection and writes what is no whole request.
func (a *abuse) write(raw string) {
	c, err := net.Dial("tcp", a.h.addr)
	if err != nil {
		a.rest()
		return
	}
	_, _ = io.WriteString(c, raw)
	head := make([]byte, 12)
	_ = c.SetReadDeadline(time.Now().Add(patience))
	n, err := io.ReadFull(c, head)
	switch {
	case n == len(head):
		a.note(fmt.Sprint("half requests with ", string(head[9:])))
	case errors.Is(err, os.ErrDeadlineExceeded):
		a.note("half requests without an answer in time")
	}
	_ = c.Close()
	if n == len(head) {
		a.rest()
	}
}

// maskedFrame begins a client's frame; the mask changes nothing.
func maskedFrame(first byte, length uint64) []byte {
	return append(binary.BigEndian.AppendUint64([]byte{first, 0x80 | 127}, length), 0, 0, 0, 0)
}

// begin lets them loose.
func (a *abuse) begin(crowd int) {
	const text, ping, last = 0x1, 0x9, 0x80
	half := append(maskedFrame(last|text, protocol.MaxFrame), bytes.Repeat([]byte("x"), protocol.MaxFrame-1)...)
	var parts, pings []byte
	for i := range 120 {
		first := byte(0)
		if i == 0 {
			first = text
		}
		parts = append(append(parts, maskedFrame(first, 500)...), bytes.Repeat([]byte("x"), 500)...)
	}
	for range 1000 {
		pings = append(append(pings, maskedFrame(last|ping, 125)...), bytes.Repeat([]byte("x"), 125)...)
	}
	a.by(crowd, func(int) { a.send(half) })    // W1, W3
	a.by(crowd/4, func(int) { a.send(parts) }) // W2
	a.by(20, func(int) { a.send(pings) })      // W13
	a.by(20, func(int) { a.send(maskedFrame(last|text, 1<<62)) })
	a.by(crowd/4, func(i int) { // W16: those who speak and never listen
		c := a.socket()
		if c == nil {
			return
		}
		defer c.Close()
		a.note("sockets")
		for n := range 1000 {
			_ = c.SetWriteDeadline(time.Now().Add(time.Second))
			if c.WriteJSON(protocol.Say{Type: protocol.TypeSay, ID: fmt.Sprint(i, "-", n), Text: "what time is it " + strings.Repeat("now ", 1000)}) != nil {
				return
			}
			select {
			case <-a.over:
				return
			default:
			}
		}
	})
	a.by(crowd/4, func(int) { a.write("GET /v1/me HTTP/1.1\r\nHost: localhost\r\nX-A: " + strings.Repeat("x", 15<<10)) }) // H6
	body := "POST /v1/chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 65536\r\nAuthorization: Bearer " + a.key + "\r\n\r\n"
	a.by(crowd/4, func(int) { a.write(body + strings.Repeat("x", 60<<10)) })
	a.by(20, func(int) { a.write("GET / HTTP/1.1\r\nHost: localhost\r\n" + strings.Repeat("X-A: b\r\n", 100_000)) })
	a.by(8, func(i int) { // H12: keys that are none
		req, _ := http.NewRequest(http.MethodGet, "http://"+a.h.addr+"/v1/me", nil)
		req.Header.Set("X-API-Key", fmt.Sprint("jrv_", i))
		if resp, err := http.DefaultClient.Do(req); err == nil {
			a.note(fmt.Sprint("bad keys with ", resp.StatusCode))
			_ = resp.Body.Close()
		}
	})
}

// TestSoakAbuseFitsIntoHalfAGibibyte lets loose on a host, at once and without
// its limits for each address, all that clients could try to make it swell: it
// sheds what is too much in words, never takes more than it may, and serves
// whoever means well.
func TestSoakAbuseFitsIntoHalfAGibibyte(t *testing.T) { // fault-R3
	group, ended, grouped := memoryGroup(t, roomFor)
	under := slices.Clone(group)
	if !grouped {
		t.Log("no control group for memory here: the host has GOMEMLIMIT alone")
		under = []string{"env", fmt.Sprint("GOMEMLIMIT=", roomFor)}
	}
	// So few descriptors that there is something to shed.
	under = append(under, "sh", "-c", `ulimit -n "$0"; exec "$@"`, strconv.Itoa(rounds(t, "SOAK_ABUSE_FILES", 4000)))
	// Clients come from many addresses; each end user is held to what users are.
	h := startHostUnder(t, "", quiet+"limits:\n  chat_per_minute: 120\n  users_per_address: 0\n  connects_per_minute: 0\n", under)
	c, mallory := h.dial("good"), h.newUser("mallory", "--role", "user")
	if got := c.ask("what time is it"); got.done.State != "answered" {
		t.Fatalf("at first: %+v", got.done)
	}
	a := &abuse{h: h, key: mallory, over: make(chan struct{})}
	a.begin(rounds(t, "SOAK_ABUSE_CROWD", 2000))
	most, served := 0, 0
	for end := time.Now().Add(time.Duration(rounds(t, "SOAK_ABUSE_SECONDS", 60)) * time.Second); time.Now().Before(end); {
		if got := c.ask("what time is it"); got.done.State != "answered" {
			t.Errorf("meanwhile: %+v", got.done)
		}
		served++
		<-time.After(time.Second) // or it would be over its own limit
		if most = max(most, h.memory()); h.ended() {
			t.Fatalf("the host ended: %v\n%s", h.cmd.ProcessState, h.log)
		}
	}
	close(a.over)
	a.all.Wait()
	http.DefaultClient.CloseIdleConnections()
	a.count.Range(func(what, n any) bool { t.Logf("%v: %d", what, n.(*atomic.Int64).Load()); return true })
	t.Logf("at most %d MiB of %d, in a control group: %v; %d messages were answered meanwhile", most>>20, roomFor>>20, grouped, served)
	if n := ended(); n > 0 || most > roomFor {
		t.Errorf("%d processes were ended for want of memory", n)
	}
	if a.noted("handshakes with 503") == 0 || a.noted("half requests with 503") == 0 || a.noted("sockets closed with 1013") == 0 {
		t.Error("want what is too much refused with 503 and closed with 1013")
	}
	silent, told := a.noted("half requests without an answer in time"), a.noted("half requests with 503")+a.noted("half requests with 408")
	if silent*100 > told {
		t.Errorf("%d who sent half a request were left without an answer, beside %d who got one", silent, told)
	}
	if served == 0 {
		t.Error("nobody was served")
	}
	if got := c.ask("what time is it"); got.done.State != "answered" {
		t.Errorf("afterwards: %+v", got.done)
	}
}
