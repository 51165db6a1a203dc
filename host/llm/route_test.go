package llm_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
)

func at(clock string) time.Time {
	t, err := time.Parse("15:04", clock)
	if err != nil {
		panic(err)
	}
	return t
}

func TestTheRouteFitsTheRequest(t *testing.T) { // I03
	tools := []llm.ToolDef{{Name: "lookup"}}
	table := []llm.Route{
		{Name: "night", When: llm.When{From: 22 * time.Hour, To: 6 * time.Hour}},
		{Name: "secret", When: llm.When{Chosen: true, Roles: []string{"operator"}}},
		{Name: "french", When: llm.When{Langs: []string{"fr"}, MaxTokens: 100}},
		{Name: "tools", When: llm.When{Tools: llm.Needed}},
		{Name: "long", When: llm.When{MinTokens: 100}},
		{Name: "plain", When: llm.When{Tools: llm.Missing, Roles: []string{"user", "operator"}}},
	}
	long := strings.Repeat("word ", 100)
	for name, c := range map[string]struct {
		q     llm.Request
		clock string
		want  string
	}{
		"nothing special":     {llm.Request{Role: "user", Lang: "en"}, "12:00", "plain"},
		"French":              {llm.Request{Role: "user", Lang: "fr"}, "12:00", "french"},
		"French, long":        {llm.Request{Role: "user", Lang: "fr", Messages: said(long).Messages}, "12:00", "long"},
		"long":                {llm.Request{Role: "user", Messages: said(long).Messages}, "12:00", "long"},
		"tools":               {llm.Request{Role: "user", Tools: tools}, "12:00", "tools"},
		"before midnight":     {llm.Request{Role: "user"}, "22:00", "night"},
		"after midnight":      {llm.Request{Role: "user"}, "05:59", "night"},
		"morning":             {llm.Request{Role: "user"}, "06:00", "plain"},
		"chosen":              {llm.Request{Role: "operator", Route: "secret"}, "12:00", "secret"},
		"chosen, against all": {llm.Request{Role: "user", Lang: "en", Route: "french"}, "12:00", "french"},
		"chosen, not allowed": {llm.Request{Role: "user", Route: "secret"}, "12:00", ""},
		"chosen, not there":   {llm.Request{Role: "user", Route: "other"}, "12:00", ""},
		"no one fits":         {llm.Request{Role: "guest"}, "12:00", ""},
	} {
		for i := range table {
			table[i].Provider, table[i].Model = flaky(table[i].Name), "m"
		}
		r := llm.NewRouter(table, llm.RouterOptions{Now: func() time.Time { return at(c.clock) }})
		got, err := collect(r.Stream(t.Context(), c.q))
		chosen, ok := r.Choose(c.q)
		switch {
		case c.want == "":
			wantClass(t, err, llm.NoRoute)
			if ok {
				t.Errorf("%s: Choose says %s", name, chosen.Name)
			}
		case err != nil || firstText(got) != c.want || chosen.Name != c.want:
			t.Errorf("%s: got %v, %v, chosen %s; want %s", name, got, err, chosen.Name, c.want)
		case got[1].(llm.Finish).Fallback:
			t.Errorf("%s: the route that fits is no fallback", name)
		}
	}
}

func TestAPromptGoesWhereItFits(t *testing.T) { // O11
	window := func(name string, tokens int) *llmtest.Provider {
		return probing(name, func() (llm.Info, error) {
			return llm.Info{Models: []llm.ModelInfo{{Name: "toy:latest", Window: tokens}}}, nil
		})
	}
	r := route(llm.RouterOptions{}, window("small", 100), window("big", 10_000))
	r.Refresh(t.Context())
	for text, want := range map[string]string{"hi": "small", strings.Repeat("word ", 200): "big"} {
		got, err := collect(r.Stream(t.Context(), said(text)))
		if err != nil || firstText(got) != want || got[1].(llm.Finish).Fallback {
			t.Errorf("%d bytes: got %v, %v", len(text), got, err)
		}
		if h, _ := r.Choose(said(text)); h.Provider != want || h.Info.Window == 0 {
			t.Errorf("%d bytes: chosen %+v", len(text), h)
		}
	}
}

