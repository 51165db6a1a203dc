package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host"
	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/sdk/conformance"
	"github.com/jarvis-host/jarvis/sdk/intent"
	"github.com/jarvis-host/jarvis/sdk/launch"
)

// clashes adds to a report what the plugin's sentences have in common with those
// of the other plugins that the host's configuration turns on.
func (v *verification) clashes(ctx context.Context, report *conformance.Report) {
	began := time.Now()
	f := conformance.Finding{ID: "sentences.clash", Title: "no other plugin that is installed claims the same utterance", Outcome: conformance.Passed}
	if report.Plugin == "" {
		f.Outcome, f.Detail = conformance.Skipped, conformance.DoesNotStart
		report.Findings = append(report.Findings, f)
		return
	}
	found, err := v.clashing(ctx)
	for _, c := range found {
		f.Outcome = conformance.Warned
		f.Detail += clash{c.Utterance, c.Lang, c.Winner.Source + "." + c.Winner.Intent, c.Loser.Source + "." + c.Loser.Intent}.line() + "; "
	}
	f.Detail = strings.TrimSuffix(f.Detail, "; ")
	if err != nil && f.Outcome == conformance.Passed {
		f.Outcome, f.Detail = conformance.Skipped, strings.ReplaceAll(err.Error(), "\n", " ")
	}
	f.Took = time.Since(began)
	report.Findings = append(report.Findings, f)
	v.opts.Found(f)
}

func (v *verification) clashing(ctx context.Context) ([]intent.Clash, error) {
	s, err := config.Load(v.host.options(v.p))
	if s == nil {
		return nil, fmt.Errorf("read the host's configuration: %w", err)
	}
	p, err := launch.Start(ctx, v.opts.Spec)
	if err != nil {
		return nil, fmt.Errorf("start the plugin: %w", err)
	}
	defer p.Kill()
	own, err := p.Handler().Describe(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask the plugin what it is: %w", err)
	}
	return host.ClashesWith(ctx, s.Config(), host.Options{Version: version, Program: v.opts.Spec.Shim[0]}, own)
}
