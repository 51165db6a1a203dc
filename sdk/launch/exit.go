package launch

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Exit is what ended a plugin process.
type Exit struct {
	Code   int            // exit code, or -1 when a signal ended it
	Signal syscall.Signal // the signal that ended it, or 0
	// Stderr holds the last lines it wrote to its standard error, at most
	// TailLines. The line that opens a Go panic is kept as the first one.
	Stderr []string
}

// String says in a few words what ended the process.
func (e Exit) String() string {
	if e.Signal != 0 {
		return "killed by " + unix.SignalName(e.Signal)
	}
	return fmt.Sprintf("exit status %d", e.Code)
}

// describe is String with what the plugin said last.
func (e Exit) describe() string {
	if len(e.Stderr) == 0 {
		return e.String()
	}
	words := make([]string, len(e.Stderr))
	for i, line := range e.Stderr {
		words[i] = plain(line)
	}
	return e.String() + "; its last words: " + strings.Join(words, " | ")
}

// plain is a structured line as people read it.
func plain(line string) string {
	l, ok := parseJSON([]byte(line), time.Time{})
	if !ok {
		return line
	}
	text := l.Message
	for _, name := range slices.Sorted(maps.Keys(l.Fields)) {
		if name == "error" {
			text += ": " + fmt.Sprint(l.Fields[name])
			continue
		}
		text += fmt.Sprintf(" %s=%v", name, l.Fields[name])
	}
	return text
}

func exitOf(ws syscall.WaitStatus) Exit {
	if ws.Signaled() {
		return Exit{Code: -1, Signal: ws.Signal()}
	}
	return Exit{Code: ws.ExitStatus()}
}
