package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/telemetry"
)

// logs is where the host's log goes: a file that rotates, or a writer that was
// given. Nobody who logs waits for it.
type logs struct {
	*telemetry.Queue
	file *telemetry.File // nil: there is none
}

// openLogs begins a log. What becomes of it when it can't be written is told on
// spare.
func openLogs(c config.LogConfig, spare io.Writer) (*logs, error) {
	l := &logs{}
	out := spare
	if c.File != "" {
		file, err := telemetry.OpenFile(c.File, telemetry.Rotation{Megabytes: c.MaxMegabytes, Age: c.MaxAge, Keep: c.Keep, Now: time.Now})
		if err != nil {
			return nil, fmt.Errorf("%w: log.file: %w", ErrConfig, err)
		}
		l.file, out = file, file
	}
	l.Queue = telemetry.NewQueue(out, func(err error) {
		if l.file != nil {
			_, _ = fmt.Fprintf(spare, "jarvis: %v; the host goes on without its log\n", err)
		}
	})
	return l, nil
}

// logPatience is how long the host waits at its end for a log that is slow.
const logPatience = time.Second

// close writes what waits. A log that can't be written holds up no end.
func (l *logs) close(context.Context) error {
	ctx, cancel := context.WithTimeout(context.Background(), logPatience)
	defer cancel()
	err := l.Close(ctx.Done())
	if l.file != nil {
		err = errors.Join(err, l.file.Close())
	}
	return err
}

// ReopenLog opens the log's file by its name again, after another program has
// moved it away. Without a file it does nothing.
func (h *Host) ReopenLog() error {
	if h.logs.file == nil {
		return nil
	}
	return h.logs.file.Reopen()
}

// maxStacks bounds what DumpStacks logs.
const maxStacks = 4 << 20

// DumpStacks logs what every goroutine does, without secrets. The host goes on.
func (h *Host) DumpStacks() {
	b := make([]byte, maxStacks)
	h.log.Warn("stacks of all goroutines", telemetry.KeyStack, string(b[:runtime.Stack(b, true)]))
}
