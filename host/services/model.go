package services

import (
	"context"
	"errors"
	"iter"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/sdk"
)

// Model answers and embeds; the host's router does.
type Model interface {
	Stream(ctx context.Context, r llm.Request) iter.Seq2[llm.Event, error]
	llm.Embedder
}

// Budget is what plugins may spend on models in a day; [Tokens] is one.
type Budget interface {
	Allow(ctx context.Context, payer string) error
	Spend(payer string, u llm.Usage)
}

// payer is under whose name a plugin's spending is written down.
func (g *guest) payer() string { return "plugin:" + g.plugin }

const (
	maxMessages   = 256
	maxEmbedTexts = 128
	maxEmbedChars = 8000
)

// model refuses plugins that may not, or not any more today, ask a model.
func (g *guest) model(ctx context.Context, call, method string) (sdk.CallInfo, error) {
	if err := g.need(sdk.NeedLLM, "", method, call); err != nil {
		return sdk.CallInfo{}, err
	}
	if g.desk.o.Model == nil {
		return sdk.CallInfo{}, absent("language model")
	}
	if g.desk.o.Budget != nil {
		if err := g.desk.o.Budget.Allow(ctx, g.payer()); err != nil {
			return sdk.CallInfo{}, modelError(err)
		}
	}
	return g.who(call)
}

func (g *guest) spent(u llm.Usage) {
	if g.desk.o.Budget != nil {
		g.desk.o.Budget.Spend(g.payer(), u)
	}
}

// Generate implements [sdk.Services].
func (g *guest) Generate(ctx context.Context, call string, p sdk.Prompt) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		info, err := g.model(ctx, call, "Generate")
		if err == nil {
			err = checkPrompt(p)
		}
		if err != nil {
			yield("", err)
			return
		}
		own, stop := g.during(ctx, call)
		defer stop()
		chars := 0
		for ev, err := range g.desk.o.Model.Stream(own, request(info, g.payer(), p)) {
			if err != nil {
				g.spent(llm.Usage{CompletionTokens: chars / charsPerToken})
				yield("", ended(own, modelError(err)))
				return
			}
			switch e := ev.(type) {
			case llm.Delta:
				chars += len(e.Text)
				if !yield(e.Text, nil) {
					g.spent(llm.Usage{CompletionTokens: chars / charsPerToken})
					return
				}
			case llm.Finish:
				g.spent(e.Usage)
				return
			}
		}
		yield("", fault(sdk.CodeUnavailable, "the model's answer was cut off"))
	}
}

// charsPerToken is about how many bytes a token has: what an answer that was
// left took is not told by the model.
const charsPerToken = 4

func checkPrompt(p sdk.Prompt) error {
	switch {
	case len(p.Messages) == 0 || len(p.Messages) > maxMessages:
		return fault(sdk.CodeInvalid, "%d messages, expected 1 to %d", len(p.Messages), maxMessages)
	case p.MaxTokens < 0:
		return fault(sdk.CodeInvalid, "max_tokens %d: expected 0 or more", p.MaxTokens)
	}
	for _, m := range p.Messages {
		switch m.Role {
		case string(llm.System), string(llm.User), string(llm.Assistant):
		default:
			return fault(sdk.CodeInvalid, "role %.40q: expected system, user or assistant", m.Role)
		}
	}
	return nil
}

func request(info sdk.CallInfo, payer string, p sdk.Prompt) llm.Request {
	r := llm.Request{
		Format: p.Schema, Temperature: p.Temperature, MaxTokens: p.MaxTokens,
		RequestID: info.RequestID, TraceParent: info.TraceParent, User: payer,
	}
	for _, m := range p.Messages {
		r.Messages = append(r.Messages, llm.Message{Role: llm.Role(m.Role), Content: m.Text})
	}
	return r
}

// Embed implements [sdk.Services].
func (g *guest) Embed(ctx context.Context, call string, texts []string) (string, [][]float32, error) {
	info, err := g.model(ctx, call, "Embed")
	if err != nil {
		return "", nil, err
	}
	if len(texts) == 0 || len(texts) > maxEmbedTexts {
		return "", nil, fault(sdk.CodeInvalid, "%d texts, expected 1 to %d", len(texts), maxEmbedTexts)
	}
	for _, t := range texts {
		if len([]rune(t)) > maxEmbedChars {
			return "", nil, fault(sdk.CodeTooLarge, "a text has %d characters, expected at most %d", len([]rune(t)), maxEmbedChars)
		}
	}
	own, stop := g.during(ctx, call)
	defer stop()
	got, err := g.desk.o.Model.Embed(own, llm.EmbedRequest{
		Texts: texts, RequestID: info.RequestID, TraceParent: info.TraceParent, User: g.payer(),
	})
	if err != nil {
		return "", nil, ended(own, modelError(err))
	}
	g.spent(got.Usage)
	return got.Usage.Model, got.Vectors, nil
}

// modelError gives what a model's side reports the contract's codes.
func modelError(err error) error {
	e, ok := errors.AsType[*llm.Error](err)
	if !ok {
		return explain(err)
	}
	switch e.Class {
	case llm.OverBudget, llm.TooLarge:
		return &sdk.Error{Code: sdk.CodeTooLarge, Err: err}
	case llm.Refused:
		return &sdk.Error{Code: sdk.CodeInvalid, Err: err}
	default:
		return &sdk.Error{Code: sdk.CodeUnavailable, Err: err}
	}
}
