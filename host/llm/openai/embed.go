package openai

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/remote"
)

// embedRequest is the body of POST /embeddings.
type embedRequest struct {
	Model      string   `json:"model"`
	Input      []string `json:"input"`
	Encoding   string   `json:"encoding_format"`
	Dimensions int      `json:"dimensions,omitzero"`
}

type embedReply struct {
	Model string `json:"model"`
	Data  []struct {
		Index     int            `json:"index"`
		Embedding jsontext.Value `json:"embedding"`
	} `json:"data"`
	Usage usage          `json:"usage"`
	Error jsontext.Value `json:"error"`
}

// Embed implements [llm.Embedder].
func (p *Provider) Embed(ctx context.Context, r llm.EmbedRequest) (llm.Embeddings, error) {
	if err := r.Check(); err != nil {
		return llm.Embeddings{}, err
	}
	var reply embedReply
	err := p.client.Do(ctx, remote.Call{
		Path: "embeddings", Model: r.Model, RequestID: r.RequestID, TraceParent: r.TraceParent,
		Body: embedRequest{Model: r.Model, Input: r.Texts, Encoding: "float", Dimensions: r.Dimensions},
	}, &reply)
	if err != nil {
		return llm.Embeddings{}, err
	}
	if f, bad := remote.FaultOf(reply.Error); bad {
		return llm.Embeddings{}, &llm.Error{Class: f.Class(), Status: 200, Provider: p.Name(), Message: f.Text}
	}
	vectors, err := reply.vectors(len(r.Texts))
	if err != nil {
		return llm.Embeddings{}, &llm.Error{Class: llm.Internal, Provider: p.Name(), Message: "read embeddings", Err: err}
	}
	if err := llm.CheckVectors(p.Name(), len(r.Texts), vectors); err != nil {
		return llm.Embeddings{}, err
	}
	return llm.Embeddings{Vectors: vectors, Usage: llm.Usage{
		PromptTokens: reply.Usage.PromptTokens, Model: r.Model, Provider: p.Name(), Cost: reply.Usage.Cost,
	}}, nil
}

// vectors puts the vectors into the order of their texts.
func (r *embedReply) vectors(texts int) ([][]float32, error) {
	out := make([][]float32, texts)
	for _, d := range r.Data {
		if d.Index < 0 || d.Index >= texts || out[d.Index] != nil {
			return nil, fmt.Errorf("a vector for text %d of %d", d.Index, texts)
		}
		v, err := vector(d.Embedding)
		if err != nil {
			return nil, err
		}
		out[d.Index] = v
	}
	return out, nil
}

// vector reads a list of numbers, or what holds them in base64, the least
// significant byte first.
func vector(raw jsontext.Value) ([]float32, error) {
	var out []float32
	if raw.Kind() != '"' {
		if err := json.Unmarshal(raw, &out); err != nil {
			return nil, fmt.Errorf("read vector: %w", err)
		}
		return out, nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return nil, fmt.Errorf("read vector: %w", err)
	}
	bytes, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(bytes)%4 != 0 {
		return nil, fmt.Errorf("read vector: %d bytes of base64 that hold no numbers", len(text))
	}
	for ; len(bytes) > 0; bytes = bytes[4:] {
		out = append(out, math.Float32frombits(binary.LittleEndian.Uint32(bytes)))
	}
	return out, nil
}
