package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// progressBar shows how far something long has come: one line that is drawn
// again on a terminal, a line for each tenth elsewhere.
type progressBar struct {
	w        io.Writer
	terminal bool
	last     string
	open     bool // whether the line has to be ended
}

const barWidth = 30

// show draws how much of the total is done. A total of 0 is not known yet.
func (b *progressBar) show(what string, done, total int64) {
	line := what
	if total > 0 {
		share := float64(min(done, total)) / float64(total)
		if !b.terminal {
			share = float64(int(share*10)) / 10
		}
		full := int(share * barWidth)
		bar := strings.Repeat("█", full) + strings.Repeat("░", barWidth-full)
		line = fmt.Sprintf("%s %3.0f %%  %.1f MB", bar, share*100, float64(total)/1e6)
	}
	if line == b.last {
		return
	}
	if b.terminal {
		blank := max(utf8.RuneCountInString(b.last)-utf8.RuneCountInString(line), 0)
		fmt.Fprintf(b.w, "\r%s%s", line, strings.Repeat(" ", blank))
		b.open = true
	} else {
		fmt.Fprintln(b.w, line)
	}
	b.last = line
}

// end leaves the line.
func (b *progressBar) end() {
	if b.open {
		fmt.Fprintln(b.w)
	}
	b.open = false
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
