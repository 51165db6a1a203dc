package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path/filepath"
	"text/template"

	"github.com/jarvis-host/jarvis/host/recording"
)

func replayCommand() command {
	c := command{
		name: "replay", args: "TURN --plugin PLUGIN [--to-test FILE] [--plugin-config FILE] [--data DIR]",
		summary: "make a recorded turn's calls again with another build of a plugin, and show what became different",
		example: "  jarvis replay t_ubbkul7fd3sb --plugin ./jarvis-plugin-dice\n" +
			"  jarvis replay last --plugin .                              # the last turn with a call of the plugin\n" +
			"  jarvis replay last --plugin . --to-test replay_test.go     # write a Go test that expects the same again\n\n" +
			"The host records calls where plugins.<id>.record is above 0.",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f authorFlags
		var cf configFlags
		f.register(fs)
		cf.register(fs)
		plugin := fs.String("plugin", "", "the plugin's `PROGRAM` or source folder")
		file := fs.String("to-test", "", "write a Go test to `FILE`, which must not be there yet")
		rest, err := parse(fs, args, 1, 1)
		if err != nil {
			return err
		}
		if *plugin == "" {
			return usageError("which plugin? name its program or source folder with --plugin")
		}
		cfg, err := cf.load(p)
		if err != nil {
			return err
		}
		ctx, cancel := p.interruptible(ctx)
		defer cancel()
		call := pluginCall{p: p}
		if call.o, err = f.open(ctx, p, *plugin); err != nil {
			return err
		}
		defer call.o.Kill()
		calls, err := callsOfTurn(cfg.Config().DataDir, call.o.manifest.ID, rest[0])
		if err != nil {
			return err
		}
		if *file != "" {
			return writeReplayTest(*file, rest[0], calls)
		}
		return call.again(ctx, calls)
	}
	return c
}

// callsOfTurn finds what a host recorded of a turn and one plugin: by the turn's
// id, by that of its request, or the last one.
func callsOfTurn(dataDir, plugin, turn string) (calls []recording.Call, err error) {
	file := filepath.Join(dataDir, "recordings", plugin+".jsonl")
	raw, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read recording: %w", err)
	}
	all, err := recordedCalls(file, raw)
	if err != nil {
		return nil, err
	}
	if turn == "last" && len(all) > 0 {
		turn = all[len(all)-1].Invocation.Info.RequestID
	}
	for _, c := range all {
		if c.Turn == turn || c.Invocation.Info.RequestID == turn || c.Invocation.Info.Call == turn {
			calls = append(calls, c)
		}
	}
	if len(calls) == 0 {
		return nil, fmt.Errorf("turn %q: no call of plugin %s is recorded in %s; set plugins.%s.record to how many calls to keep", turn, plugin, file, plugin)
	}
	return calls, nil
}

//go:embed texts/replay_test.go.tmpl
var replayTest string

// writeReplayTest writes calls and their ends as a test beside a plugin's source.
func writeReplayTest(file, turn string, calls []recording.Call) error {
	type row struct{ Call, Kind, Text, Code string }
	var rows []row
	for _, c := range calls {
		raw, err := json.Marshal(c.Invocation)
		if err != nil {
			return fmt.Errorf("encode call: %w", err)
		}
		rows = append(rows, row{string(raw), c.End.Kind, c.End.Text, c.End.Code})
	}
	var b bytes.Buffer
	if err := template.Must(template.New("test").Parse(replayTest)).Execute(&b, map[string]any{"Turn": turn, "Rows": rows}); err != nil {
		return fmt.Errorf("write test: %w", err)
	}
	source, err := format.Source(b.Bytes())
	if err != nil {
		return fmt.Errorf("write test: %w", err)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write --to-test: %w", err)
	}
	_, err = f.Write(source)
	return errors.Join(err, f.Close())
}
