package llm_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
)

// flaky fails with each error in turn, then answers with its name.
func flaky(name string, failures ...error) *llmtest.Provider {
	n := 0
	return &llmtest.Provider{ID: name, Answer: func(_ context.Context, r llm.Request, yield func(llm.Event) bool) error {
		if n++; n <= len(failures) {
			return failures[n-1]
		}
		if yield(llm.Delta{Text: name}) {
			yield(llm.Finish{Reason: llm.ReasonStop})
		}
		return nil
	}}
}

func class(c llm.Class) error { return &llm.Error{Class: c, Message: "on purpose"} }

func route(o llm.RouterOptions, providers ...*llmtest.Provider) *llm.Router {
	if o.Jitter == nil {
		o.Jitter = func(limit time.Duration) time.Duration { return limit }
	}
	var routes []llm.Route
	for _, p := range providers {
		routes = append(routes, llm.Route{Provider: p, Model: "toy:latest"})
	}
	return llm.NewRouter(routes, o)
}

func firstText(events []llm.Event) string {
	if len(events) > 0 {
		if d, ok := events[0].(llm.Delta); ok {
			return d.Text
		}
	}
	return ""
}

func TestFailuresThatPassAreTriedAgainWithGrowingPauses(t *testing.T) { // fault-L1
	for _, c := range []llm.Class{llm.Unreachable, llm.Overloaded, llm.Interrupted, llm.Internal} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			p := flaky("a", class(c), class(c))
			got, err := collect(route(llm.RouterOptions{}, p).Stream(t.Context(), said("hi")))
			if err != nil || firstText(got) != "a" {
				t.Errorf("%s: got %v, %v", c, got, err)
			}
			if d := time.Since(began); d != 300*time.Millisecond {
				t.Errorf("%s: waited %s, want 100 + 200 ms", c, d)
			}
		})
	}
}

func TestFailuresThatStayAreNotTriedAgain(t *testing.T) { // fault-L3
	for _, c := range []llm.Class{
		llm.NotFound, llm.Refused, llm.Unauthorized, llm.Timeout, llm.TooLarge, llm.Limit,
	} {
		p := flaky("a", class(c))
		_, err := collect(route(llm.RouterOptions{}, p).Stream(t.Context(), said("hi")))
		wantClass(t, err, c)
		if n := len(p.Requests()); n != 1 {
			t.Errorf("%s: asked %d times, want once", c, n)
		}
	}
}

func TestRetriesEndAfterTheLastAttempt(t *testing.T) { // fault-L2
	synctest.Test(t, func(t *testing.T) {
		down := class(llm.Unreachable)
		p := flaky("a", down, down, down, down, down)
		_, err := collect(route(llm.RouterOptions{}, p).Stream(t.Context(), said("hi")))
		wantClass(t, err, llm.Unreachable)
		if n := len(p.Requests()); n != llm.DefaultRetry().Attempts {
			t.Errorf("asked %d times", n)
		}
	})
}

func TestPausesAreJitteredBetweenNothingAndTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var limits []time.Duration
		down := class(llm.Overloaded)
		p := flaky("a", down, down, down, down)
		r := route(llm.RouterOptions{
			Retry:  llm.Retry{Attempts: 5, Base: time.Second, Max: 3 * time.Second, Patience: time.Minute},
			Jitter: func(limit time.Duration) time.Duration { limits = append(limits, limit); return 0 },
		}, p)
		if _, err := collect(r.Stream(t.Context(), said("hi"))); err != nil {
			t.Fatal(err)
		}
		want := []time.Duration{time.Second, 2 * time.Second, 3 * time.Second, 3 * time.Second}
		if diff := cmp.Diff(want, limits); diff != "" {
			t.Error(diff)
		}
	})
	random := llm.NewRouter([]llm.Route{{Provider: flaky("a", class(llm.Internal)), Model: "m"}}, llm.RouterOptions{})
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if _, err := collect(random.Stream(t.Context(), said("hi"))); err != nil || time.Since(began) > 100*time.Millisecond {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

func TestAProvidersWishToWaitIsHonouredWithinPatience(t *testing.T) { // fault-L5
	for wish, tries := range map[time.Duration]int{time.Second: 2, time.Minute: 1} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			p := flaky("a", &llm.Error{Class: llm.Overloaded, RetryAfter: wish})
			_, err := collect(route(llm.RouterOptions{}, p).Stream(t.Context(), said("hi")))
			if n := len(p.Requests()); n != tries {
				t.Errorf("wish of %s: asked %d times, want %d", wish, n, tries)
			}
			if tries == 1 {
				if e := wantClass(t, err, llm.Overloaded); e.RetryAfter != wish || time.Since(began) != 0 {
					t.Errorf("got %+v after %s", e, time.Since(began))
				}
			} else if err != nil || time.Since(began) != wish {
				t.Errorf("got %v after %s", err, time.Since(began))
			}
		})
	}
}

