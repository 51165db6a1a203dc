// Command bench-memory measures how well memory finds what was said, and how
// fast.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/embedded"
	"github.com/jarvis-host/jarvis/host/memory/eval"
)

func main() {
	locomo := flag.String("locomo", "", "a `FILE` of LoCoMo (github.com/snap-research/locomo)")
	dump := flag.String("dump", "", "write the features of LoCoMo's candidates to a `FILE` instead, to choose weights with")
	mute := flag.Bool("mute", false, "with -dump: leave out who speaks")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *locomo, *dump, *mute); err != nil {
		fmt.Fprintln(os.Stderr, "bench-memory:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, locomo, dump string, mute bool) (err error) {
	dir, err := os.MkdirTemp("", "bench-memory")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := embedded.Open(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	m := memory.New(memory.Options{Store: s})
	if dump == "" {
		fmt.Fprintln(w, "speed, on text made up with the frequencies of a language")
		for _, n := range []int{1000, 10_000, 100_000} {
			speed, err := eval.MeasureSpeed(ctx, m, s, n, finds, writes)
			if err != nil {
				return err
			}
			fmt.Fprintln(w, " ", speed)
		}
		took, err := eval.MeasureConsolidation(ctx, s, 1000)
		if err != nil {
			return err
		}
		fmt.Fprintln(w, "  1,000 messages consolidated in", took.Round(time.Millisecond))
	}
	if dump == "" {
		own, err := eval.Household()
		if err != nil {
			return err
		}
		out, err := eval.Run(ctx, m, own, false)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "a household of our own, French and English\n%s\n", out)
	}
	if locomo == "" {
		fmt.Fprintln(w, "LoCoMo: skipped; name its file with LOCOMO=FILE")
		return nil
	}
	sets, dropped, err := eval.LoadLoCoMo(locomo)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no such file; get LoCoMo from github.com/snap-research/locomo: %w", err)
	}
	if err != nil {
		return err
	}
	if dump != "" {
		return write(ctx, dump, m, sets, mute)
	}
	for _, mute := range []bool{false, true} {
		out, err := eval.Run(ctx, m, sets, mute)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "LoCoMo, %d dialogues, categories 1 to 4, %s (%d malformed references dropped)\n%s\n", len(sets),
			map[bool]string{false: "speakers named", true: "speakers not known"}[mute], dropped, out)
	}
	return nil
}

// How often finding and writing are measured, for each size.
const (
	finds  = 200
	writes = 2000 // enough for a p99 that is not a single merge of the index
)

func write(ctx context.Context, file string, m *memory.Memory, sets []eval.Dialogue, mute bool) error {
	w, err := os.Create(file)
	if err != nil {
		return err
	}
	for _, d := range sets {
		o, err := memory.OwnerOf(d.Name)
		if err != nil {
			return err
		}
		for i := range d.Said {
			if mute {
				d.Said[i].Speaker = ""
			}
		}
		if _, err := m.Remember(ctx, o, d.Said...); err != nil {
			return err
		}
		if err := eval.Dump(ctx, w, m, o, &d); err != nil {
			return err
		}
	}
	return w.Close()
}
