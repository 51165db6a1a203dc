package ollama

import (
	"context"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/remote"
)

// embedRequest is the body of POST /api/embed. The server cuts a text that is
// too long unless it is told not to.
type embedRequest struct {
	Model      string   `json:"model"`
	Input      []string `json:"input"`
	Truncate   bool     `json:"truncate"`
	Dimensions int      `json:"dimensions,omitzero"`
	KeepAlive  any      `json:"keep_alive,omitempty"`
}

// Embed implements [llm.Embedder].
func (p *Provider) Embed(ctx context.Context, r llm.EmbedRequest) (llm.Embeddings, error) {
	if err := r.Check(); err != nil {
		return llm.Embeddings{}, err
	}
	var reply struct {
		Model           string      `json:"model"`
		Embeddings      [][]float32 `json:"embeddings"`
		PromptEvalCount int         `json:"prompt_eval_count"`
	}
	err := p.client.Do(ctx, remote.Call{
		Path: "/api/embed", Model: r.Model, RequestID: r.RequestID, TraceParent: r.TraceParent,
		Body: embedRequest{Model: r.Model, Input: r.Texts, Dimensions: r.Dimensions, KeepAlive: p.keepAlive()},
	}, &reply)
	if err != nil {
		return llm.Embeddings{}, err
	}
	if err := llm.CheckVectors(p.Name(), len(r.Texts), reply.Embeddings); err != nil {
		return llm.Embeddings{}, err
	}
	return llm.Embeddings{Vectors: reply.Embeddings, Usage: llm.Usage{
		PromptTokens: reply.PromptEvalCount, Model: r.Model, Provider: p.Name(),
	}}, nil
}