func TestASlowFailureIsNotTriedAgain(t *testing.T) { // fault-L1: a connect timeout is told within 2 s
	synctest.Test(t, func(t *testing.T) {
		p := &llmtest.Provider{Answer: func(ctx context.Context, _ llm.Request, _ func(llm.Event) bool) error {
			_ = after(ctx, 2*time.Second)
			return class(llm.Unreachable)
		}}
		_, err := collect(route(llm.RouterOptions{}, p).Stream(t.Context(), said("hi")))
		wantClass(t, err, llm.Unreachable)
		if n := len(p.Requests()); n != 1 {
			t.Errorf("asked %d times, want once", n)
		}
	})
}

func TestTheNextProviderAnswersWhenOneCannot(t *testing.T) { // I03
	a, b := flaky("a", class(llm.NotFound)), flaky("b")
	got, err := collect(route(llm.RouterOptions{}, a, b).Stream(t.Context(), said("hi")))
	if err != nil || firstText(got) != "b" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestNoOneTakesOverAfterTheFirstToken(t *testing.T) { // fault-L27: no answer is given twice
	broke := class(llm.Interrupted)
	for name, first := range map[string]llm.Event{
		"text": llm.Delta{Text: "I am"}, "thinking": llm.Thinking{Text: "hm"}, "tool call": llm.ToolCall{Name: "a"},
	} {
		a := &llmtest.Provider{ID: "a", Answer: func(_ context.Context, _ llm.Request, yield func(llm.Event) bool) error {
			yield(first)
			return broke
		}}
		b := flaky("b")
		got, err := collect(route(llm.RouterOptions{}, a, b).Stream(t.Context(), said("hi")))
		if !errors.Is(err, broke) || len(got) != 1 || len(a.Requests()) != 1 || len(b.Requests()) != 0 {
			t.Errorf("%s: got %v, %v; asked %d and %d times", name, got, err, len(a.Requests()), len(b.Requests()))
		}
	}
}

func TestWhenAllFailThePreferredOnesReasonComesFirst(t *testing.T) {
	missing, refused := class(llm.NotFound), class(llm.Refused)
	r := route(llm.RouterOptions{}, flaky("a", missing), flaky("b", refused))
	_, err := collect(r.Stream(t.Context(), said("hi")))
	wantClass(t, err, llm.NotFound)
	if !errors.Is(err, refused) {
		t.Errorf("error %v leaves out why the second failed", err)
	}
}

func TestCancellingEndsTheWaitForARetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := errors.New("stopped by the end user")
		time.AfterFunc(50*time.Millisecond, func() { cancel(stop) })
		a, b := flaky("a", class(llm.Overloaded)), flaky("b")
		_, err := collect(route(llm.RouterOptions{}, a, b).Stream(ctx, said("hi")))
		if !errors.Is(err, stop) || len(b.Requests()) != 0 {
			t.Errorf("got %v; the second provider was asked %d times", err, len(b.Requests()))
		}
	})
}

func TestACancelledRequestGoesNowhereElse(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a := &llmtest.Provider{ID: "a", Answer: func(context.Context, llm.Request, func(llm.Event) bool) error {
		cancel()
		return class(llm.Unreachable)
	}}
	b := flaky("b")
	r := route(llm.RouterOptions{}, a, b)
	_, err := collect(r.Stream(ctx, said("hi")))
	if !errors.Is(err, context.Canceled) || len(b.Requests()) != 0 {
		t.Errorf("got %v", err)
	}
	if s := r.Health()[0].State; s != llm.StateUnknown {
		t.Errorf("state is %s: a cancelled request says nothing about the provider", s)
	}
}

