package serve

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/wire"
)

func TestStartedByHandAPluginExplainsItself(t *testing.T) {
	t.Setenv(wire.Handshake.MagicCookieKey, "")
	for _, c := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{nil, 2, "", "is a plugin of Jarvis: talk 1.2.3, Talks."},
		{[]string{"--help"}, 0, "describe   print its manifest", ""},
		{[]string{"-h"}, 0, "describe   print its manifest", ""},
		{[]string{"dance"}, 2, "", `unknown argument "dance"`},
		{[]string{"describe"}, 0, `"id": "talk"`, ""},
	} {
		var stdout, stderr bytes.Buffer
		code := run(talkative(), c.args, &stdout, &stderr)
		if code != c.code || !holds(stdout.String(), c.stdout) || !holds(stderr.String(), c.stderr) {
			t.Errorf("%v: exit %d, stdout %q, stderr %q", c.args, code, stdout.String(), stderr.String())
		}
	}
}

// holds tells whether text contains want, or is empty where nothing is wanted.
func holds(text, want string) bool {
	return want == "" && text == "" || want != "" && strings.Contains(text, want)
}

func TestDescribePrintsAManifestThatCanBeReadBack(t *testing.T) {
	var stdout bytes.Buffer
	if code := run(talkative(), []string{"describe"}, &stdout, io.Discard); code != exitOK {
		t.Fatalf("exit %d", code)
	}
	var got sdk.Manifest
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want, err := talkative().Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	compact := cmp.Transformer("compact", func(raw json.RawMessage) string {
		var b bytes.Buffer
		if err := json.Compact(&b, raw); err != nil {
			return string(raw)
		}
		return b.String()
	})
	if diff := cmp.Diff(want, &got, compact); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
}

func TestAPluginThatIsDeclaredWronglyDoesNotServe(t *testing.T) {
	t.Setenv(wire.Handshake.MagicCookieKey, wire.Handshake.MagicCookieValue)
	before := slog.Default()
	defer slog.SetDefault(before)
	var stdout, stderr bytes.Buffer
	code := run(sdk.New("Bad", "1.0.0", "Bad"), nil, &stdout, &stderr)
	if code != exitFailed || stdout.Len() > 0 || !strings.Contains(stderr.String(), `"@level":"error"`) {
		t.Errorf("exit %d, stdout %q, stderr %q", code, stdout.String(), stderr.String())
	}
	if code := run(sdk.New("Bad", "1.0.0", "Bad"), []string{"describe"}, &stdout, &stderr); code != exitFailed {
		t.Errorf("describe exits %d", code)
	}
}

// process is a plugin that runs.
type process struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	stdout *bufio.Reader
	stderr bytes.Buffer
	client *wire.Client
}

// start runs the test binary in a role and connects to the plugin that comes
// of it.
func start(t *testing.T, role string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0])}
	p.cmd.Env = []string{
		roleKey + "=" + role, wire.Handshake.MagicCookieKey + "=" + wire.Handshake.MagicCookieValue,
		"PLUGIN_PROTOCOL_VERSIONS=1", "PLUGIN_UNIX_SOCKET_DIR=" + socketDir(t),
	}
	p.cmd.Stderr = &p.stderr
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.stdin, p.stdout = stdin, bufio.NewReader(stdout)
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	line, err := p.stdout.ReadString('\n')
	if err != nil {
		t.Fatalf("read handshake: %v", err)
	}
	parts := strings.Split(strings.TrimSpace(line), "|")
	if len(parts) < 5 || parts[0] != "1" || parts[1] != "1" || parts[2] != "unix" || parts[4] != "grpc" {
		t.Fatalf("handshake is %q", line)
	}
	conn, err := grpc.NewClient("unix:"+parts[3], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	p.client = wire.NewClient(conn)
	return p
}

// socketDir is a folder whose name is short enough for a socket's.
func socketDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "js")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// wait returns what the process still printed until its end, and fails the
// test when it does not come.
func (p *process) wait(t *testing.T) string {
	t.Helper()
	stuck := time.AfterFunc(20*time.Second, func() { _ = p.cmd.Process.Signal(syscall.SIGQUIT) })
	rest, err := io.ReadAll(p.stdout)
	if err != nil {
		t.Errorf("read standard output: %v", err)
	}
	if err := p.cmd.Wait(); err != nil || !stuck.Stop() {
		t.Errorf("process ended with %v:\n%s", err, p.stderr.String())
	}
	return string(rest)
}

func TestAPluginServesUntilItsHostIsGone(t *testing.T) {
	p := start(t, "plugin")
	m, err := p.client.Describe(t.Context())
	if err != nil || m.ID != "talk" {
		t.Fatalf("manifest is %+v, %v", m, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone, err := p.client.Attach(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		if err := p.cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	for ev, err := range p.client.Invoke(t.Context(), &sdk.Invocation{Tool: "talk", Info: sdk.CallInfo{RequestID: "r1"}}) {
		if err != nil || ev.(sdk.Result).Text != "done" {
			t.Fatalf("event %+v, %v", ev, err)
		}
	}
	cancel()
	<-gone
	if rest := p.wait(t); rest != "" {
		t.Errorf("standard output holds more than the handshake: %q", rest)
	}
	if strings.Count(p.stderr.String(), "plain words\n") != 1 {
		t.Errorf("what is printed to standard error does not reach it:\n%s", p.stderr.String())
	}
	logged := map[string]string{}
	for line := range strings.Lines(p.stderr.String()) {
		var record map[string]any
		if json.Unmarshal([]byte(line), &record) != nil {
			continue
		}
		if text, ok := record["text"].(string); ok {
			logged[text] = record["@message"].(string)
		}
		if record["@message"] == "said" && (record["request_id"] != "r1" || record["g.n"] != 1.0 || record["@level"] != "info") {
			t.Errorf("record is %v", record)
		}
	}
	want := map[string]string{"printed by Go": "printed to standard output", "printed past Go": "printed to standard output"}
	if diff := cmp.Diff(want, logged); diff != "" {
		t.Errorf("printed lines (-want +got):\n%s\n%s", diff, p.stderr.String())
	}
}

func TestAPluginWhoseParentIsGoneEnds(t *testing.T) {
	p := start(t, "parent")
	if _, err := p.client.Describe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.stdin.Close(); err != nil { // ends the parent; no one detaches
		t.Fatal(err)
	}
	if rest := p.wait(t); rest != "" { // the output ends when the plugin does
		t.Errorf("standard output holds %q", rest)
	}
}

func TestAnOrphanIsNoticed(t *testing.T) {
	tick, parent := make(chan time.Time), make(chan int, 4)
	for _, pid := range []int{7, 7, 7, 1} {
		parent <- pid
	}
	gone := orphaned(func() int { return <-parent }, tick)
	for range 3 {
		select {
		case <-gone:
			t.Fatal("a plugin with its parent counts as orphan")
		case tick <- time.Time{}:
		}
	}
	<-gone
}

func TestWhatIsPrintedBecomesLines(t *testing.T) {
	var out bytes.Buffer
	long := strings.Repeat("x", maxPrinted+5)
	logLines(strings.NewReader("one\n\n"+long+"\nlast"), slog.New(NewHandler(&out)))
	var texts []string
	for line := range strings.Lines(out.String()) {
		var r struct{ Text string }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, r.Text)
	}
	if diff := cmp.Diff([]string{"one", long[:maxPrinted], "xxxxx", "last"}, texts); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	logLines(io.MultiReader(strings.NewReader("half"), broken{}), slog.New(NewHandler(io.Discard))) // ends
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("broken") }
