package serve

import (
	"bufio"
	"io"
	"log/slog"
	"os"
)

// maxPrinted is the longest piece of printed text that becomes one log line,
// in bytes; what is longer becomes several.
const maxPrinted = 8 << 10

// streams are the process's standard streams as a plugin's code should see
// them: whatever is printed goes to the log.
type streams struct{ stdout, stderr *os.File }

// restore puts them back in their place.
func (s *streams) restore() { os.Stdout, os.Stderr = s.stdout, s.stderr }

// logLines logs what is printed, line by line, until its end.
func logLines(r io.Reader, log *slog.Logger) {
	lines := bufio.NewReaderSize(r, maxPrinted)
	for {
		line, _, err := lines.ReadLine()
		if len(line) > 0 {
			log.Info("printed to standard output", "text", string(line))
		}
		if err != nil {
			return
		}
	}
}