func TestLeavingTheLoopEndsTheSearch(t *testing.T) {
	a, b := flaky("a"), flaky("b")
	for range route(llm.RouterOptions{}, a, b).Stream(t.Context(), said("hi")) {
		break
	}
	if len(a.Requests()) != 1 || len(b.Requests()) != 0 {
		t.Errorf("asked %d and %d times", len(a.Requests()), len(b.Requests()))
	}
}

func TestARequestThatNamesItsModelKeepsIt(t *testing.T) {
	p := flaky("a")
	r := route(llm.RouterOptions{}, p)
	named := said("hi")
	named.Model = "other:1b"
	for _, q := range []llm.Request{said("hi"), named} {
		if _, err := collect(r.Stream(t.Context(), q)); err != nil {
			t.Fatal(err)
		}
	}
	got := []string{p.Requests()[0].Model, p.Requests()[1].Model}
	if diff := cmp.Diff([]string{"toy:latest", "other:1b"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAModelIsNotAskedForWhatItCannotDo(t *testing.T) {
	for name, c := range map[string]struct {
		known        []llm.Capability
		tools, think bool
	}{
		"all":     {[]llm.Capability{llm.CanChat, llm.CanTools, llm.CanThink}, true, true},
		"chat":    {[]llm.Capability{llm.CanChat}, false, false},
		"unknown": {nil, true, true},
	} {
		p := flaky(name)
		p.Found = func(context.Context) (llm.Info, error) {
			return llm.Info{Models: []llm.ModelInfo{{Name: "toy:latest", Capabilities: c.known}}}, nil
		}
		r := route(llm.RouterOptions{}, p)
		r.Refresh(t.Context())
		q := said("hi")
		q.Tools, q.Think = []llm.ToolDef{{Name: "weather"}}, true
		if _, err := collect(r.Stream(t.Context(), q)); err != nil {
			t.Fatal(err)
		}
		if got := p.Requests()[0]; len(got.Tools) == 1 != c.tools || got.Think != c.think {
			t.Errorf("%s: tools %v, think %v", name, got.Tools, got.Think)
		}
		if len(q.Tools) != 1 {
			t.Error("the caller's request was changed")
		}
	}
}

// failing makes no embeddings either.
type failing struct {
	*llmtest.Provider
	embed func() error
}

func (f *failing) Embed(context.Context, llm.EmbedRequest) (llm.Embeddings, error) {
	return llm.Embeddings{}, f.embed()
}

// S09: a server that fails is asked little more often than it was before, however
// many ask at once, until it is left alone.
func TestManyWhoFailDoNotBecomeAStorm(t *testing.T) {
	for _, what := range []string{"answers", "embeddings"} {
		synctest.Test(t, func(t *testing.T) {
			down := class(llm.Overloaded)
			asked := 0
			p := &failing{&llmtest.Provider{ID: "a", Answer: func(context.Context, llm.Request, func(llm.Event) bool) error { asked++; return down }}, func() error { asked++; return down }}
			// Without a breaker, for it would hide what the budget does.
			r := llm.NewRouter(nil, llm.RouterOptions{})
			r.Configure(llm.Table{Routes: []llm.Route{{Provider: p, Model: "m"}}, Embed: llm.Route{Provider: p, Model: "e"}})
			began := time.Now()
			for range 200 {
				if what == "answers" {
					_, err := collect(r.Stream(t.Context(), said("hi")))
					wantClass(t, err, llm.Overloaded)
				} else {
					_, err := r.Embed(t.Context(), llm.EmbedRequest{Texts: []string{"x"}})
					wantClass(t, err, llm.Overloaded)
				}
			}
			most := 200 + 40 + 10 + int(time.Since(began).Seconds()/10) + 1
			if asked < 220 || asked > most {
				t.Errorf("%s: 200 requests became %d, want 220 to %d", what, asked, most)
			}

			lane := llm.NewLane(p, llm.LaneOptions{})
			r.Configure(llm.Table{Routes: []llm.Route{{Provider: lane, Model: "m"}}, Embed: llm.Route{Provider: lane, Model: "e"}})
			asked = 0
			for range 200 {
				_, err := collect(r.Stream(t.Context(), said("hi")))
				if err == nil {
					t.Fatal("it answers")
				}
			}
			if asked > 20 { // five, then one trial after each rest
				t.Errorf("%s: 200 requests reached a server %d times that is to be left alone", what, asked)
			}
		})
	}
}
