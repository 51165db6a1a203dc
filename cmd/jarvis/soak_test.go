//go:build soak && linux

package main

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// rounds is how often a soak does its worst; the environment may say else.
func rounds(t *testing.T, name string, def int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return def
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// book is what hosts have acknowledged, over all their lives.
type book struct {
	mu       sync.Mutex
	accepted []protocol.Accepted
	checked  int // those that later lives were asked for
}

func (b *book) note(a protocol.Accepted) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.accepted = append(b.accepted, a)
	return len(b.accepted)
}

// talkUntilKilled lets clients speak at once and calls kill after so many
// acknowledgements; what was still on its way is noted too.
func (b *book) talkUntilKilled(t *testing.T, h *hostProcess, round, after int, kill func()) {
	t.Helper()
	begin := len(b.accepted)
	var once sync.Once
	var all sync.WaitGroup
	clients := make([]*client, 8)
	for i := range clients {
		clients[i] = h.dial(fmt.Sprintf("r%dc%d", round, i))
	}
	for i, c := range clients {
		all.Go(func() {
			for said := 0; ; said++ {
				text := fmt.Sprintf("what time is it, round %d client %d message %d", round, i, said)
				say := protocol.Say{Type: protocol.TypeSay, ID: fmt.Sprintf("%s-%d", c.name, said), Text: text, Session: c.session}
				if c.conn.WriteJSON(say) != nil {
					return
				}
				for f := range c.frames {
					if f.Type == protocol.TypeError {
						t.Errorf("error frame %s", f.raw)
					}
					if f.Type == protocol.TypeDone {
						break
					}
					if f.Type != protocol.TypeAccepted {
						continue
					}
					var a protocol.Accepted
					if f.into(&a) != nil {
						return
					}
					c.session = a.Session
					if b.note(a)-begin >= after {
						once.Do(kill)
					}
				}
				select {
				case <-h.end:
					return
				default:
				}
			}
		})
	}
	all.Wait()
}

// check asks a host for all that was acknowledged since the last check: each
// message is there, once, and its turn has ended, once.
func (b *book) check(t *testing.T, h *hostProcess) {
	t.Helper()
	bySession := map[string][]protocol.Accepted{}
	for _, a := range b.accepted[b.checked:] {
		bySession[a.Session] = append(bySession[a.Session], a)
	}
	for id, accepted := range bySession {
		users, ends := map[string]int{}, map[string]int{}
		after := ""
		for {
			var page protocol.List[protocol.Message]
			if code := h.get("/v1/sessions/"+id+"/messages?limit=200&after="+after, &page); code != 200 {
				t.Fatalf("messages of session %s: %d", id, code)
			}
			for _, m := range page.Items {
				if m.Role == "user" {
					users[m.Turn+m.Text]++
				} else {
					ends[m.Turn]++
				}
			}
			if after = page.Next; after == "" {
				break
			}
		}
		for _, a := range accepted {
			if users[a.Turn+a.Text] != 1 || ends[a.Turn] != 1 {
				t.Fatalf("%q of session %s is there %d times, its end %d times", a.Text, id, users[a.Turn+a.Text], ends[a.Turn])
			}
		}
	}
	b.checked = len(b.accepted)
}

// TestSoakKilledHostsKeepWhatTheyAccepted kills a whole host again and again
// while eight clients talk to it.
func TestSoakKilledHostsKeepWhatTheyAccepted(t *testing.T) { // S13, fault-S1, fault-R9
	dir, b := t.TempDir(), &book{}
	random := rand.New(rand.NewPCG(300, 1))
	n := rounds(t, "SOAK_KILLS", 300)
	files := 0
	for round := range n {
		h := startHost(t, dir, quiet)
		b.check(t, h)
		b.talkUntilKilled(t, h, round, 1+random.IntN(120), h.kill)
		if round == 5 {
			files = h.files()
		}
	}
	h := startHost(t, dir, quiet)
	b.check(t, h)
	h.stop()
	until(t, "the plugins to go", func() bool { return len(h.processes()) == 0 })
	if now := h.files(); files > 0 && now > files {
		t.Errorf("%d files in the data directory, %d after six rounds", now, files)
	}
	t.Logf("%d hosts killed, %d messages acknowledged: none lost, none doubled", n, len(b.accepted))
}

