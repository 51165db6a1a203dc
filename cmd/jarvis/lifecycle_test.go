package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"github.com/jarvis-host/jarvis/host/gateway"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
	"github.com/jarvis-host/jarvis/host/protocol"
)

// fault-C14: accepted means kept: a host that is killed right after `accepted` has the
// message after its restart, and its turn ends as answered or interrupted. No
// plugin outlives the host.
func TestNothingAcceptedIsLostWhenTheHostIsKilled(t *testing.T) {
	dir := t.TempDir()
	h := startHost(t, dir, quiet)
	for _, text := range []string{"play hangman", "what time is it", "play hangman", "what day is it", "play hangman"} { // `make soak` does it 300 times
		c := h.dial("before")
		c.say(text)
		var accepted protocol.Accepted
		c.into(c.next(protocol.TypeAccepted), &accepted)
		h.kill()
		until(t, "the plugins to go with the host", func() bool { return len(h.processes()) == 0 })
		h = startHost(t, dir, quiet)
		keptAndEnded(t, h, accepted)
	}
}

func keptAndEnded(t *testing.T, h *hostProcess, accepted protocol.Accepted) {
	t.Helper()
	var messages struct {
		Items []struct{ Turn, Role, Text string }
	}
	h.get("/v1/sessions/"+accepted.Session+"/messages", &messages)
	if len(messages.Items) == 0 || messages.Items[0].Text != accepted.Text || messages.Items[0].Turn != accepted.Turn {
		t.Fatalf("the message %q is lost: %+v\n%s", accepted.Text, messages, h.log)
	}
	c := h.dial("after")
	c.send(protocol.Resume{Type: protocol.TypeResume, Session: accepted.Session})
	end := c.turn().done
	if end.State != "answered" && end.State != "interrupted" {
		t.Fatalf("the turn ended as %+v", end)
	}
}

// slowModel begins each answer and never ends it.
func slowModel(t *testing.T) *llmtest.Server {
	t.Helper()
	return llmtest.New(t, llmtest.Rule{Chunks: []string{"one ", "two ", "three ", "four "}, Fault: llmtest.StallMid})
}

func withModel(url string) string {
	return "llm:\n  ollama:\n    url: " + url + "\ndrain:\n  deadline: 2s\n"
}

// noticeable has the host say that it stops before it does, for longer than has
// to be seen: a machine that is busy looks late.
const noticeable = "JARVIS_DRAIN__NOTICE=3s"

// S01, fault-C1: readiness goes at least a second before the port does, nothing
// new is taken, every turn ends or is told, sockets close with 1001, the exit code
// is 0 before Docker would lose its patience, nothing is left behind. Other codes
// than 1001 are for those who may come back to this very host.
func TestSIGTERMUnderAThousandStreamingTurns(t *testing.T) {
	config := "drain: {deadline: 3s}\nllm:\n  providers:\n"
	for _, name := range []string{"a", "b"} { // the second one takes what is too much for the first
		config += "    " + name + ": {kind: ollama, url: \"" + slowModel(t).URL() + "\", concurrency: 500, queue: 1, first_token: 5m, between_tokens: 5m}\n"
	}
	h := startHostIn(t, "", config+"  routes: {a: {provider: a, model: toy}, b: {provider: b, model: toy}}\n", []string{noticeable})
	clients := make([]*client, streams)
	var all sync.WaitGroup
	var streaming atomic.Int64
	for part := range slices.Chunk(clients, 100) {
		all.Go(func() {
			for i := range part {
				part[i] = h.dial("c")
				part[i].say("tell me a very long story")
				for f := part[i].any(); f.Type != protocol.TypeProgress; f = part[i].any() {
					if f.Type == protocol.TypeDelta {
						streaming.Add(1)
						break
					}
				}
			}
		})
	}
	all.Wait()
	if n := streaming.Load(); t.Failed() || n < streams-1 { // one may wait for the first model
		t.Fatalf("%d turns stream", n)
	}
	began := time.Now()
	h.signal(syscall.SIGTERM)
	for _, c := range clients {
		c.next(protocol.TypeDraining)
	}
	unready := make(chan [2]time.Time, 1)
	go func() { unready <- h.watchTheEnd() }()
	if code := h.get("/health", nil); code != http.StatusOK {
		t.Errorf("/health while draining is %d", code)
	}
	if code := h.rest(http.MethodPost, "/v1/chat", `{"text":"one more"}`, nil); code != http.StatusServiceUnavailable {
		t.Errorf("a new message while draining got %d", code)
	}
	for _, c := range clients {
		var d protocol.Done
		c.into(c.next(protocol.TypeDone), &d)
		if d.State != "interrupted" || d.Text != "" && !strings.HasPrefix(d.Text, "one ") {
			t.Errorf("the turn ended as %+v", d)
		}
		if d.Text != "" {
			streaming.Add(-1)
		}
		for range c.frames {
		}
		if err := <-c.closed; !websocket.IsCloseError(err, protocol.CloseGoingAway) {
			t.Errorf("closed with %v", err)
		}
	}
	<-h.end
	if code := h.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d\n%s", code, h.log)
	}
	if n := streaming.Load(); n != 0 {
		t.Errorf("%d streams lost what was said", n)
	}
	if seen := <-unready; seen[1].Sub(seen[0]) < time.Second {
		t.Errorf("unready at %v, closed %v later", seen[0].Sub(began), seen[1].Sub(seen[0]))
	}
	until(t, "no orphan", func() bool { return len(h.processes()) == 0 })
}

