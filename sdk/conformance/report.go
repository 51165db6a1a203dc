package conformance

import (
	"encoding/xml"
	"fmt"
	"io"
	"time"
)

// Outcome is what came of a check.
type Outcome string

// The outcomes.
const (
	Passed  Outcome = "pass"
	Failed  Outcome = "fail"
	Skipped Outcome = "skip"
	// Warned is a check that finds something which is allowed, and which the plugin's
	// author hardly wants.
	Warned Outcome = "warn"
)

// DoesNotStart is the detail of every check that is skipped since the plugin does
// not start.
const DoesNotStart = "the plugin does not start"

// Finding is what one check found.
type Finding struct {
	ID      string  `json:"id"`    // stays from one version to the next
	Title   string  `json:"title"` // what a plugin should do
	Outcome Outcome `json:"outcome"`
	// Detail says what is wrong and what was expected, or why the check had
	// nothing to look at.
	Detail string        `json:"detail,omitempty"`
	Took   time.Duration `json:"took_ns"`
}

// Report is what all checks found, in their order.
type Report struct {
	Plugin   string    `json:"plugin,omitempty"` // its id, once it has told it
	Version  string    `json:"version,omitempty"`
	Findings []Finding `json:"findings"`
}

// Count is how many findings have an outcome.
func (r *Report) Count(o Outcome) int {
	n := 0
	for _, f := range r.Findings {
		if f.Outcome == o {
			n++
		}
	}
	return n
}

// Line is the finding for a person who reads.
func (f Finding) Line() string {
	line := fmt.Sprintf("%-4s  %-26s %s", f.Outcome, f.ID, f.Title)
	if f.Detail != "" {
		line += "\n      " + f.Detail
	}
	return line
}

// Summary is the whole report in one line.
func (r *Report) Summary() string {
	warned := ""
	if n := r.Count(Warned); n > 0 {
		warned = fmt.Sprintf("%d warned, ", n)
	}
	return fmt.Sprintf("%d passed, %s%d failed, %d skipped", r.Count(Passed), warned, r.Count(Failed), r.Count(Skipped))
}

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    string        `xml:"time,attr"` // seconds
	Failure *junitMessage `xml:"failure"`
	Skipped *junitMessage `xml:"skipped"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
}

// JUnit writes the report in the form that servers of continuous integration
// read.
func (r *Report) JUnit(w io.Writer) error {
	suite := junitSuite{
		Name: "jarvis plugin verify " + r.Plugin, Tests: len(r.Findings), Failures: r.Count(Failed), Skipped: r.Count(Skipped),
	}
	for _, f := range r.Findings {
		c := junitCase{Name: f.ID + ": " + f.Title, Class: "conformance", Time: fmt.Sprintf("%.3f", f.Took.Seconds())}
		switch f.Outcome {
		case Failed:
			c.Failure = &junitMessage{f.Detail}
		case Skipped:
			c.Skipped = &junitMessage{f.Detail}
		case Passed, Warned:
		}
		suite.Cases = append(suite.Cases, c)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if err := enc.Encode(suite); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}
