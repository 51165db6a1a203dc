package conformance_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/sdk/conformance"
	"github.com/jarvis-host/jarvis/sdk/launch"
)

// check makes the checks of one plugin. The race detector's own memory is not
// the plugin's.
func check(t *testing.T, name string, chaos bool, slack int) *conformance.Report {
	t.Helper()
	r, err := conformance.Run(t.Context(), conformance.Options{
		Spec: launch.Spec{Path: program(t, name), Shim: []string{os.Args[0], "__exec"}}, Chaos: chaos, IdleMemory: 160 << 20, Slack: slack,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func failed(r *conformance.Report) (ids []string) {
	for _, f := range r.Findings {
		if f.Outcome == conformance.Failed {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

// TestAGoodPluginPassesEveryCheck is D03: kill, hang, slowness, garbage, floods
// and other protocols among them.
func TestAGoodPluginPassesEveryCheck(t *testing.T) {
	r := check(t, "good", true, 10)
	for _, f := range r.Findings {
		if f.Outcome != conformance.Passed {
			t.Error(f.Line())
		}
	}
	if r.Plugin != "good" || r.Version != "1.0.0" {
		t.Errorf("the report is about %s %s", r.Plugin, r.Version)
	}
}

// TestEachBrokenPluginFailsWhatItBreaks is D03 and D04: what is wrong is told
// by id, and nothing else fails.
func TestEachBrokenPluginFailsWhatItBreaks(t *testing.T) {
	calls := []string{"call.ends_once", "call.parallel", "process.growth"}
	for name, want := range map[string][]string{
		"crash":    {"start.ready"},
		"other":    {"start.ready"},
		"noise":    {"start.ready"},
		"chatty":   nil,
		"fork":     nil,
		"mutter":   {"start.stdout"},
		"fickle":   {"describe.pure"},
		"careless": {"schema.described", "tool.confirm"},
		"wordless": {
			"manifest.identity", "manifest.tools", "manifest.needs", "schema.valid", "tool.effect", "tool.confirm",
			"sentences.slots", "sentences.examples",
		},
		"gullible": {"config.unknown_key"},
		"rash":     {"call.looks_after"},
		"boaster":  {"call.looks_after"},
		"leaky":    {"process.growth"},
		"roamer":   {"call.declared"},
		"mute":     {"call.worded"},
		"sham":     append(slices.Clone(calls), "end.drain"),
		"huge":     append(slices.Clone(calls), "end.drain"),
		"fragile":  {"call.ends_once", "call.cancel", "call.deadline", "call.parallel", "process.growth", "end.drain"},
	} {
		t.Run(name, func(t *testing.T) {
			r := check(t, name, false, 10)
			if diff := cmp.Diff(want, failed(r)); diff != "" {
				t.Errorf("failed checks (-want +got):\n%s", diff)
				for _, f := range r.Findings {
					t.Log(f.Line())
				}
			}
		})
	}
}

func TestDataThatPeopleReadAsItIsIsAWarning(t *testing.T) {
	r := check(t, "raw data", false, 10)
	i := slices.IndexFunc(r.Findings, func(f conformance.Finding) bool { return f.ID == "call.worded" })
	f := r.Findings[i]
	if want := `tool measure has no words for its result in language fr: people read {"high":2}; give it a reply, or return a text`; f.Outcome != conformance.Warned || f.Detail != want {
		t.Errorf("got %s", f.Line())
	}
	if !strings.Contains(r.Summary(), ", 1 warned, 0 failed") {
		t.Errorf("summary is %s", r.Summary())
	}
}

// TestPluginsThatOutstayAreFound is D03 and D07. Its limits of time are the real
// ones, so that it waits less; a busy machine may fail more checks.
func TestPluginsThatOutstayAreFound(t *testing.T) {
	for name, want := range map[string][]string{"deaf": {"call.cancel", "call.deadline"}, "orphan": {"end.host_gone"}, "heavy": {"process.memory"}} {
		got := failed(check(t, name, false, 1))
		for _, id := range want {
			if !slices.Contains(got, id) {
				t.Errorf("%s fails %v, expected %s among them", name, got, id)
			}
		}
	}
}

func TestAReportIsReadByPeopleAndByServers(t *testing.T) {
	r := check(t, "crash", false, 10)
	if f := r.Findings[0]; !strings.Contains(f.Detail, "no key") {
		t.Errorf("the finding %q does not tell what the plugin wrote", f.Line())
	}
	var b bytes.Buffer
	if err := r.JUnit(&b); err != nil {
		t.Fatal(err)
	}
	var suite struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Cases    []struct {
			Name    string    `xml:"name,attr"`
			Failure *struct{} `xml:"failure"`
			Skipped *struct{} `xml:"skipped"`
		} `xml:"testcase"`
	}
	if err := xml.Unmarshal(b.Bytes(), &suite); err != nil {
		t.Fatal(err)
	}
	if suite.Tests != len(r.Findings) || suite.Failures != 1 || suite.Cases[0].Failure == nil || suite.Cases[1].Skipped == nil {
		t.Errorf("JUnit: %s", b.String())
	}
}

func TestChecksEndWithTheirContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := conformance.Run(ctx, conformance.Options{Spec: launch.Spec{Path: program(t, "good")}}); err == nil {
		t.Error("a cancelled run ended without an error")
	}
}
