package plugintest

import (
	"context"
	"errors"

	"github.com/jarvis-host/jarvis/sdk"
)

// Verify lets the plugin read back whether the effect of a call holds, as a host
// does right after it. An error is what a host takes for an effect that is not
// verified. The tool has to declare [sdk.Verify].
func (s *Session) Verify(r Reply) (seen sdk.Sight, err error) {
	s.host.t.Helper()
	s.revise(r, "read back", r.spec(s).Verifiable, func(ctx context.Context, v sdk.Reviser, d *sdk.Deed) {
		seen, err = v.Verify(ctx, d)
	})
	return seen, err
}

// Undo lets the plugin take the effect of a call back, as a person wants who
// says "undo that" in a language: right away, or after Host.Restart, with nothing
// but what the call answered with. The reply's Text is what the person is told;
// where it was not taken back, Problem says why. The tool has to declare
// [sdk.Undo].
func (s *Session) Undo(lang string, r Reply) (back Reply) {
	s.host.t.Helper()
	back.Tool = r.Tool
	s.revise(r, "undo", r.spec(s).Undoable, func(ctx context.Context, v sdk.Reviser, d *sdk.Deed) {
		d.Info.Locale = lang
		text, err := v.Undo(ctx, d)
		if err == nil {
			back.Result, back.Text = &sdk.Result{Text: text}, text
			s.note("<", text)
			return
		}
		back.Problem = &sdk.Problem{Code: sdk.ErrorCode(err), Detail: err.Error()}
		if e, ok := errors.AsType[*sdk.Error](err); ok {
			back.Problem.Message, back.Text = e.Message, e.Message
		}
		s.note("!", string(back.Problem.Code)+": "+back.Problem.Message)
	})
	return back
}

// spec is that of the tool that was called; empty if there is none.
func (r Reply) spec(s *Session) sdk.ToolSpec {
	for _, t := range s.host.now.Load().manifest.Tools {
		if t.Name == r.Tool {
			return t
		}
	}
	return sdk.ToolSpec{}
}

func (s *Session) revise(r Reply, what string, declared bool, ask func(ctx context.Context, v sdk.Reviser, d *sdk.Deed)) {
	s.host.t.Helper()
	v, ok := s.host.Handler().(sdk.Reviser)
	switch {
	case r.Deed == nil:
		s.host.t.Fatalf("there is nothing to %s: the call of %q has no result", what, r.Tool)
	case !declared || !ok:
		s.host.t.Fatalf("tool %s declares nothing to %s", r.Tool, what)
	}
	s.note("=", what+" "+r.Tool)
	s.host.tick()
	d := *r.Deed
	d.Info.RequestID = "request-" + what
	defer s.host.fake.begin(d.Info)()
	ctx, cancel := s.host.context()
	defer cancel()
	ask(ctx, v, &d)
}
