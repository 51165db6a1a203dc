package main

import (
	"bufio"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/jarvis-host/jarvis/host/llm/llmtest"
	"github.com/jarvis-host/jarvis/host/protocol"
)

// unmoved are families that a scenario from outside cannot move, and who does.
var unmoved = map[string]string{
	"jarvis_panics_total":   "host/gateway: a panic is caught",
	"jarvis_log_lost_total": "TestAFullDiskUnderTheLogStopsNoTurn",
	"jarvis_llm_cost_total": "host/llm: prices are an operator's",
}

// S04: in one scenario every family moves that docs/metrics.md lists.
func TestEveryMetricMovesInAScenario(t *testing.T) {
	model := llmtest.New(t)
	h := startHost(t, "", "llm:\n  ollama:\n    url: "+model.URL()+"\n    num_ctx: 512\n"+"limits:\n  chat_per_minute: 9\n  connects_per_minute: 0\n"+
		withKitchen+"  crash:\n    enabled: true\n    path: jarvis-plugin-crash\n")
	c := h.dial("a")
	c.ask("start the timer")
	n := h.dial("b").notice()
	c.send(protocol.Ack{Type: protocol.TypeAck, Notice: n.Notice})
	c.ask("remember that the bins go out on Tuesday")
	long := strings.Repeat("tell me everything about the wide blue sea. ", 60)
	for range 4 {
		c.ask(long)
	}
	for range 4 {
		c.say("what time is it")
	}
	for refused := false; !refused; {
		refused = c.any().Type == protocol.TypeError
	}
	if code := h.rest(http.MethodPost, "/v1/chat", `{"text": ""}`, nil); code < 400 {
		t.Errorf("an empty message got %d", code)
	}
	until(t, "the crashing plugin to be tried again", func() bool { return h.metric(`jarvis_plugin_restarts_total{plugin="crash"}`) > 0 })
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	values := h.families()
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (?:counter|gauge|histogram)").FindAllStringSubmatch(string(page), -1) {
		if name := m[1]; values[name] == 0 && unmoved[name] == "" {
			t.Errorf("%s did not move", name)
		}
	}
}

var sample = regexp.MustCompile(`^([a-z_]+?)(_count|_sum|_bucket)?(?:\{[^}]*\})? ([0-9.e+-]+)$`)

// families reads the sums of all series of GET /metrics, by family; of a
// histogram, how often it was observed.
func (h *hostProcess) families() map[string]float64 {
	h.t.Helper()
	out := map[string]float64{}
	for line := range strings.Lines(h.metrics()) {
		if m := sample.FindStringSubmatch(strings.TrimSpace(line)); m != nil && (m[2] == "" || m[2] == "_count") {
			v, _ := strconv.ParseFloat(m[3], 64)
			if m[1] == "jarvis_queue_depth" {
				v++ // that it is there tells that it was set; it falls to 0 again
			}
			out[m[1]] += v
		}
	}
	return out
}

// records reads a log file as one JSON object a line.
func records(t *testing.T, file string) (all []map[string]any) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		var r map[string]any
		if err := json.Unmarshal([]byte(line), &r); err != nil || r["@level"] == nil || r["@message"] == nil || r["@timestamp"] == nil {
			t.Errorf("no record: %s (%v)", line, err)
		}
		all = append(all, r)
	}
	return all
}

func (h *hostProcess) signal(s syscall.Signal) {
	h.t.Helper()
	if err := h.cmd.Process.Signal(s); err != nil {
		h.t.Fatal(err)
	}
}

