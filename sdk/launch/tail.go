package launch

import (
	"bytes"
	"slices"
	"strings"
)

// maxTailLine bounds each line of a tail.
const maxTailLine = 1 << 10

// tail keeps the last lines of a stream. Not safe for concurrent use.
type tail struct {
	lines  [TailLines]string
	next   int
	full   bool
	pinned string // the line that opened a panic
}

func (t *tail) add(line []byte) {
	s := shorten(line)
	if t.pinned == "" && opensPanic(line) {
		t.pinned = s
	}
	t.lines[t.next] = s
	t.next = (t.next + 1) % TailLines
	t.full = t.full || t.next == 0
}

func (t *tail) all() []string {
	out := append([]string(nil), t.lines[:t.next]...)
	if t.full {
		out = append(append([]string(nil), t.lines[t.next:]...), t.lines[:t.next]...)
	}
	if t.pinned != "" && !slices.Contains(out, t.pinned) {
		out[0] = t.pinned
	}
	return out
}

func shorten(line []byte) string {
	if len(line) <= maxTailLine {
		return strings.ToValidUTF8(string(line), "\uFFFD")
	}
	return strings.ToValidUTF8(string(line[:maxTailLine]), "") + " …"
}

// dying are what a Go program's last report opens with: a panic, a fault of the
// runtime, a thread that could not be made, a signal.
var dying = [][]byte{[]byte("panic: "), []byte("fatal error: "), []byte("runtime/cgo: "), []byte("SIGABRT: "), []byte("SIGSEGV: "), []byte("SIGBUS: ")}

func opensPanic(line []byte) bool {
	return slices.ContainsFunc(dying, func(prefix []byte) bool { return bytes.HasPrefix(line, prefix) })
}
