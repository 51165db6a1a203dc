package host

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strconv"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/jarvis-host/jarvis/host/journal"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/telemetry"
	"github.com/jarvis-host/jarvis/sdk/launch"
)

// journalDir is the folder of what plugins log, in the data directory.
const journalDir = "journal"

// openJournal begins to keep what plugins log, without secrets.
func (h *Host) openJournal() (err error) {
	h.journal, err = journal.Open(journal.Options{
		Dir: filepath.Join(h.cfg.DataDir, journalDir),
		Clean: func(record string) string {
			return telemetry.Harmless(h.scrubber.Scrub(record))
		},
		Open: func(file *journal.File) journal.Writer {
			return journalFile{telemetry.NewQueue(file, func(err error) {
				h.log.Warn("what a plugin logs is not kept", telemetry.KeyError, err)
			}), file}
		},
	})
	if err != nil {
		return err
	}
	h.onStop("journal", func(context.Context) error {
		ctx, cancel := context.WithTimeout(context.Background(), logPatience)
		defer cancel()
		return h.journal.Close(ctx.Done())
	})
	return nil
}

// journalFile writes in its own time.
type journalFile struct {
	*telemetry.Queue
	file *journal.File
}

// Close writes what waits.
func (f journalFile) Close(enough <-chan struct{}) error {
	if err := f.Queue.Close(enough); err != nil {
		return err // its goroutine may still write
	}
	return f.file.Close()
}

// keepLine keeps a line of a plugin, whatever the level of the host's log.
func (h *Host) keepLine(plugin string, l launch.Line) {
	h.journal.Add(plugin, journal.Line{Time: l.Time.UTC(), Level: l.Level.String(), Message: l.Message, Fields: l.Fields})
}

// keepState keeps what became of a plugin among its lines.
func (h *Host) keepState(plugin string, level hclog.Level, state, reason string) {
	fields := map[string]any{"from": "host"}
	if reason != "" {
		fields[telemetry.KeyReason] = reason
	}
	h.journal.Add(plugin, journal.Line{Time: time.Now().UTC(), Level: level.String(), Message: "plugin " + state, Fields: fields})
}

// Logs implements [gateway.Plugins].
func (o *operator) Logs(_ context.Context, name, after string, limit int) ([]json.RawMessage, string, error) {
	if err := o.known(name); err != nil {
		return nil, "", err
	}
	if after == "" {
		return o.page(o.h.journal.Last(name, limit), "0")
	}
	n, err := strconv.ParseUint(after, 10, 64)
	if err != nil {
		return nil, "", protocol.BadValue("after", after, "next")
	}
	return o.page(o.h.journal.After(name, n, limit), after)
}

// page adds where the lines go on.
func (o *operator) page(lines []json.RawMessage, after string) ([]json.RawMessage, string, error) {
	if len(lines) > 0 {
		var last struct{ N uint64 }
		if err := json.Unmarshal(lines[len(lines)-1], &last); err != nil {
			return nil, "", &protocol.Problem{Code: protocol.Internal, Err: err}
		}
		after = strconv.FormatUint(last.N, 10)
	}
	return lines, after, nil
}