// S07, fault-C9, fault-C11: a turn is one record; the log's file is made anew
// after logrotate moved it; no signal ends the host that should not.
func TestALogFileAndTheSignalsAroundIt(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "logs", "jarvis.log")
	h := startHost(t, dir, quiet+"log:\n  format: json\n  file: "+file+"\n")
	c := h.dial("a")
	done := c.ask("what time is it")
	inFile := func(what string) bool {
		raw, _ := os.ReadFile(file)
		return strings.Contains(string(raw), what)
	}
	until(t, "the turn's record", func() bool { return inFile(`"turn done"`) })
	for _, r := range records(t, file) {
		if r["@message"] != "turn done" {
			continue
		}
		_, timed := r["duration_ms"].(float64)
		if r["session"] != done.accepted.Session || r["turn"] != done.accepted.Turn || r["user"] == "" || r["request_id"] == "" || r["state"] != "answered" || !timed {
			t.Errorf("the turn's record is %v", r)
		}
	}
	for i := range 100 { // while people talk, and nobody is cut off
		h.signal(syscall.SIGHUP)
		if i%10 == 0 {
			c.ask("what time is it")
		}
	}
	if err := os.Rename(file, file+".1"); err != nil {
		t.Fatal(err)
	}
	h.signal(syscall.SIGUSR1)
	until(t, "the file to be made anew", func() bool { c.ask("what time is it"); _, err := os.Stat(file); return err == nil })
	h.signal(syscall.SIGPIPE)
	h.signal(syscall.SIGQUIT)
	until(t, "the stacks", func() bool { return inFile("stacks of all goroutines") && inFile("goroutine ") })
	h.signal(syscall.SIGTSTP)
	h.signal(syscall.SIGCONT)
	if got := c.ask("what time is it").done.State; got != "answered" {
		t.Errorf("after all signals the turn is %s", got)
	}
	records(t, file)
	records(t, file+".1")
}

// A disk that is full under the log costs records, and no turn; the operator is
// told where the log can't be.
func TestAFullDiskUnderTheLogStopsNoTurn(t *testing.T) {
	h := startHost(t, "", quiet+"log:\n  file: /dev/full\n")
	c := h.dial("a")
	for range 3 {
		if got := c.ask("what time is it").done.State; got != "answered" {
			t.Errorf("the turn is %s", got)
		}
	}
	until(t, "lost records to be counted", func() bool { return h.metric("jarvis_log_lost_total") >= 3 })
	until(t, "the operator to be told", func() bool { return strings.Contains(h.log.String(), "no space left on device; the host goes on") })
}

// fault-C11: log.output stdout puts records alone there; when who reads them
// goes, the host stays.
func TestTheLogOnStandardOutputAndItsReaderGone(t *testing.T) {
	dir := t.TempDir()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	file, ready := filepath.Join(dir, "jarvis.yaml"), filepath.Join(dir, "ready.json")
	if err := os.WriteFile(file, []byte(quiet+unlimited+"profile: prod\nlog: {output: stdout}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := &hostProcess{t: t, dir: dir, log: &lockedBuffer{}, end: make(chan struct{})}
	h.cmd = exec.Command("jarvis", "serve", "--config", file, "--data", h.data(), "--listen", "127.0.0.1:0", "--ready-file", ready)
	h.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, quickExit}
	h.cmd.Stdout, h.cmd.Stderr = w, h.log
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = h.cmd.Wait(); close(h.end) }()
	t.Cleanup(h.stop)
	_ = w.Close()
	for lines := bufio.NewScanner(r); lines.Scan(); {
		var record map[string]any
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			t.Fatalf("no record: %s", lines.Text())
		}
		if record["@message"] == "host ready" {
			break
		}
	}
	_ = r.Close()
	until(t, "the ready file", func() bool { _, err := os.Stat(ready); return err == nil })
	h.readReady(ready)
	if !strings.Contains(h.log.String(), "is ready on") {
		t.Errorf("people are told on standard error: %s", h.log)
	}
	c := h.dial("a")
	until(t, "records to be lost", func() bool {
		return c.ask("what time is it").done.State == "answered" && h.metric("jarvis_log_lost_total") > 0
	})
}

