package services_test

import (
	"context"
	"iter"
	"testing"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/services"
	"github.com/jarvis-host/jarvis/sdk"
)

// stuck is a model and a memory that begin and never end; each tells when it was
// asked, and when it was let go.
type stuck struct{ asked, let chan struct{} }

func (s stuck) hang(ctx context.Context) error {
	s.asked <- struct{}{}
	<-ctx.Done()
	s.let <- struct{}{}
	return context.Cause(ctx)
}

func (s stuck) Stream(ctx context.Context, _ llm.Request) iter.Seq2[llm.Event, error] {
	return func(yield func(llm.Event, error) bool) { yield(nil, s.hang(ctx)) }
}

func (s stuck) Embed(ctx context.Context, _ llm.EmbedRequest) (llm.Embeddings, error) {
	return llm.Embeddings{}, s.hang(ctx)
}

func (s stuck) SearchMemory(ctx context.Context, _, _ string, _ int) ([]sdk.Memory, error) {
	return nil, s.hang(ctx)
}

func (stuck) Remember(context.Context, string, string, string, string) (string, error) {
	return "", nil
}
func (stuck) ForgetMemory(context.Context, string, string) (bool, error) { return false, nil }

// S09: what a plugin asks the host for in a call ends with the call, even if the
// plugin keeps waiting for it.
func TestNothingThatAPluginAsksForOutlivesItsCall(t *testing.T) {
	s := stuck{make(chan struct{}), make(chan struct{})}
	h := open(t, func(o *services.Options) { o.Model, o.Memory = s, s })
	plugin, pass := h.guest(t, "p", everything())
	for name, ask := range map[string]func() error{
		"Generate": func() (err error) {
			for _, err = range plugin.Generate(context.WithoutCancel(t.Context()), alice.Call, sdk.Prompt{Messages: []sdk.Message{{Role: "user", Text: "x"}}}) {
			}
			return err
		},
		"Embed": func() error {
			_, _, err := plugin.Embed(context.WithoutCancel(t.Context()), alice.Call, []string{"x"})
			return err
		},
		"SearchMemory": func() error {
			_, err := plugin.SearchMemory(context.WithoutCancel(t.Context()), alice.Call, "x", 1)
			return err
		},
	} {
		end := pass.Begin(alice)
		got := make(chan error, 1)
		go func() { got <- ask() }()
		<-s.asked
		end()
		<-s.let
		wantCode(t, name, <-got, sdk.CodeForbidden, "does not run in this plugin")
	}
}
