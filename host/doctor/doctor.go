// Package doctor looks for what keeps an assistant from working well: on the
// machine, in its data directory, and at its language models. It changes
// nothing. Each check tells what it found and what to do about it, as keys of
// texts.
package doctor

import (
	"context"
	"fmt"
	"io"
	"sync"
)

// Level is how bad a finding is.
type Level string

// The levels.
const (
	Good Level = "ok"
	Warn Level = "warning"
	Fail Level = "failure"
)

// Finding is one thing that a check has to say.
type Finding struct {
	// Check is what was looked at, such as disk; it never changes.
	Check string
	Level Level
	// Subject is what of its kind it is about, such as a provider's name.
	Subject string
	// Key is that of the text that says what was found and what to do, Args are
	// its arguments.
	Key  string
	Args []any
	// Missing is the model that a pull would bring.
	Missing string
}

// Check looks at one thing. It ends soon after ctx does.
type Check func(ctx context.Context) []Finding

// Run makes all checks, several at once, and tells their findings in the order
// of the checks, each as soon as those before it are told. It returns the worst
// level.
func Run(ctx context.Context, checks []Check, tell func(Finding)) Level {
	results := make([]chan []Finding, len(checks))
	var wg sync.WaitGroup
	for i, check := range checks {
		results[i] = make(chan []Finding, 1)
		wg.Go(func() { results[i] <- check(ctx) })
	}
	worst := Good
	for _, r := range results {
		for _, f := range <-r {
			worst = worse(worst, f.Level)
			tell(f)
		}
	}
	wg.Wait()
	return worst
}

func worse(a, b Level) Level {
	if a == Fail || b == Fail {
		return Fail
	}
	if a == Warn || b == Warn {
		return Warn
	}
	return Good
}

// Words returns a text by its key.
type Words func(key string, args ...any) string

// marks are what a finding begins with on a terminal.
var marks = map[Level]string{Good: "✓", Warn: "!", Fail: "✗"}

// Write writes a finding for a person.
func Write(w io.Writer, f Finding, words Words) error {
	_, err := fmt.Fprintf(w, "%s %s\n", marks[f.Level], words(f.Key, f.Args...))
	return err
}

// Row is a finding for a program.
type Row struct {
	Check   string `json:"check"`
	Level   Level  `json:"level"`
	Subject string `json:"subject,omitempty"`
	Message string `json:"message"`
	Missing string `json:"missing_model,omitempty"`
}

// RowOf puts a finding into words.
func RowOf(f Finding, words Words) Row {
	return Row{Check: f.Check, Level: f.Level, Subject: f.Subject, Message: words(f.Key, f.Args...), Missing: f.Missing}
}

func one(f Finding) []Finding { return []Finding{f} }
