package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/wire"
)

const (
	// lossLimit is how soon the death of a plugin must be seen.
	lossLimit = time.Second
	// slowFor is how long the plugin gets one tenth of the time.
	slowFor = time.Second
)

func chaosChecks() []check {
	return []check{
		{"chaos.garbage", "survives arguments and states that are garbage", survivesGarbage},
		{"chaos.large", "survives arguments of three megabytes", survivesLarge},
		{"chaos.strange_caller", "answers callers with strange languages and time zones", answersStrangers},
		{"chaos.flood", "survives 1,000 calls at once", survivesFlood},
		{"chaos.abandoned", "survives 500 calls that are cancelled at once", survivesAbandoned},
		{"chaos.slow", "answers with a tenth of the machine", answersSlowly},
		{"chaos.hang", "can be ended while it hangs", endsWhileHanging},
		{"chaos.kill", "starts again after a kill in the middle of calls", startsAgain},
		{"chaos.protocol_older", "tells a host of an older protocol which one it speaks", tellsProtocol(wire.ProtocolVersion - 1)},
		{"chaos.protocol_newer", "tells a host of a newer protocol which one it speaks", tellsProtocol(wire.ProtocolVersion + 1)},
		{"chaos.no_host", "explains itself when started by hand", explainsItself},
	}
}

// well reports whether the plugin still works.
func (s *suite) well(ctx context.Context) error {
	select {
	case <-s.proc.Lost():
		return errors.New("it died")
	default:
	}
	hctx, cancel := context.WithTimeout(ctx, s.limit(callLimit))
	defer cancel()
	h, err := s.proc.Handler().Health(hctx)
	if err == nil && !h.OK {
		err = fmt.Errorf("it is not well any more: %s", h.Message)
	}
	return err
}

func survivesGarbage(ctx context.Context, s *suite) error {
	noise := rand.NewChaCha8([32]byte{4, 7})
	for i := range 200 {
		raw := make([]byte, 1+i*3)
		_, _ = noise.Read(raw) // never fails
		for _, t := range s.manifest.Tools {
			in := s.invocation(t.Name, s.lang(), raw, i)
			if t.Effect == sdk.EffectReadOnly && i%2 == 0 {
				in.Args, in.State = least(t), raw
			}
			_, _ = s.invoke(ctx, in) // refused in whatever way: it must live on
		}
	}
	return s.well(ctx)
}

func survivesLarge(ctx context.Context, s *suite) error {
	raw, err := json.Marshal(map[string]string{"no_such_argument": strings.Repeat("x", 3<<20)})
	if err != nil {
		return fmt.Errorf("write arguments: %w", err)
	}
	for _, t := range s.manifest.Tools {
		_, _ = s.invoke(ctx, s.invocation(t.Name, s.lang(), raw, 0))
	}
	return s.well(ctx)
}

func answersStrangers(ctx context.Context, s *suite) error {
	all, err := s.sampled()
	if err != nil {
		return err
	}
	var wrong []error
	for i, lang := range []string{"", "xx", "fr-CA", "zh-Hant-TW", "\u202e", strings.Repeat("l", 4096)} {
		for _, zone := range []string{"", "Mars/Phobos", "Pacific/Kiritimati", "../../etc/passwd"} {
			x := all[i%len(all)]
			in := s.invocation(x.tool.Name, lang, x.args, i)
			in.Info.TimeZone, in.Info.Utterance = zone, "\x00\u200d"
			end, err := s.invoke(ctx, in)
			if err == nil {
				err = clean(in, end)
			}
			if err != nil {
				wrong = append(wrong, fmt.Errorf("language %.20q, zone %q: %w", lang, zone, err))
			}
		}
	}
	return errors.Join(errors.Join(wrong...), s.well(ctx))
}

func survivesFlood(ctx context.Context, s *suite) error {
	return errors.Join(s.many(ctx, 1000, 1000), s.well(ctx))
}

func survivesAbandoned(ctx context.Context, s *suite) error {
	all, err := s.sampled()
	if err != nil {
		return err
	}
	for i := range 500 {
		cctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(time.Duration(i%8)*100*time.Microsecond, cancel)
		x := all[i%len(all)]
		_, _ = s.invoke(cctx, s.invocation(x.tool.Name, x.lang, x.args, i))
		cancel()
	}
	return errors.Join(s.idle(ctx), s.well(ctx))
}

// answersSlowly stops the process nine tenths of the time while calls run.
func answersSlowly(ctx context.Context, s *suite) error {
	pid := s.proc.PID()
	slow, cancel := context.WithTimeout(ctx, slowFor)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for slow.Err() == nil {
			_ = syscall.Kill(pid, syscall.SIGSTOP)
			pause(slow, 9*time.Millisecond)
			_ = syscall.Kill(pid, syscall.SIGCONT)
			pause(slow, time.Millisecond)
		}
	}()
	err := s.many(ctx, 64, 8)
	cancel()
	<-done
	return errors.Join(err, s.well(ctx))
}