func TestATableIsReplacedWhileAnswersGoOn(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	old := &llmtest.Provider{ID: "old", Answer: func(_ context.Context, _ llm.Request, yield func(llm.Event) bool) error {
		close(entered)
		<-release
		yield(llm.Delta{Text: "old"})
		yield(llm.Finish{})
		return nil
	}}
	stays := probing("stays", has("toy:latest"))
	r := llm.NewRouter([]llm.Route{{Provider: old, Model: "toy:latest"}, {Provider: stays, Model: "toy:latest"}}, llm.RouterOptions{})
	r.Refresh(t.Context())
	answer := make(chan string)
	go func() {
		got, _ := collect(r.Stream(t.Context(), said("hi")))
		answer <- firstText(got)
	}()
	<-entered
	r.Configure(llm.Table{Routes: []llm.Route{{Provider: flaky("new"), Model: "m"}, {Name: "renamed", Provider: stays, Model: "toy:latest"}}})
	if got, err := collect(r.Stream(t.Context(), said("hi"))); err != nil || firstText(got) != "new" {
		t.Errorf("after: %v, %v", got, err)
	}
	close(release)
	if got := <-answer; got != "old" {
		t.Errorf("the answer under way became %q", got)
	}
	h := r.Health()
	if h[0].State != llm.StateReady || h[1].State != llm.StateReady || h[1].Name != "renamed" || h[1].Info.Window != 4096 {
		t.Errorf("health %+v", h)
	}
}

func TestTokensAreGuessedOnTheSafeSide(t *testing.T) {
	for text, atLeast := range map[string]int{
		"What is the weather like in Oslo today?":     9,  // as llama3 counts
		"Quel temps fait-il à Montréal aujourd'hui ?": 12, // as llama3 counts
		`{"city":"Oslo","days":3,"units":"metric"}`:   14,
	} {
		if got := said(text).Tokens(); got < atLeast || got > 4*atLeast {
			t.Errorf("%q: %d, want %d or somewhat more", text, got, atLeast)
		}
	}
	bare := said("hi").Tokens()
	q := said("hi")
	q.Tools = []llm.ToolDef{{Name: "n", Description: "d", Parameters: json.RawMessage(`{"type":"object"}`)}}
	if q.Tokens() <= bare {
		t.Error("tools cost nothing")
	}
}

// embedding is a provider with vectors.
type embedding struct {
	*llmtest.Provider
	fail []error
	n    int
}

func (e *embedding) Embed(_ context.Context, r llm.EmbedRequest) (llm.Embeddings, error) {
	if e.n++; e.n <= len(e.fail) {
		return llm.Embeddings{}, e.fail[e.n-1]
	}
	return llm.Embeddings{Vectors: [][]float32{{1}}, Usage: llm.Usage{PromptTokens: 3, Model: r.Model}}, nil
}

func TestEmbeddingsGoToTheirModelThroughEveryLayer(t *testing.T) {
	var spent []string
	p := &embedding{Provider: &llmtest.Provider{ID: "e"}, fail: []error{class(llm.Overloaded)}}
	lane := llm.NewLane(llm.NewGuard(p, llm.DefaultLimits()), llm.LaneOptions{Spent: func(user string, u llm.Usage) { spent = append(spent, user+" "+u.Provider+" "+u.Model) }})
	r := llm.NewRouter(nil, llm.RouterOptions{Jitter: func(time.Duration) time.Duration { return 0 }})
	q := llm.EmbedRequest{Texts: []string{"a"}, User: "alice"}
	_, err := r.Embed(t.Context(), q)
	wantClass(t, err, llm.NoRoute)
	if _, _, ok := r.EmbedModel(); ok {
		t.Error("a model where there is none")
	}
	r.Configure(llm.Table{Embed: llm.Route{Provider: lane, Model: "vec"}})
	got, err := r.Embed(t.Context(), q)
	if err != nil || len(got.Vectors) != 1 || got.Usage.Model != "vec" {
		t.Errorf("got %+v, %v", got, err)
	}
	if diff := cmp.Diff([]string{"alice e vec"}, spent); diff != "" {
		t.Error(diff)
	}
	_, err = r.Embed(t.Context(), llm.EmbedRequest{Texts: make([]string, llm.MaxEmbedTexts+1)})
	wantClass(t, err, llm.TooLarge)
	r.Configure(llm.Table{Embed: llm.Route{Provider: flaky("none"), Model: "vec"}})
	_, err = r.Embed(t.Context(), q)
	wantClass(t, err, llm.Refused)
}