// files counts what is in the data directory.
func (h *hostProcess) files() (n int) {
	h.t.Helper()
	err := filepath.WalkDir(h.data(), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// TestSoakPowerCutsKeepWhatWasAccepted runs the host on a file system that
// forgets what was not synced; see test/powercut.
func TestSoakPowerCutsKeepWhatWasAccepted(t *testing.T) { // fault-S2
	program := os.Getenv("POWERCUT")
	if program == "" {
		t.Skip("POWERCUT names no program: run make soak")
	}
	folder, mount := t.TempDir(), t.TempDir()
	b, n := &book{}, rounds(t, "SOAK_POWERCUTS", 50)
	random := rand.New(rand.NewPCG(50, 1))
	for round := range n {
		cut := mountLossy(t, program, round, folder, mount)
		h := startHost(t, mount, quiet)
		b.check(t, h)
		b.talkUntilKilled(t, h, round, 1+random.IntN(60), h.kill)
		t.Logf("round %d: %s", round, cut())
	}
	h := startHost(t, folder, quiet)
	b.check(t, h)
	h.stop()
	t.Logf("%d power cuts, %d messages acknowledged: none lost, none doubled", n, len(b.accepted))
}

// mountLossy shows folder at mount; cut ends that, and tells what was lost.
func mountLossy(t *testing.T, program string, round int, folder, mount string) (cut func() string) {
	t.Helper()
	cmd := exec.Command(program, "-seed", strconv.Itoa(round), folder, mount)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); err != nil || line != "mounted\n" {
		t.Skipf("no FUSE here: %q %v", line, err)
	}
	return func() string {
		_ = in.Close()
		report, _ := io.ReadAll(lines)
		if err := cmd.Wait(); err != nil {
			t.Fatalf("cut the power: %v", err)
		}
		return strings.TrimSpace(string(report))
	}
}

// holdings are what a host holds of the system.
type holdings struct{ Routines, Descriptors, Processes, Files, MiB int }

func (h *hostProcess) holdings() holdings {
	h.t.Helper()
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", h.cmd.Process.Pid))
	if err != nil {
		h.t.Fatal(err)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.cmd.Process.Pid))
	if err != nil {
		h.t.Fatal(err)
	}
	_, rss, _ := strings.Cut(string(status), "VmRSS:")
	kib, _ := strconv.Atoi(strings.Fields(rss)[0])
	return holdings{int(h.metric("go_goroutines")), len(fds), len(h.processes()), h.files(), kib / 1024}
}

// What a connection may leave in memory, in bytes, and by how much what the heap
// holds may differ from wave to wave: a goroutine or a buffer for each is much more.
const mostLeft, unsteady = 150, 150 << 10