// streams are all that two models may give at once.
const streams = 1000

// fault-C1: with nothing to wait for, the port still stays for as long as it
// takes to notice.
func TestAnIdleHostSaysThatItStopsBeforeItDoes(t *testing.T) {
	h := startHostIn(t, "", quiet, []string{noticeable})
	h.signal(syscall.SIGTERM)
	until(t, "the host to be unready", func() bool { return h.get("/ready", nil) == http.StatusServiceUnavailable })
	if seen := h.watchTheEnd(); seen[1].Sub(seen[0]) < time.Second {
		t.Errorf("it closed %v after it was seen unready", seen[1].Sub(seen[0]))
	}
	<-h.end
}

// watchTheEnd tells when /ready was first seen to say 503, and when nothing
// answered any more.
func (h *hostProcess) watchTheEnd() (seen [2]time.Time) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	for tick := time.NewTicker(20 * time.Millisecond); ; <-tick.C {
		resp, err := client.Get("http://" + h.addr + "/ready")
		if err != nil {
			seen[1] = time.Now()
			return seen
		}
		_ = resp.Body.Close()
		if seen[0].IsZero() && resp.StatusCode == http.StatusServiceUnavailable {
			seen[0] = time.Now()
		}
	}
}

// fault-C2: what runs and what waits behind it when the host is told to stop are
// both told, and kept as interrupted.
func TestWhatWaitsWhenTheHostStopsIsTold(t *testing.T) {
	dir := t.TempDir()
	h := startHost(t, dir, withModel(slowModel(t).URL()))
	c := h.dial("a")
	c.say("tell me a very long story")
	var first, second protocol.Accepted
	c.into(c.next(protocol.TypeAccepted), &first)
	c.next(protocol.TypeDelta)
	c.session = first.Session
	c.say("this one waits")
	c.into(c.next(protocol.TypeAccepted), &second)
	h.signal(syscall.SIGTERM)
	ends := map[string]string{}
	for range 2 {
		var d protocol.Done
		c.into(c.next(protocol.TypeDone), &d)
		ends[d.Turn] = d.State
	}
	if d := cmp.Diff(map[string]string{first.Turn: "interrupted", second.Turn: "interrupted"}, ends); d != "" {
		t.Error(d)
	}
	<-h.end
	h = startHost(t, dir, quiet)
	var messages protocol.List[protocol.Message]
	h.get("/v1/sessions/"+first.Session+"/messages", &messages)
	kept := map[string]int{}
	for _, m := range messages.Items {
		kept[m.Turn+" "+m.Role+" "+m.State]++
	}
	want := map[string]int{}
	for turn := range ends {
		want[turn+" user "], want[turn+" assistant interrupted"] = 1, 1
	}
	if d := cmp.Diff(want, kept); d != "" {
		t.Error(d)
	}
}

