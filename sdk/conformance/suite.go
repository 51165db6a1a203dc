package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/launch"
)

const (
	// patience is the longest that one check may take.
	patience = time.Minute
	// startLimit is how long a plugin may take until it is ready.
	startLimit = 2 * time.Second
	// DefaultIdleMemory is what an idle plugin may hold, in bytes.
	DefaultIdleMemory = 64 << 20
)

// Options say what is checked and how.
type Options struct {
	// Spec is the program and how it is started. Line and Changed may be set.
	Spec launch.Spec
	// Config is the plugin's configuration, a JSON object; nil is an empty one.
	Config json.RawMessage
	// Chaos adds the checks that kill, stop, slow down and flood the plugin.
	Chaos bool
	// IdleMemory is how many bytes an idle plugin may hold in memory; 0 is
	// DefaultIdleMemory.
	IdleMemory int64
	// Slack multiplies every limit of time, for machines that are busy with
	// other things; 0 is 1.
	Slack int
	// Found takes each finding as it is made; nil is allowed.
	Found func(Finding)
}

// skipError says why a check has nothing to look at.
type skipError string

// Error implements error.
func (e skipError) Error() string { return string(e) }

func skip(format string, args ...any) error { return skipError(fmt.Sprintf(format, args...)) }

// warning is what a check finds that is no failure.
type warning string

// Error implements error.
func (w warning) Error() string { return string(w) }

type check struct {
	id, title string
	run       func(ctx context.Context, s *suite) error
}

// suite is one run of the checks. All but the lines of the process belong to
// one goroutine.
type suite struct {
	opts     Options
	proc     *launch.Process
	took     time.Duration // until it was ready
	manifest *sdk.Manifest // as it is with the configuration
	declared *sdk.Manifest // as Describe had it

	mu      sync.Mutex
	printed []string // on its standard output
	keys    []string // of texts that it does not have, each once
}

// Run makes all checks and ends everything that it started. The error is
// about ctx; whatever is wrong with the plugin stands in the report.
func Run(ctx context.Context, opts Options) (*Report, error) {
	if opts.IdleMemory == 0 {
		opts.IdleMemory = DefaultIdleMemory
	}
	opts.Slack = max(opts.Slack, 1)
	if len(opts.Config) == 0 {
		opts.Config = json.RawMessage("{}")
	}
	s := &suite{opts: opts}
	defer s.end()
	checks := append(append(append(startChecks(), declaredChecks()...), callChecks()...), processChecks()...)
	if opts.Chaos {
		checks = append(checks, chaosChecks()...)
	}
	r := &Report{}
	for _, c := range checks {
		if err := ctx.Err(); err != nil {
			return r, fmt.Errorf("check plugin: %w", err)
		}
		f := s.make(ctx, c)
		r.Findings = append(r.Findings, f)
		if s.declared != nil {
			r.Plugin, r.Version = s.declared.ID, s.declared.Version
		}
		if opts.Found != nil {
			opts.Found(f)
		}
	}
	return r, nil
}

// make makes one check, with a plugin that runs wherever it can run at all.
func (s *suite) make(ctx context.Context, c check) Finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	began := time.Now()
	err := s.ready(ctx)
	switch {
	case c.id == checkReady || err == nil && (c.id == checkDescribe || s.manifest != nil):
		err = errors.Join(err, c.run(ctx, s))
	case err == nil:
		err = skip("the plugin describes nothing")
	default:
		err = skip(DoesNotStart)
	}
	f := Finding{ID: c.id, Title: c.title, Outcome: Passed, Took: time.Since(began)}
	var skipped skipError
	var warned warning
	switch {
	case errors.As(err, &skipped):
		f.Outcome, f.Detail = Skipped, string(skipped)
	case errors.As(err, &warned):
		f.Outcome, f.Detail = Warned, string(warned)
	case err != nil:
		f.Outcome, f.Detail = Failed, strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	return f
}

func (s *suite) limit(d time.Duration) time.Duration { return d * time.Duration(s.opts.Slack) }

// ready starts the plugin, unless it runs.
func (s *suite) ready(ctx context.Context) error {
	if s.proc != nil {
		select {
		case <-s.proc.Done():
		default:
			hctx, cancel := context.WithTimeout(ctx, s.limit(startLimit))
			defer cancel()
			if _, err := s.proc.Handler().Health(hctx); err == nil {
				return nil
			}
			s.proc.Kill()
		}
		s.proc = nil
	}
	proc, took, err := s.start(ctx)
	if err != nil {
		return err
	}
	s.proc, s.took = proc, took
	if s.declared != nil {
		_, err = s.configure(ctx, nil)
	}
	return err
}

func (s *suite) start(ctx context.Context) (*launch.Process, time.Duration, error) {
	spec := s.opts.Spec
	spec.Line = s.line
	began := time.Now()
	proc, err := launch.Start(ctx, spec)
	return proc, time.Since(began), err
}

func (s *suite) line(l launch.Line) {
	if l.Fields[launch.FieldStream] == "stdout" {
		s.mu.Lock()
		if len(s.printed) < 8 {
			s.printed = append(s.printed, l.Message)
		}
		s.mu.Unlock()
	}
	if l.Message == textMissing {
		s.mu.Lock()
		if key := fmt.Sprintf("%q (%v)", fmt.Sprint(l.Fields["key"]), l.Fields["lang"]); !slices.Contains(s.keys, key) {
			s.keys = append(s.keys, key)
		}
		s.mu.Unlock()
	}
	if s.opts.Spec.Line != nil {
		s.opts.Spec.Line(l)
	}
}

// configure gives the plugin its configuration with nothing but the needs
// granted.
func (s *suite) configure(ctx context.Context, granted []sdk.Need) (*sdk.Configured, error) {
	done, err := s.proc.Handler().Configure(ctx, sdk.Configuration{Values: s.opts.Config, Granted: granted, HostVersion: "1.0.0"})
	if err != nil {
		return nil, fmt.Errorf("configure: %w", err)
	}
	m := *s.declared
	if done.Tools != nil {
		m.Tools = done.Tools
	}
	s.manifest = &m
	return done, nil
}

func (s *suite) end() {
	if s.proc != nil {
		s.proc.Kill()
	}
}