// X10, fault-C10: a key that is rotated in its file counts at once, the old
// one's sockets close; a plugin that is turned off is drained.
func TestAnOperatorsKeyRotatesAndAPluginGoesWhileTheHostRuns(t *testing.T) {
	dir := t.TempDir()
	keyFile := filepath.Join(dir, "operator.key")
	write := func(file, text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(keyFile, "first-key-0123456789")
	config := quiet + unlimited + "operator_key_file: " + keyFile + "\n"
	h := startHost(t, dir, config)
	h.ready("hangman")
	old := h.dialAs("old", "first-key-0123456789")
	old.next(protocol.TypeHello)
	write(keyFile, "second-key-0123456789")
	write(filepath.Join(dir, "jarvis.yaml"), config+"plugins: {hangman: {enabled: false}}\n")
	h.signal(syscall.SIGHUP)
	until(t, "the old key's socket to close", func() bool {
		select {
		case err := <-old.closed:
			if !websocket.IsCloseError(err, websocket.ClosePolicyViolation) {
				t.Errorf("it closed with %v", err)
			}
			return true
		default:
			return false
		}
	})
	h.dialAs("new", "second-key-0123456789").next(protocol.TypeHello)
	until(t, "hangman to be off", func() bool { return h.plugin("hangman").State == "disabled" })
	if strings.Contains(h.log.String(), "key-0123456789") {
		t.Error("a key is in the log")
	}
	write(keyFile, "third-key-0123456789") // its file alone is enough
	until(t, "the third key to count", func() bool {
		req, _ := http.NewRequest(http.MethodGet, "http://"+h.addr+"/v1/me", nil)
		req.Header.Set("Authorization", "Bearer third-key-0123456789")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// fault-C5: killed in the middle of its drain, a host loses nothing.
func TestNothingIsLostWhenTheHostIsKilledWhileItDrains(t *testing.T) {
	dir := t.TempDir()
	h := startHost(t, dir, strings.Replace(withModel(slowModel(t).URL()), "2s", "10m", 1))
	c := h.dial("a")
	c.say("tell me a very long story")
	var accepted protocol.Accepted
	c.into(c.next(protocol.TypeAccepted), &accepted)
	c.next(protocol.TypeDelta)
	h.signal(syscall.SIGTERM)
	c.next(protocol.TypeDraining)
	h.kill()
	until(t, "the plugins to go with the host", func() bool { return len(h.processes()) == 0 })
	keptAndEnded(t, startHost(t, dir, quiet), accepted)
}

// fault-C7: whoever knocks while the host starts is refused the connection;
// the first who gets in meets a host that knows its keys.
func TestThePortOpensWhenTheHostIsWhole(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := filepath.Join(dir, "operator.key")
	if err := os.WriteFile(write, []byte("operators-key-0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	first := make(chan [2]int, 1)
	go func() {
		status := func(key string) int {
			req, _ := http.NewRequest(http.MethodGet, "http://"+addr+"/v1/me", nil)
			req.Header.Set("Authorization", "Bearer "+key)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				return 0
			}
			_ = resp.Body.Close()
			return resp.StatusCode
		}
		for tick := time.NewTicker(5 * time.Millisecond); ; <-tick.C {
			if code := status("operators-key-0123456789"); code != 0 {
				first <- [2]int{code, status("jrv_nobody")}
				return
			}
		}
	}()
	config := quiet + "operator_key_file: " + write + "\ngateway:\n  listen: " + addr + "\n"
	if err := os.WriteFile(filepath.Join(dir, "jarvis.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	h := exec.Command("jarvis", "serve", "--data", filepath.Join(dir, "data"), "--config", filepath.Join(dir, "jarvis.yaml"))
	h.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, quickExit}
	if err := h.Start(); err != nil {
		t.Fatal(err)
	}
	got := <-first
	_ = h.Process.Signal(syscall.SIGTERM)
	_ = h.Wait()
	if got != [2]int{http.StatusOK, http.StatusUnauthorized} {
		t.Errorf("the first answers are %v, want 200 for the operator and 401 for nobody", got)
	}
}

// fault-C13: an address that can't be had ends the start with one line.
func TestAnAddressThatCannotBeHadEndsTheStart(t *testing.T) {
	dir := t.TempDir()
	run := func(args ...string) (int, string) {
		cmd := exec.Command("jarvis", args...)
		cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, quickExit}
		out, _ := cmd.CombinedOutput()
		return cmd.ProcessState.ExitCode(), string(out)
	}
	if code, out := run("init", "--data", dir); code != 0 {
		t.Fatalf("init: %d %s", code, out)
	}
	for addr, want := range map[string]struct {
		code int
		line string
	}{"192.0.2.1:8080": {exitFailed, "cannot assign requested address"}, "nowhere": {exitConfig, "expected address:port"}} {
		code, out := run("serve", "--data", dir, "--listen", addr)
		last := strings.Split(strings.TrimSpace(out), "\n")
		if code != want.code || !strings.Contains(last[len(last)-1], want.line) || strings.Contains(out, "goroutine") {
			t.Errorf("--listen %s: exit %d\n%s", addr, code, out)
		}
	}
}

// fault-C13: a port that only root may have is named, in one line.
func TestAPortThatOnlyRootMayHaveEndsTheStart(t *testing.T) {
	if raw, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start"); err == nil && strings.TrimSpace(string(raw)) == "0" {
		t.Skip("anybody may have any port here")
	}
	h := contained(t)
	h.stop()
	cmd := exec.Command(filepath.Join(h.dir, "jarvis"), "serve", "--config", filepath.Join(h.dir, "jarvis.yaml"), "--data", h.data(), "--listen", "127.0.0.1:1")
	cmd.Dir, cmd.Env = h.dir, []string{quickExit}
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	out, _ := cmd.CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if last := lines[len(lines)-1]; cmd.ProcessState.ExitCode() != exitFailed || strings.Count(string(out), "permission denied") != 1 || !strings.Contains(last, "127.0.0.1:1") || !strings.Contains(last, "permission denied") {
		t.Errorf("exit %d\n%s", cmd.ProcessState.ExitCode(), out)
	}
}

// fault-C17: the host's own program that is replaced while it runs, by one that
// does not work even, disturbs neither the host nor a plugin that starts later.
func TestTheHostsOwnProgramMayBeReplacedWhileItRuns(t *testing.T) {
	h := contained(t)
	h.ready("weather")
	before := h.plugin("weather").PID
	exe := filepath.Join(h.dir, "jarvis")
	if err := os.WriteFile(exe+".new", []byte("#!/bin/sh\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(exe+".new", exe); err != nil {
		t.Fatal(err)
	}
	c := h.dial("a")
	if got := c.ask("what time is it").done; got.State != "answered" {
		t.Errorf("after the replacement: %+v", got)
	}
	h.rest(http.MethodPost, "/v1/plugins/weather/restart", "", nil)
	until(t, "the weather to be back", func() bool { p := h.plugin("weather"); return p.State == "ready" && p.PID != before })
}

// fault-C17: a plugin's program that is replaced while it runs disturbs nothing;
// what runs next is what was looked at last.
func TestAProgramThatIsReplacedDisturbsNothing(t *testing.T) {
	exe, err := exec.LookPath("jarvis-plugin-door")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	door := filepath.Join(dir, "jarvis-plugin-door")
	raw, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(door, raw, 0o755); err != nil {
		t.Fatal(err)
	}
	h := startHost(t, dir, quiet+"plugins:\n  door:\n    enabled: true\n    path: "+door+"\n    grants: [\"*\"]\n")
	h.ready("door")
	before := h.plugin("door").PID
	if err := os.Rename(door, door+".old"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(door, []byte("#!/bin/sh\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	c := h.dial("a")
	if got := c.ask("knock on the front door"); got.done.State != "answered" || h.plugin("door").PID != before {
		t.Errorf("after the replacement: %+v", got.done)
	}
	h.rest(http.MethodPost, "/v1/plugins/door/restart", "", nil)
	until(t, "the replacement to be seen for what it is", func() bool { s := h.plugin("door").State; return s != "ready" && s != "starting" })
}