// S02, fault-C3: a second signal ends at once, with its own exit code, and the turns are
// told all the same after the restart.
func TestASecondSignalEndsAtOnce(t *testing.T) {
	for second, want := range map[syscall.Signal]int{syscall.SIGTERM: 143, syscall.SIGINT: 130} {
		t.Run(second.String(), func(t *testing.T) { endsAtOnce(t, second, want) })
	}
}

func endsAtOnce(t *testing.T, second syscall.Signal, want int) {
	dir := t.TempDir()
	model := slowModel(t)
	h := startHost(t, dir, strings.Replace(withModel(model.URL()), "2s", "10m", 1))
	c := h.dial("a")
	c.say("tell me a very long story")
	c.next(protocol.TypeDelta)
	_ = h.cmd.Process.Signal(syscall.SIGTERM)
	c.next(protocol.TypeDraining)
	_ = h.cmd.Process.Signal(second)
	<-h.end
	if code := h.cmd.ProcessState.ExitCode(); code != want {
		t.Errorf("exit code %d\n%s", code, h.log)
	}
	until(t, "no orphan", func() bool { return len(h.processes()) == 0 })
	h = startHost(t, dir, quiet)
	var sessions struct{ Items []struct{ ID string } }
	h.get("/v1/sessions", &sessions)
	c = h.dial("b")
	c.send(protocol.Resume{Type: protocol.TypeResume, Session: sessions.Items[0].ID})
	if end := c.turn().done; end.State != "interrupted" || !strings.HasPrefix(end.Text, "one ") {
		t.Errorf("the turn ended as %+v", end)
	}
}

// E06 E10: stop during a model's stream keeps what was said, and what was
// queued behind is told too.
func TestStopKeepsWhatWasSaid(t *testing.T) {
	model := slowModel(t)
	h := startHost(t, "", withModel(model.URL()))
	c := h.dial("a")
	c.say("tell me a very long story")
	var accepted protocol.Accepted
	c.into(c.next(protocol.TypeAccepted), &accepted)
	c.session = accepted.Session
	c.next(protocol.TypeDelta)
	c.say("and another one")
	c.next(protocol.TypeAccepted)
	c.send(protocol.Stop{Type: protocol.TypeStop, Session: c.session})
	for _, want := range []string{"one ", ""} {
		var d protocol.Done
		c.into(c.next(protocol.TypeDone), &d)
		if d.State != "stopped" || !strings.HasPrefix(d.Text, want) {
			t.Errorf("want a stopped turn with %q, got %+v", want, d)
		}
	}
	var messages struct {
		Items []struct{ Role, Text, State string }
	}
	h.get("/v1/sessions/"+c.session+"/messages", &messages)
	until(t, "the turn's line in the log", func() bool {
		return strings.Contains(h.log.String(), "turn done") && strings.Contains(h.log.String(), accepted.Turn)
	})
	if strings.Contains(h.log.String(), "very long story") {
		t.Error("what was said is in the log")
	}
	found := false
	for _, m := range messages.Items {
		found = found || m.Role == "assistant" && strings.HasPrefix(m.Text, "one ") && m.State == "stopped"
	}
	if !found {
		t.Errorf("the history lacks the stopped answer: %+v", messages.Items)
	}
}

func TestTwoHostsNeverShareADataDirectory(t *testing.T) {
	h := startHost(t, "", quiet)
	out, err := exec.Command("jarvis", "serve", "--data", h.data(), "--listen", "127.0.0.1:0", "--config", filepath.Join(h.dir, "jarvis.yaml")).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "in use") {
		t.Errorf("a second host started: %v %s", err, out)
	}
}