// endsWhileHanging stops the process: its calls must end at their deadlines,
// and killing it must leave nothing.
func endsWhileHanging(ctx context.Context, s *suite) error {
	if err := syscall.Kill(s.proc.PID(), syscall.SIGSTOP); err != nil {
		return fmt.Errorf("stop process: %w", err)
	}
	for late := time.Now().Add(s.limit(lossLimit)); s.answers(ctx); {
		if time.Now().After(late) {
			return errors.New("a stopped process answers: what runs is not the process that was started")
		}
	}
	return s.gone(s.proc.Kill)
}

// answers reports whether the plugin tells its health within a moment.
func (s *suite) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	_, err := s.proc.Handler().Health(ctx)
	return err == nil
}

func startsAgain(ctx context.Context, s *suite) error {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.many(ctx, 64, 8) // most of them are lost
	}()
	err := s.gone(func() { _ = syscall.Kill(s.proc.PID(), syscall.SIGKILL) })
	<-ended
	if err != nil {
		return err
	}
	s.proc.Kill()
	if err := s.ready(ctx); err != nil {
		return fmt.Errorf("start again: %w", err)
	}
	return s.well(ctx)
}

// gone ends the process and waits until that is seen.
func (s *suite) gone(end func()) error {
	end()
	late := time.NewTimer(s.limit(lossLimit))
	defer late.Stop()
	select {
	case <-s.proc.Lost():
		return nil
	case <-late.C:
		return fmt.Errorf("its end was not seen within %v", s.limit(lossLimit))
	}
}

// tellsProtocol starts the program as a host would that speaks another version
// of the protocol: it must announce its own.
func tellsProtocol(version int) func(context.Context, *suite) error {
	return func(ctx context.Context, s *suite) error {
		line, err := s.announcement(ctx, version)
		if err != nil {
			return err
		}
		fields := strings.Split(line, "|")
		if len(fields) < 5 || fields[1] != fmt.Sprint(wire.ProtocolVersion) {
			return fmt.Errorf("it announced %.120q, expected version %d of the protocol in the second field", line, wire.ProtocolVersion)
		}
		return nil
	}
}

// announcement is the first line that the program prints to a host.
func (s *suite) announcement(ctx context.Context, version int) (string, error) {
	dir, err := os.MkdirTemp("", "jv-verify-")
	if err != nil {
		return "", fmt.Errorf("make folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx, cancel := context.WithTimeout(ctx, s.limit(2*startLimit))
	defer cancel()
	cmd := s.command(ctx, wire.Handshake.MagicCookieKey+"="+wire.Handshake.MagicCookieValue,
		fmt.Sprintf("PLUGIN_PROTOCOL_VERSIONS=%d", version), "PLUGIN_UNIX_SOCKET_DIR="+dir)
	first := make(chan string, 1)
	cmd.Stdout = &lineWriter{first: first}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("start program: %w", err)
	}
	defer func() { _ = cmd.Wait() }() // it was killed
	defer cancel()
	select {
	case line := <-first:
		return line, nil
	case <-ctx.Done():
		return "", fmt.Errorf("it announced nothing within %v", s.limit(2*startLimit))
	}
}

// command is the program without a launcher around it.
func (s *suite) command(ctx context.Context, env ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.opts.Spec.Path, s.opts.Spec.Args...)
	cmd.Env = append(append([]string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + os.TempDir()}, s.opts.Spec.Env...), env...)
	cmd.WaitDelay = time.Second
	return cmd
}

func explainsItself(ctx context.Context, s *suite) error {
	ctx, cancel := context.WithTimeout(ctx, s.limit(2*startLimit))
	defer cancel()
	said, err := s.command(ctx).CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("started by hand it did not end within %v", s.limit(2*startLimit))
	case err == nil:
		return errors.New("started by hand it ended with code 0, expected an error")
	case len(bytes.TrimSpace(said)) == 0:
		return errors.New("started by hand it said nothing, expected a sentence that explains what it is")
	}
	return nil
}

// lineWriter sends the first whole line and drops the rest.
type lineWriter struct {
	first chan<- string
	held  []byte
	sent  bool
}

// Write implements [io.Writer].
func (w *lineWriter) Write(p []byte) (int, error) {
	if !w.sent && len(w.held) < 4096 {
		w.held = append(w.held, p...)
		if line, _, ok := bytes.Cut(w.held, []byte("\n")); ok {
			w.first <- string(line)
			w.sent = true
		}
	}
	return len(p), nil
}
