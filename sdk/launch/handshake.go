package launch

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/hashicorp/go-plugin"

	"github.com/jarvis-host/jarvis/sdk/wire"
)

const (
	// maxHandshake is longer than any certificate in a handshake line.
	maxHandshake = 16 << 10
	// maxQuoted is how much of a wrong line an error repeats.
	maxQuoted = 200
)

// announcement is a plugin's standard output as go-plugin may see it: the first
// line if it is a good handshake, and nothing more. What follows goes to the
// log, however long and without an end; a scanner that stops would otherwise
// stall the plugin.
type announcement struct {
	from  io.ReadCloser
	rest  io.Writer
	check func(line string) error

	mu    sync.Mutex
	line  []byte
	ended bool // the first line is complete, or will never be
	err   error
}

// Read implements io.Reader for go-plugin.
func (a *announcement) Read(p []byte) (int, error) {
	if a.over() {
		return a.drain()
	}
	n, err := a.from.Read(p)
	kept := a.take(p[:n])
	if kept > 0 {
		return kept, nil
	}
	if err != nil {
		return 0, io.EOF
	}
	return a.drain()
}

func (a *announcement) over() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ended
}

// problem is what is wrong with the handshake, or nil.
func (a *announcement) problem() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err == nil && !a.ended && len(a.line) > 0 {
		return noise(a.line)
	}
	return a.err
}

// take adds to the first line and returns how much of part go-plugin may see.
func (a *announcement) take(part []byte) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	line, rest, ended := bytes.Cut(part, []byte{'\n'})
	a.line = append(a.line, line...)
	switch {
	case ended:
		a.err = a.check(strings.TrimSpace(string(a.line)))
	case len(a.line) > maxHandshake:
		a.err = noise(a.line)
	default:
		return len(part)
	}
	a.ended = true
	if a.err != nil {
		return 0
	}
	_, _ = a.rest.Write(rest) // a lineWriter never fails
	return len(line) + 1
}

// drain feeds the log until the stream ends. A wrong handshake ends it at once:
// the plugin is about to be killed, and nobody shall wait for its output.
func (a *announcement) drain() (int, error) {
	if a.problem() != nil {
		_ = a.from.Close()
		return 0, io.EOF
	}
	_, _ = io.Copy(a.rest, a.from) // the pipe is closed under a process that stays
	return 0, io.EOF
}

// Close implements io.Closer; the pipe belongs to the child.
func (a *announcement) Close() error { return nil }

func noise(line []byte) error {
	if len(line) > maxQuoted {
		line = line[:maxQuoted]
	}
	return fmt.Errorf("%w: it wrote %q to its standard output where its handshake was expected; what it prints before it serves belongs on the standard error, or into the plugin's log (p.Log in Go, p.log in Python)", ErrHandshake, line)
}

// checkHandshake judges a first line: core version, protocol version, network,
// address, kind, certificate. dir is where the socket must be.
func checkHandshake(line, dir string, tls bool) error {
	parts := strings.Split(line, "|")
	if len(parts) < 5 || parts[0] != strconv.Itoa(plugin.CoreProtocolVersion) {
		return noise([]byte(line))
	}
	if parts[1] != strconv.Itoa(int(wire.ProtocolVersion)) {
		return &VersionError{Speaks: parts[1]}
	}
	if parts[4] != string(plugin.ProtocolGRPC) {
		return fmt.Errorf("%w: it speaks %.20q, expected %q", ErrHandshake, parts[4], plugin.ProtocolGRPC)
	}
	if tls && (len(parts) < 6 || parts[5] == "") {
		return fmt.Errorf("%w: it offers no certificate for the encrypted connection", ErrHandshake)
	}
	return checkAddress(parts[2], parts[3], dir)
}

// checkAddress allows only a socket that exists in the plugin's own folder: a
// plugin must not lead the host to another service.
func checkAddress(network, address, dir string) error {
	if network != "unix" || filepath.Dir(filepath.Clean(address)) != dir {
		return fmt.Errorf("%w: it announces %.20s address %.200q, expected a unix socket in its own folder", ErrHandshake, network, address)
	}
	info, err := os.Lstat(address)
	if err != nil || info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%w: it announces %.200q, which is not a socket", ErrHandshake, address)
	}
	return nil
}
