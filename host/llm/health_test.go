package llm_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
)

// probing finds what found returns, and answers like flaky.
func probing(name string, found func() (llm.Info, error), failures ...error) *llmtest.Provider {
	p := flaky(name, failures...)
	p.Found = func(context.Context) (llm.Info, error) { return found() }
	return p
}

func has(models ...string) func() (llm.Info, error) {
	return func() (llm.Info, error) {
		info := llm.Info{Version: "1.2.3", Fetch: "ollama pull"}
		for _, m := range models {
			info.Models = append(info.Models, llm.ModelInfo{Name: m, Window: 4096})
		}
		return info, nil
	}
}

func down() (llm.Info, error) {
	return llm.Info{}, &llm.Error{Class: llm.Unreachable, Message: "no connection"}
}

func TestStatusSaysWhyNoModelAnswers(t *testing.T) { // E16
	for name, c := range map[string]struct {
		providers []*llmtest.Provider
		ready     bool
		key       string
		args      []any
	}{
		"none configured": {nil, false, llm.KeyNone, nil},
		"ready":           {[]*llmtest.Provider{probing("a", has("toy:latest"))}, true, "", nil},
		"unreachable":     {[]*llmtest.Provider{probing("a", down)}, false, llm.KeyUnreachable, []any{"a"}},
		"model missing": {
			[]*llmtest.Provider{probing("a", has("other"))},
			false, llm.KeyMissing,
			[]any{"toy:latest", "ollama pull toy:latest"},
		},
		"second is ready": {[]*llmtest.Provider{probing("a", down), probing("b", has("toy:latest"))}, true, "", nil},
		"preferred first": {[]*llmtest.Provider{probing("a", down), probing("b", has())}, false, llm.KeyUnreachable, []any{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := route(llm.RouterOptions{}, c.providers...)
			r.Refresh(t.Context())
			ready, key, args := r.Status()
			if ready != c.ready || key != c.key {
				t.Errorf("got %v, %q", ready, key)
			}
			if diff := cmp.Diff(c.args, args); diff != "" {
				t.Error(diff)
			}
			if _, ok := r.Ready(); ok != c.ready {
				t.Errorf("Ready says %v", ok)
			}
		})
	}
}

func TestAProviderThatWasNeverProbedIsWorthAsking(t *testing.T) {
	r := route(llm.RouterOptions{}, probing("a", down))
	if ready, _, _ := r.Status(); !ready {
		t.Error("it is not")
	}
	if h, ok := r.Ready(); ok {
		t.Errorf("but it is not known to be ready: %+v", h)
	}
}

func TestHealthIsRememberedWithTheTimeItChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		found := down
		r := route(llm.RouterOptions{}, probing("a", func() (llm.Info, error) { return found() }))
		began := time.Now()
		check := func(want llm.RouteHealth) {
			t.Helper()
			want.Name, want.Provider, want.Model = "toy:latest", "a", "toy:latest"
			if diff := cmp.Diff([]llm.RouteHealth{want}, r.Refresh(t.Context())); diff != "" {
				t.Error(diff)
			}
		}
		check(llm.RouteHealth{State: llm.StateDown, Since: began, Reason: "unreachable: no connection"})
		_ = after(t.Context(), time.Minute)
		check(llm.RouteHealth{State: llm.StateDown, Since: began, Reason: "unreachable: no connection"})
		found = has("toy:latest")
		check(llm.RouteHealth{
			State: llm.StateReady, Since: began.Add(time.Minute), Version: "1.2.3",
			Info: llm.ModelInfo{Name: "toy:latest", Window: 4096},
		})
		found = has()
		check(llm.RouteHealth{
			State: llm.StateMissing, Since: began.Add(time.Minute), Version: "1.2.3",
			Reason: "model toy:latest is not there", Fetch: "ollama pull toy:latest",
		})
	})
}

func TestWhatRequestsShowChangesHealth(t *testing.T) {
	missing := &llm.Error{Class: llm.NotFound, Fetch: "ollama pull toy:latest"}
	for name, c := range map[string]struct {
		failure error
		want    llm.State
	}{
		"unreachable": {class(llm.Unreachable), llm.StateDown}, "unauthorized": {class(llm.Unauthorized), llm.StateDown},
		"missing": {missing, llm.StateMissing}, "interrupted": {class(llm.Interrupted), llm.StateReady},
	} {
		t.Run(name, func(t *testing.T) {
			r := route(llm.RouterOptions{Retry: llm.Retry{Attempts: 1}}, probing("a", has("toy:latest"), c.failure))
			r.Refresh(t.Context())
			_, _ = collect(r.Stream(t.Context(), said("hi")))
			h := r.Health()[0]
			if h.State != c.want || (c.want == llm.StateMissing) != (h.Fetch != "") {
				t.Errorf("got %+v, want state %s", h, c.want)
			}
			// It comes back without a probe when it answers after all.
			if _, err := collect(r.Stream(t.Context(), said("hi"))); err != nil {
				t.Fatal(err)
			}
			if h := r.Health()[0]; h.State != llm.StateReady || h.Reason != "" {
				t.Errorf("after an answer: %+v", h)
			}
		})
	}
}

func TestAnotherModelsAbsenceSaysNothingAboutThisOne(t *testing.T) {
	r := route(llm.RouterOptions{}, probing("a", has("toy:latest"), class(llm.NotFound)))
	r.Refresh(t.Context())
	q := said("hi")
	q.Model = "huge:405b"
	_, err := collect(r.Stream(t.Context(), q))
	wantClass(t, err, llm.NotFound)
	if h, ok := r.Ready(); !ok {
		t.Errorf("got %+v", h)
	}
}

func TestProvidersThatCannotAnswerAreAskedLast(t *testing.T) {
	a, b := probing("a", down), probing("b", has("toy:latest"))
	r := route(llm.RouterOptions{}, a, b)
	r.Refresh(t.Context())
	got, err := collect(r.Stream(t.Context(), said("hi")))
	if err != nil || firstText(got) != "b" || len(a.Requests()) != 0 {
		t.Errorf("got %v, %v; the one that is down was asked %d times", got, err, len(a.Requests()))
	}
	b.Answer = func(context.Context, llm.Request, func(llm.Event) bool) error { return class(llm.Refused) }
	if got, err := collect(r.Stream(t.Context(), said("hi"))); err != nil || firstText(got) != "a" {
		t.Errorf("got %v, %v: the other one may be back", got, err)
	}
}

func TestProbesRunAtOnceAndEndWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func(ctx context.Context) (llm.Info, error) { <-ctx.Done(); return llm.Info{}, ctx.Err() }
		a, b, c := flaky("a"), flaky("b"), flaky("c")
		a.Found, b.Found, c.Found = hang, hang, func(context.Context) (llm.Info, error) { return has("toy:latest")() }
		r := route(llm.RouterOptions{}, a, b, c)
		cancelled, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		states := func(all []llm.RouteHealth) (s []llm.State) {
			for _, h := range all {
				s = append(s, h.State)
			}
			return s
		}
		if diff := cmp.Diff([]llm.State{llm.StateUnknown, llm.StateUnknown, llm.StateReady}, states(r.Refresh(cancelled))); diff != "" {
			t.Errorf("cancelled: %s", diff)
		}
		began := time.Now()
		late, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if diff := cmp.Diff([]llm.State{llm.StateDown, llm.StateDown, llm.StateReady}, states(r.Refresh(late))); diff != "" {
			t.Errorf("too late: %s", diff)
		}
		if d := time.Since(began); d != time.Second {
			t.Errorf("it took %s", d)
		}
	})
}