func TestAPortInUseIsNamedAndEndsTheStart(t *testing.T) { // fault-C13
	h := startHost(t, "", quiet)
	dir := t.TempDir()
	cmd := exec.Command("jarvis", "serve", "--data", filepath.Join(dir, "data"), "--listen", h.addr, "--config", filepath.Join(h.dir, "jarvis.yaml"))
	out, _ := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != exitFailed || !strings.Contains(string(out), "choose another with --listen") {
		t.Errorf("exit %d: %s", cmd.ProcessState.ExitCode(), out)
	}
}

// X01: nothing but loopback without `jarvis init`.
func TestAFirstStartOnAnotherAddressNamesInit(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("jarvis", "serve", "--data", filepath.Join(dir, "data"), "--listen", "0.0.0.0:0")
	cmd.Dir = dir
	cmd.Env = []string{quickExit, "PATH=" + os.Getenv("PATH"), "HOME=" + dir}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != exitConfig || !strings.Contains(string(out), "jarvis init") {
		t.Errorf("got %v: %s", err, out)
	}
}

// O07, fault-C10: a configuration counts while the host runs, at SIGHUP and when its file
// changes; what changed is told, and of a bad one the last good one stays.
func TestAConfigurationIsTakenOverWhileTheHostRuns(t *testing.T) {
	h := startHost(t, "", quiet+"limits:\n  chat_per_minute: 1\n")
	c := h.dial("a")
	c.ask("what time is it")
	c.say("what time is it")
	c.next(protocol.TypeError)
	write := func(config string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(h.dir, "jarvis.yaml"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	told := func(line string) {
		t.Helper()
		until(t, "the log to tell: "+line, func() bool { return strings.Contains(h.log.String(), line) })
	}
	write(quiet + "limits:\n  chat_per_minute: many\n")
	if err := h.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	told("configuration not taken over, the last good one stays")
	told("limits.chat_per_minute")
	c.say("what time is it")
	c.next(protocol.TypeError)

	write(quiet + "limits:\n  chat_per_minute: 100\n")
	if err := h.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	told("configuration changed: setting=limits.chat_per_minute old=1 new=100")
	if got := c.ask("what time is it"); got.done.State != "answered" {
		t.Errorf("after the change: %+v", got.done)
	}

	write(quiet + "limits:\n  chat_per_minute: 1\n")
	h.signal(syscall.SIGHUP)
	told("configuration changed: setting=limits.chat_per_minute old=100 new=1")
	until(t, "the lower limit to count", func() bool {
		c.say("what time is it")
		f := c.any()
		for f.Type != protocol.TypeError && f.Type != protocol.TypeDone {
			f = c.any()
		}
		return f.Type == protocol.TypeError
	})

	model := llmtest.New(t, llmtest.Rule{Chunks: []string{"From the ", "new model."}})
	write(withModel(model.URL()) + "limits:\n  chat_per_minute: 100\n") // the file alone is enough
	told("configuration changed: setting=llm.ollama.url")
	told("configuration change counts after a restart: setting=drain.deadline")
	until(t, "the new model to answer", func() bool {
		return c.ask("tell me something").done.Text == "From the new model."
	})
}

// fault-C10: a plugin that the configuration no longer has ends the call that it is
// in, and takes no other.
func TestAPluginThatIsRemovedEndsItsCallFirst(t *testing.T) {
	h := startHost(t, "", quiet+withDoor)
	h.ready("door")
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	var ran gateway.ToolRun
	answered := make(chan int, 1)
	go func() {
		answered <- h.rest(http.MethodPost, "/v1/tools/door/listen", `{"pipe":`+quoted(pipe)+`}`, &ran)
	}()
	speak, err := os.OpenFile(pipe, os.O_WRONLY, 0) // when the plugin listens
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(h.dir, "jarvis.yaml"), []byte(quiet), 0o600); err != nil {
		t.Fatal(err)
	}
	h.signal(syscall.SIGHUP)
	until(t, "the door to drain", func() bool { return strings.Contains(h.log.String(), "plugin draining: plugin=door") })
	if _, err := speak.WriteString("steps"); err != nil {
		t.Fatal(err)
	}
	if err := speak.Close(); err != nil {
		t.Fatal(err)
	}
	if code := <-answered; code != http.StatusOK || ran.Text != "steps" {
		t.Errorf("the call that it was in: %d %+v", code, ran)
	}
	until(t, "the door to be gone", func() bool { return h.plugin("door").State == "disabled" && h.plugin("door").PID == 0 })
	if code := h.rest(http.MethodPost, "/v1/tools/door/listen", `{"pipe":"x"}`, nil); code == http.StatusOK {
		t.Error("a plugin that is gone takes a call")
	}

	reload := func(config string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(h.dir, "jarvis.yaml"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		h.signal(syscall.SIGHUP)
	}
	reload(quiet + withDoor)
	h.ready("door")
	reload(quiet + "plugins:\n  door:\n    path: jarvis-plugin-door\n") // others' are off unless they are turned on
	until(t, "the door to be off", func() bool { return h.plugin("door").State == "disabled" })
	reload(quiet + withDoor)
	h.ready("door")
}

// A confirmation waits for its reply across a restart of the host, killed or
// stopped; then the effect happens, once, and with the confirmation's plugin in
// another process.
func TestAConfirmationSurvivesARestart(t *testing.T) {
	for name, end := range map[string]func(*hostProcess){"killed": (*hostProcess).kill, "stopped": (*hostProcess).stop} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			h := startHost(t, dir, quiet+withDoor)
			c := h.dial("a")
			c.say("open the front door")
			var q protocol.Question
			c.into(c.next(protocol.TypeQuestion), &q)
			end(h)
			until(t, "the plugins to go with the host", func() bool { return len(h.processes()) == 0 })

			h = startHost(t, dir, quiet+withDoor)
			h.ready("door")
			c = h.dial("b")
			c.send(protocol.Resume{Type: protocol.TypeResume, Session: q.Session})
			var again protocol.Question
			c.into(c.next(protocol.TypeQuestion), &again)
			if again.Question != q.Question {
				t.Fatalf("the question became %+v, it was %+v", again, q)
			}
			c.send(protocol.Reply{Type: protocol.TypeReply, Question: q.Question, Value: []byte("true")})
			if diff := cmp.Diff([]string{"running", "executed"}, toolStates(c)); diff != "" {
				t.Errorf("after the reply (-want +got):\n%s", diff)
			}
			c.send(protocol.Reply{Type: protocol.TypeReply, Question: q.Question, Value: []byte("true")})
			c.next(protocol.TypeError)
		})
	}
}