// TestSoakComingAndGoingLeavesNothing connects and breaks off, in every way,
// and restarts plugins; the host then holds what it held before, and its memory
// does not grow with what came and went.
func TestSoakComingAndGoingLeavesNothing(t *testing.T) { // S11, fault-R2, fault-R5
	h := startHost(t, "", quiet)
	session := h.dial("first").ask("what time is it").accepted.Session
	wave := func(connects, restarts int) {
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				for n := range connects / 10 {
					d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}}
					c, _, err := d.Dial("ws://"+h.addr+"/ws", http.Header{"Authorization": {"Bearer " + h.key}})
					if err != nil {
						t.Errorf("connect: %v", err)
						return
					}
					if n%3 == 0 {
						_ = c.WriteJSON(protocol.Say{Type: protocol.TypeSay, ID: fmt.Sprint("w", connects, "-", i, "-", n), Text: "what time is it", Session: session})
					}
					if n%2 == 0 { // the other half just vanishes
						_ = c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(time.Second))
						_, _, _ = c.ReadMessage()
					}
					_ = c.Close()
				}
			})
		}
		for n := range restarts {
			name := []string{"hangman", "weather"}[n%2]
			if code := h.rest(http.MethodPost, "/v1/plugins/"+name+"/restart", "", nil); code/100 != 2 {
				t.Errorf("restart %s: %d", name, code)
			}
			h.ready(name)
		}
		all.Wait()
		until(t, "the sockets to be gone", func() bool { return int(h.metric("ws_active_connections")) == 1 })
	}
	const waves = 10
	connects, restarts := rounds(t, "SOAK_CONNECTS", 10_000)/waves, rounds(t, "SOAK_RESTARTS", 100)/waves
	wave(2*connects, 4) // what is made once, and kept
	before := h.holdings()
	held := []int{h.live()}
	for range waves {
		wave(connects, restarts)
		held = append(held, h.live())
	}
	grew := slope(held)
	t.Logf("the heap held %v bytes: %.0f more with each wave of %d connections", held, grew, connects)
	if most := mostLeft*connects + unsteady; grew > float64(most) {
		t.Errorf("a wave leaves %.0f bytes in memory, want at most %d", grew, most)
	}
	var after holdings
	until(t, "the host to hold no more than before", func() bool {
		after = h.holdings()
		return after.Routines <= before.Routines+5 && after.Descriptors <= before.Descriptors+3 && after.Processes <= before.Processes && after.Files <= before.Files
	})
	t.Logf("before %+v, after %+v", before, after)
}

// connect opens a socket and reads hello, and comes back when it is told to.
func (h *hostProcess) connect() (c *websocket.Conn, tries int, err error) {
	d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}, HandshakeTimeout: patience, ReadBufferSize: 512, WriteBufferSize: 512}
	for tries = 1; ; tries++ {
		var resp *http.Response
		c, resp, err = d.Dial("ws://"+h.addr+"/ws", http.Header{"Authorization": {"Bearer " + h.key}})
		if err == nil {
			_, _, err = c.ReadMessage()
			return c, tries, err
		}
		if resp != nil && resp.StatusCode != http.StatusServiceUnavailable || tries == 20 {
			return nil, tries, err
		}
		pause := time.Duration(rand.IntN(1000)) * time.Millisecond // the system refused, not the host
		if resp != nil {
			seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
			pause = time.Duration(seconds) * time.Second
		}
		<-time.After(pause)
	}
}

// TestSoakTenThousandIdleSocketsAreHeld holds them, and lets further ones in beside.
func TestSoakTenThousandIdleSocketsAreHeld(t *testing.T) { // fault-W18
	h := startHost(t, "", quiet)
	n := rounds(t, "SOAK_IDLE", 9500) // and the descriptors of 20,000
	before := h.holdings()
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range n / 16 {
				c, _, err := h.connect()
				if err != nil {
					t.Errorf("connect: %v", err)
					return
				}
				t.Cleanup(func() { _ = c.Close() })
			}
		})
	}
	all.Wait()
	held := h.holdings()
	var took []time.Duration
	for range 500 {
		began := time.Now()
		c, _, err := h.connect()
		if err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(began))
		_ = c.Close()
	}
	slices.Sort(took)
	const watched = 60 * time.Second // each is pinged twice
	cpu := h.cpu()
	<-time.After(watched)
	busy := 100 * float64(h.cpu()-cpu) / float64(watched)
	t.Logf("%d sockets: %d MiB (%d before), %d goroutines; new ones p50 %v p99 %v; %.2f %% of a core", n, held.MiB, before.MiB, held.Routines, took[250], took[495], busy)
	if held.MiB > 300 || took[495] > 100*time.Millisecond || busy > 3 || held.Routines > before.Routines+n+50 {
		t.Errorf("want at most 300 MiB, 100 ms, 3 %% of a core, a goroutine each")
	}
}

// cpu is the processor time that the host has used, to its clock's tick of 10 ms.
func (h *hostProcess) cpu() time.Duration {
	h.t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", h.cmd.Process.Pid))
	if err != nil {
		h.t.Fatal(err)
	}
	fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:])) // see proc_pid_stat(5)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / 100
}

