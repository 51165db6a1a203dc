package host

import (
	"math"

	"golang.org/x/sys/unix"
)

// How the descriptors that a process may have are shared out.
const (
	ownFiles    = 128 // the store, logs, memories, models, and what is opened for a moment
	pluginFiles = 16  // of each plugin: sockets, pipes, its program while it starts
	mostPlain   = 2000
	mostSockets = 20_000
	leastFiles  = 16 // of either kind, however few there are
)

// shareDescriptors returns how many connections a host takes of a number of
// descriptors: plain ones, and WebSockets. The host's own files and those of its
// plugins, a few of which are not in the configuration, come first.
func shareDescriptors(all uint64, plugins int) (plain, sockets int) {
	left := int(min(all, math.MaxInt32)) - ownFiles - pluginFiles*(plugins+len(own)) //nolint:gosec // it is bounded
	plain = min(max(left/4, leastFiles), mostPlain)
	return plain, min(max(left-plain, leastFiles), mostSockets)
}

// openFiles is how many descriptors this process may have. The runtime has raised
// the limit as far as it goes.
func openFiles() uint64 {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return 1024 // what POSIX systems begin with
	}
	return l.Cur
}
