package plugintest

import (
	"context"
	"syscall"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
)

// Restart kills the program (kill -9) and starts it again. Sessions go on with
// the state and the floor that the host keeps. For a Host of Binary.
func (h *Host) Restart() {
	h.t.Helper()
	h.mustBeProgram()
	h.Upgrade(h.program.path)
}

// Upgrade kills the program and starts another in its place, as an upgrade or
// a roll-back does. For a Host of Binary.
func (h *Host) Upgrade(path string) {
	h.t.Helper()
	h.mustBeProgram()
	h.program.proc.Kill()
	h.program.start(h.t, path)
	h.amending.Lock()
	h.latest = sdk.Change{}
	h.amending.Unlock()
	h.introduce()
}

// PID is the program's process, for what else a test wants to do to it: send
// it SIGSTOP, SIGKILL. For a Host of Binary.
func (h *Host) PID() int {
	h.t.Helper()
	h.mustBeProgram()
	return h.program.proc.PID()
}

func (h *Host) mustBeProgram() {
	h.t.Helper()
	if h.program == nil {
		h.t.Fatal("the plugin runs in the test's own process: start its program with plugintest.Binary")
	}
}

// Freeze stops the program where it is (SIGSTOP), as a machine that is asleep or a
// program that hangs; Thaw lets it go on. For a Host of Binary.
func (h *Host) Freeze() { h.t.Helper(); h.signal(syscall.SIGSTOP) }

// Thaw lets a program go on that Freeze stopped.
func (h *Host) Thaw() { h.t.Helper(); h.signal(syscall.SIGCONT) }

func (h *Host) signal(s syscall.Signal) {
	h.t.Helper()
	if err := syscall.Kill(h.PID(), s); err != nil {
		h.t.Fatalf("signal the program: %v", err)
	}
}

// Leave ends the host as kill -9 would, as far as the program can see, and fails
// the test when the program does not end then, by itself. Restart starts it again.
// For a Host of Binary.
func (h *Host) Leave() {
	h.t.Helper()
	h.mustBeProgram()
	h.program.proc.Abandon()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-h.program.proc.Done():
	case <-late.C:
		h.t.Errorf("the program goes on although its host is gone")
		h.program.proc.Kill()
	}
}

// Crash begins a call, kills the program (kill -9) once it has said something, or
// when ready is closed, and starts it again: the call is lost, and the session is
// what it was before. It fails the test when the call ends first. For a Host of
// Binary.
func (s *Session) Crash(tool string, args any, ready <-chan struct{}) {
	s.host.t.Helper()
	s.host.mustBeProgram()
	s.interrupt(tool, args, ready, func(context.CancelFunc) { s.host.program.proc.Kill() })
	s.host.Restart()
}

// Cancel begins a call and cancels it once the plugin has said something, or when
// ready is closed, which may be nil. It fails the test when the call does not end
// then.
func (s *Session) Cancel(tool string, args any, ready <-chan struct{}) {
	s.host.t.Helper()
	s.interrupt(tool, args, ready, func(cancel context.CancelFunc) { cancel() })
}

// interrupt begins a call and has it ended before its end.
func (s *Session) interrupt(tool string, args any, ready <-chan struct{}, end func(context.CancelFunc)) {
	s.host.t.Helper()
	ctx, cancel := s.host.context()
	info := s.stamp(sdk.CallInfo{Locale: s.host.lang(), Origin: sdk.OriginAPI})
	defer s.host.fake.begin(info)()
	over := make(chan struct{})
	go func() {
		defer close(over)
		select {
		case <-ready:
			end(cancel)
		case <-ctx.Done():
		}
	}()
	defer func() { cancel(); <-over }()
	in := &sdk.Invocation{Tool: tool, Args: s.encode(args), Info: info, State: s.state}
	for _, err := range s.host.client.Invoke(ctx, in) {
		if err != nil {
			return
		}
		end(cancel)
	}
	s.host.t.Errorf("tool %s ended although it was interrupted", tool)
}
