// Package recording keeps the last calls of a plugin with their ends, where the
// operator asks for it, so that its author can make them again with another
// version and see what became different.
package recording

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/jarvis-host/jarvis/sdk"
)

// Call is one call with all that came of it: a line of a recording.
type Call struct {
	Turn       string          `json:"turn,omitempty"` // in which it was made; empty outside of conversations
	Invocation *sdk.Invocation `json:"invocation"`
	End        End             `json:"end"`
}

// End is how a call ended, in a form that two runs can be compared in.
type End struct {
	Kind   string          `json:"kind"` // result, problem, question, not_mine, lost
	Text   string          `json:"text,omitempty"`
	Code   string          `json:"code,omitempty"`
	Data   json.RawMessage `json:"data,omitempty"`
	State  json.RawMessage `json:"state,omitempty"`
	Listen *sdk.Listen     `json:"listen,omitempty"`
}

// Of is the end of a call whose texts before it were said.
func Of(said string, ev sdk.Event, err error) End {
	if err != nil {
		return End{Kind: "lost", Code: string(sdk.ErrorCode(err))}
	}
	switch e := ev.(type) {
	case sdk.Result:
		return End{Kind: "result", Text: said + e.Text, Data: e.Data, State: e.State, Listen: e.Listen}
	case sdk.Problem:
		return End{Kind: "problem", Code: string(e.Code), Text: said + e.Message}
	case sdk.NeedInput:
		return End{Kind: "question", Text: e.Text}
	case sdk.NotMine:
		return End{Kind: "not_mine", Text: e.Fallback}
	}
	return End{Kind: "lost"}
}

// Recorder writes calls into one file for each plugin, readable by their owner
// only. Safe for concurrent use.
type Recorder struct {
	Dir string
	// Scrub takes secrets out of a line.
	Scrub func(string) string

	mu   sync.Mutex
	held map[string]int // lines of each file
}

// Add appends a call; the file then holds the last most calls, or a few more.
func (r *Recorder) Add(plugin string, most int, c Call) error {
	line, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("record call: %w", err)
	}
	if clean := r.Scrub(string(line)); json.Valid([]byte(clean)) {
		line = []byte(clean)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.add(filepath.Join(r.Dir, plugin+".jsonl"), most, line); err != nil {
		return fmt.Errorf("record call: %w", err)
	}
	return nil
}

func (r *Recorder) add(file string, most int, line []byte) error {
	if r.held == nil {
		r.held = map[string]int{}
	}
	n, known := r.held[file]
	if !known {
		if err := os.MkdirAll(r.Dir, 0o700); err != nil {
			return err
		}
		before, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		n = bytes.Count(before, []byte("\n"))
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if r.held[file] = n + 1; n+1 >= 2*most { // rarely, not each time
		return r.trim(file, most)
	}
	return nil
}

// trim leaves the last calls in a file.
func (r *Recorder) trim(file string, most int) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	lines := strings.SplitAfter(strings.TrimSuffix(string(raw), "\n"), "\n")
	lines = lines[max(0, len(lines)-most):]
	next := file + ".new"
	if err := os.WriteFile(next, []byte(strings.Join(lines, "")+"\n"), 0o600); err != nil {
		return err
	}
	r.held[file] = len(lines)
	return os.Rename(next, file)
}
