package dbtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jarvis-host/jarvis/host/session"
)

// writers is how many sessions the killed process writes at once.
const writers = 8

// WriteForever appends to several sessions at once and prints, one line each,
// what was acknowledged: the session and its seq. It returns when the store
// fails or ctx is done.
func WriteForever(ctx context.Context, w io.Writer, s session.Store) error {
	var mu sync.Mutex
	failed := make([]error, writers)
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			id := fmt.Sprintf("s%d", i)
			failed[i] = writeOne(ctx, s, id, func(seq int64) error {
				mu.Lock()
				defer mu.Unlock()
				_, err := fmt.Fprintln(w, id, seq)
				return err
			})
		})
	}
	all.Wait()
	return errors.Join(failed...)
}

func writeOne(ctx context.Context, s session.Store, id string, acknowledge func(seq int64) error) error {
	seq, err := s.LastSeq(ctx, id)
	if errors.Is(err, session.ErrNotFound) {
		err = s.CreateSession(ctx, meta(id))
	}
	for err == nil && ctx.Err() == nil {
		seq++
		text := strings.Repeat("word ", int(seq%50))
		err = s.Append(ctx, id, accepted(seq, fmt.Sprintf("t%d", seq), fmt.Sprintf("c%d", seq), text))
		if err == nil {
			err = acknowledge(seq)
		}
	}
	return err
}

// Kill runs child again and again on one folder and kills it without warning;
// child runs WriteForever on the store in the folder with its standard output.
// After each round, open has to find all that was acknowledged, once.
func Kill(t *testing.T, rounds int, child func(folder string) *exec.Cmd, open func(t *testing.T, folder string) (session.Store, func() error)) {
	t.Helper()
	folder := t.TempDir()
	random := rand.New(rand.NewPCG(1, uint64(rounds)))
	last := map[string]int64{}
	total := 0
	for round := range rounds {
		total += killOne(t, child(folder), 1+random.IntN(400), last)
		s, closeStore := open(t, folder)
		for id, seq := range last {
			wholeSession(t, s, id, seq)
		}
		if err := closeStore(); err != nil {
			t.Fatalf("round %d: close store: %v", round, err)
		}
	}
	t.Logf("%d rounds in %s, %d appends acknowledged", rounds, filepath.Base(folder), total)
}

// killOne reads so many acknowledgements, kills, and reads what was still on
// its way. It notes the last seq of each session.
func killOne(t *testing.T, cmd *exec.Cmd, after int, last map[string]int64) (acknowledged int) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var id string
		var seq int64
		if _, err := fmt.Sscanln(lines.Text(), &id, &seq); err != nil {
			break // the kill cut the last line
		}
		last[id] = max(last[id], seq)
		if acknowledged++; acknowledged == after {
			must(t, cmd.Process.Kill())
		}
	}
	if err := cmd.Wait(); err == nil || acknowledged < after {
		t.Fatalf("the writer ended by itself after %d appends: %v\n%s", acknowledged, err, cmd.Stderr)
	}
	return acknowledged
}

// wholeSession checks that a session has every frame and message up to seq,
// and at most one step more, each once.
func wholeSession(t *testing.T, s session.Store, id string, seq int64) {
	t.Helper()
	frames, err := s.Frames(t.Context(), id, 0, 1<<30)
	must(t, err)
	all, _, err := s.Messages(t.Context(), id, "", 1<<30)
	must(t, err)
	if n := int64(len(frames)); n < seq || n != int64(len(all)) {
		t.Errorf("session %s has %d frames and %d messages, %d were acknowledged", id, n, len(all), seq)
	}
	for i, f := range frames {
		if f.Seq != int64(i)+1 {
			t.Fatalf("frame %d of session %s has seq %d", i+1, id, f.Seq)
		}
	}
}
