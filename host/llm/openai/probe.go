package openai

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/remote"
)

// listed is a model in the reply of /models. What is not OpenAI's own is said
// by one kind of server or another.
type listed struct {
	ID            string `json:"id"`
	OwnedBy       string `json:"owned_by"`
	MaxModelLen   int    `json:"max_model_len"`         // vLLM: what a request gets
	ContextLength int    `json:"context_length"`        // OpenRouter
	MaxContext    int    `json:"max_context_length"`    // LM Studio, Mistral
	Loaded        int    `json:"loaded_context_length"` // LM Studio
	Meta          struct {
		Train int `json:"n_ctx_train"` // llama.cpp: what the model was made for
		Ctx   int `json:"n_ctx"`       // and what a request gets
	} `json:"meta"`
	Parameters []string `json:"supported_parameters"` // OpenRouter
}

// Probe implements [llm.Provider].
func (p *Provider) Probe(ctx context.Context) (llm.Info, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, p.cfg.ProbeTimeout, &llm.Error{
		Class: llm.Timeout, Provider: p.Name(), Message: fmt.Sprintf("no answer to a probe within %s", p.cfg.ProbeTimeout),
	})
	defer cancel()
	var reply struct {
		Data []listed `json:"data"`
	}
	err := p.client.Do(ctx, remote.Call{Path: "models"}, &reply)
	if e, ok := errors.AsType[*llm.Error](err); ok && e.Class == llm.Refused && e.Status != 0 {
		return p.unlisted(), nil // some servers have no list, and answer all the same
	}
	if err != nil {
		return llm.Info{}, err
	}
	owner := ""
	if len(reply.Data) > 0 {
		owner = reply.Data[0].OwnedBy
	}
	kind := flavourOf(p.host, owner)
	p.server.Store(kind)
	info := llm.Info{Open: len(reply.Data) == 0 || kind == llamaCPP && len(reply.Data) == 1}
	window := p.cfg.Window
	if kind == llamaCPP {
		props := p.props(ctx)
		info.Version = props.Build
		window = smallest(window, props.window())
	}
	for _, m := range reply.Data {
		info.Models = append(info.Models, m.describe(window))
	}
	return info, nil
}

// unlisted is what is known of a server without a list.
func (p *Provider) unlisted() llm.Info {
	info := llm.Info{Open: true}
	if p.cfg.Window > 0 {
		info.Models = []llm.ModelInfo{{Window: p.cfg.Window}}
	}
	return info
}

// props is llama.cpp's description of itself.
type props struct {
	Build    string `json:"build_info"`
	Settings struct {
		Ctx int `json:"n_ctx"`
	} `json:"default_generation_settings"`
}

func (p props) window() int { return p.Settings.Ctx }

// props asks for what only llama.cpp tells: the window of one slot. Servers that
// come from it, and those that keep it behind a switch, may not.
func (p *Provider) props(ctx context.Context) (out props) {
	if err := p.client.Do(ctx, remote.Call{Path: "props", Root: true}, &out); err != nil {
		return props{}
	}
	return out
}

// describe tells a model's window as well as it is known.
func (m listed) describe(window int) llm.ModelInfo {
	out := llm.ModelInfo{
		Name:          m.ID,
		ContextLength: max(m.ContextLength, m.MaxContext, m.Meta.Train, m.MaxModelLen),
		Window:        smallest(window, m.MaxModelLen, m.Meta.Ctx, m.Loaded),
		Loaded:        m.Loaded,
	}
	out.Window = cmp.Or(out.Window, out.ContextLength)
	if out.ContextLength > 0 {
		out.Window = min(out.Window, out.ContextLength)
	}
	if m.Parameters != nil {
		out.Capabilities = []llm.Capability{llm.CanChat}
		for parameter, can := range map[string]llm.Capability{"tools": llm.CanTools, "reasoning": llm.CanThink} {
			if slices.Contains(m.Parameters, parameter) {
				out.Capabilities = append(out.Capabilities, can)
			}
		}
		slices.Sort(out.Capabilities)
	}
	if short, latest := strings.CutSuffix(m.ID, ":latest"); latest {
		out.Aliases = []string{short}
	}
	return out
}

// smallest is the least of those that are known.
func smallest(of ...int) int {
	least := 0
	for _, n := range of {
		if n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	return least
}