// E12: a host that is killed in the middle of an effect tells so after its
// restart; the end user can have it tried once more, and nothing happens twice
// unless they agree.
func TestAnInterruptedTurnIsTriedOnceMoreOnRequest(t *testing.T) {
	model := slowModel(t)
	dir := t.TempDir()
	h := startHost(t, dir, withModel(model.URL()))
	c := h.dial("a")
	c.say("raconte une histoire")
	var accepted protocol.Accepted
	c.into(c.next(protocol.TypeAccepted), &accepted)
	c.next(protocol.TypeDelta)
	h.kill()
	until(t, "the plugins to go with the host", func() bool { return len(h.processes()) == 0 })

	whole := llmtest.New(t, llmtest.Rule{Chunks: []string{"Il était ", "une fois."}})
	h = startHost(t, dir, withModel(whole.URL()))
	c = h.dial("b")
	c.send(protocol.Resume{Type: protocol.TypeResume, Session: accepted.Session})
	if end := c.turn().done; end.State != "interrupted" {
		t.Fatalf("the killed turn ended as %+v", end)
	}
	got := c.ask("réessaie")
	if got.done.State != "answered" || got.done.Text != "Il était une fois." || got.done.Lang != "fr" {
		t.Fatalf("the second try ended as %+v", got.done)
	}
	asked := whole.Requests()
	if last := asked[len(asked)-1]; !strings.Contains(string(last.Body), "raconte une histoire") || strings.Contains(string(last.Body), "réessaie") ||
		strings.Count(string(last.Body), "raconte") != 1 {
		t.Errorf("the model was asked %s", last.Body)
	}
}
