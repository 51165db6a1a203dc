package launch

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/wire"
)

// The bounds of one plugin process.
const (
	// DefaultStartTimeout is how long a plugin has until it answers its first
	// health call.
	DefaultStartTimeout = 5 * time.Second
	// MaxLine is the most bytes of one log line that are kept.
	MaxLine = 64 << 10
	// TailLines is how many of its last stderr lines an [Exit] holds.
	TailLines = 20

	// ContractVersion is the version of the plugin contract that this host
	// speaks.
	ContractVersion = int(wire.ProtocolVersion)

	minMemory = 64 << 20
)

// The reasons why a plugin did not start; [Start] wraps one of them or the
// context's error.
var (
	// ErrExec means that the operating system did not run the program.
	ErrExec = errors.New("cannot run program")
	// ErrHandshake means that the program runs but does not speak the protocol.
	ErrHandshake = errors.New("bad handshake")
	// ErrVersion means that it speaks another version of the contract; a
	// [VersionError] says which.
	ErrVersion = errors.New("incompatible contract")
	// ErrEnded means that it ended before it was ready.
	ErrEnded = errors.New("plugin ended while starting")
	// ErrStartTimeout means that it was not ready in time.
	ErrStartTimeout = errors.New("plugin not ready in time")
	// ErrUnhealthy means that its first health call failed.
	ErrUnhealthy = errors.New("first health call failed")
)

// VersionError is that a program speaks another version of the contract than the
// host, which speaks [ContractVersion].
type VersionError struct{ Speaks string }

// Error implements error.
func (e *VersionError) Error() string {
	return fmt.Sprintf("%v: it speaks version %.20s of the plugin contract, this host speaks %d", ErrVersion, e.Speaks, ContractVersion)
}

// Unwrap returns ErrVersion.
func (*VersionError) Unwrap() error { return ErrVersion }

// Newer reports whether it speaks a later version than the host.
func (e *VersionError) Newer() bool {
	n, err := strconv.Atoi(e.Speaks)
	return err == nil && n > ContractVersion
}

// Spec says which program to run and how.
type Spec struct {
	Path string   // the program
	Args []string // its arguments
	// Env is added to the few variables that a plugin gets; nothing else of
	// the host's environment reaches it.
	Env []string
	// Shim is the program and first arguments that run [Shim], such as
	// {"/usr/bin/jarvis", "__exec"}. Without it containment is weaker: when the
	// host dies only the plugin itself goes, not the processes it started; no
	// resource limits are set.
	Shim []string
	// Memory limits the plugin's data in bytes, 0 is no limit. It needs a shim
	// and Linux. Programs built with the race detector can't live under it.
	Memory int64
	// NoTCP keeps the plugin, and what it starts, from opening TCP connections and
	// listening. It needs a shim and Linux 6.7 or later with Landlock; elsewhere a
	// line of the plugin's log says that it does not hold. Other ways out, such as
	// UDP, are left.
	NoTCP bool
	// SocketDir is where the private folder for the sockets is made. Empty is
	// the system's temporary folder, or /tmp where that path is too long.
	SocketDir string
	// StartTimeout is how long Start may take; 0 is DefaultStartTimeout.
	StartTimeout time.Duration
	// NoTLS turns the mutual TLS between host and plugin off.
	NoTLS bool
	// Line takes what the plugin logs and prints, one line at a time. It must
	// return quickly: the plugin waits. Nil drops all.
	Line func(Line)
	// Changed takes what the plugin says has changed in its offer, in order; an
	// error says that it said so wrongly. It must return quickly. Nil drops all.
	Changed func(sdk.Change, error)
	// Now is the clock of log lines; nil is time.Now.
	Now func() time.Time
}

func (s Spec) complete() (Spec, error) {
	s.StartTimeout = cmp.Or(s.StartTimeout, DefaultStartTimeout)
	if s.Line == nil {
		s.Line = func(Line) {}
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Memory != 0 && s.Memory < minMemory {
		return s, fmt.Errorf("memory limit of %d bytes: expected 0 or at least %d", s.Memory, minMemory)
	}
	path, err := filepath.Abs(s.Path)
	if err != nil {
		return s, fmt.Errorf("resolve program path: %w", err)
	}
	s.Path = path
	return s, nil
}