// TestSoakConnectingForAMinuteLeavesNothing opens and closes as fast as it goes.
func TestSoakConnectingForAMinuteLeavesNothing(t *testing.T) { // fault-W19
	h := startHost(t, "", quiet)
	storm := func(length time.Duration) (n int) {
		end := time.Now().Add(length)
		var all sync.WaitGroup
		var sum atomic.Int64
		for range 16 {
			all.Go(func() {
				for time.Now().Before(end) {
					c, _, err := h.connect()
					if err != nil {
						t.Errorf("connect: %v", err)
						return
					}
					_ = c.Close()
					sum.Add(1)
				}
			})
		}
		all.Wait()
		until(t, "the sockets to be gone", func() bool { return int(h.metric("ws_active_connections")) == 0 })
		return int(sum.Load())
	}
	storm(time.Second)
	before := h.holdings()
	n := storm(time.Duration(rounds(t, "SOAK_STORM_SECONDS", 60)) * time.Second)
	var after holdings
	defer func() { t.Logf("%d sockets came and went; before %+v, after %+v", n, before, after) }()
	until(t, "the host to hold no more than before", func() bool {
		after = h.holdings()
		// The readers of the database are opened as they are needed, up to a number.
		return after.Routines <= before.Routines+5 && after.Descriptors <= before.Descriptors+8
	})
}

// TestSoakAStampedeAfterARestartIsLetIn has everybody come back at once.
func TestSoakAStampedeAfterARestartIsLetIn(t *testing.T) { // fault-W29
	dir := t.TempDir()
	startHost(t, dir, quiet).kill()
	h := startHost(t, dir, quiet)
	n := rounds(t, "SOAK_STAMPEDE", 5000)
	start := make(chan struct{})
	var all sync.WaitGroup
	var tries atomic.Int64
	for range n {
		all.Go(func() {
			<-start
			c, tried, err := h.connect()
			tries.Add(int64(tried))
			if err != nil {
				t.Errorf("connect: %v", err)
				return
			}
			t.Cleanup(func() { _ = c.Close() })
		})
	}
	began := time.Now()
	close(start)
	all.Wait()
	took := time.Since(began)
	t.Logf("%d clients were in after %v, with %d tries", n, took, tries.Load())
	if took > 10*time.Second {
		t.Errorf("it took %v, want 10 s", took)
	}
	if r := h.dial("after").ask("what time is it"); r.done.State != "answered" {
		t.Errorf("afterwards: %+v", r.done)
	}
}

// TestSoakAFullDiskIsGotOver fills the disk below a host that talks.
func TestSoakAFullDiskIsGotOver(t *testing.T) { // S12, fault-S3
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=96m"); err != nil {
		t.Skipf("no tmpfs here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	h := startHost(t, dir, quiet)
	c := h.dial("one")
	if r := c.ask("what time is it"); r.done.State != "answered" {
		t.Fatalf("at first: %+v", r.done)
	}
	ballast := filepath.Join(dir, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	for size := 1 << 20; size > 0; size /= 2 {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
	}
	_ = f.Close()
	refused := false
	for i := 0; i < 200 && !refused; i++ { // what is left of the log of changes may still take some
		c.say("what time is it " + strings.Repeat("now ", 500))
		for {
			f := c.any()
			if f.Type == protocol.TypeError {
				var e protocol.Error
				c.into(f, &e)
				if e.Code != protocol.Unavailable || e.RetryAfterMS == 0 {
					t.Errorf("refused with %+v", e)
				}
				refused = true
			}
			if f.Type == protocol.TypeError || f.Type == protocol.TypeDone {
				break
			}
		}
	}
	if !refused {
		t.Error("200 messages of 2 KB fit on a full disk")
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if r := c.ask("what time is it"); r.done.State != "answered" {
		t.Errorf("with room again: %+v", r.done)
	}
	if h.ended() {
		t.Error("the host ended")
	}
}
