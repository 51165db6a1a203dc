package conformance

import (
	"context"
	"fmt"
	"reflect"
)

// What every other check needs: a plugin that runs, and says what it is.
const (
	checkReady    = "start.ready"
	checkDescribe = "describe.pure"
)

func startChecks() []check {
	return []check{
		{checkReady, fmt.Sprintf("is ready within %v", startLimit), startsInTime},
		{checkDescribe, "says the same of itself twice, and again once configured", describesTheSame},
		{"config.accepted", "takes its configuration", takesConfiguration},
		{"process.memory", "holds little memory while idle", idleMemory},
	}
}

func startsInTime(_ context.Context, s *suite) error {
	if s.proc != nil && s.took > s.limit(startLimit) {
		return fmt.Errorf("it took %v", s.took.Round(1e6))
	}
	return nil
}

func describesTheSame(ctx context.Context, s *suite) error {
	first, err := s.proc.Handler().Describe(ctx)
	if err != nil {
		return err
	}
	s.declared, s.manifest = first, first
	again, err := s.proc.Handler().Describe(ctx)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(first, again) {
		return fmt.Errorf("the second description differs from the first; a manifest must not depend on time, chance or calls")
	}
	if _, err := s.configure(ctx, first.Needs); err != nil {
		return err
	}
	if again, err = s.proc.Handler().Describe(ctx); err == nil && !reflect.DeepEqual(first, again) {
		err = fmt.Errorf("the description changed with the configuration; tools that depend on it belong in the answer to Configure")
	}
	return err
}

func takesConfiguration(ctx context.Context, s *suite) error {
	done, err := s.configure(ctx, s.declared.Needs)
	if err != nil {
		return err
	}
	for _, d := range done.Diagnostics {
		return fmt.Errorf("configuration%s: %s %s", d.Path, d.Summary, d.Detail)
	}
	_, err = s.configure(ctx, nil)
	return err
}
