package llm

import (
	"context"
	"fmt"
	"math"
)

// Embedder turns texts into vectors whose nearness is that of their meanings.
// Providers that can do so implement it beside [Provider]; a [Router] does too.
// Implementations are safe for concurrent use.
type Embedder interface {
	// Embed returns one vector for each text, in their order and all of the same
	// length. A text that is too long is an *Error of class TooLarge, never cut.
	// Errors are as [Provider].Stream has them.
	Embed(ctx context.Context, r EmbedRequest) (Embeddings, error)
}

// EmbedRequest is a number of texts to turn into vectors.
type EmbedRequest struct {
	// Model is the provider's name for a model. A Router fills it in when it is
	// empty.
	Model string
	Texts []string
	// Dimensions asks for shorter vectors of a model that has them; 0 is the
	// model's own length.
	Dimensions int
	RequestID  string
	// TraceParent is the W3C trace context of the turn, or empty.
	TraceParent string
	// User is the id of who pays; no provider sends it anywhere.
	User string
}

// Embeddings are the vectors of an EmbedRequest's texts.
type Embeddings struct {
	Vectors [][]float32
	Usage   Usage
}

// MaxEmbedTexts and MaxEmbedBytes bound one EmbedRequest.
const (
	MaxEmbedTexts = 2048
	MaxEmbedBytes = 8 << 20
)

// Check says what is wrong with a request.
func (r EmbedRequest) Check() error {
	size := 0
	for _, t := range r.Texts {
		size += len(t)
	}
	switch {
	case len(r.Texts) == 0:
		return &Error{Class: Refused, Message: "expected one text or more to embed"}
	case len(r.Texts) > MaxEmbedTexts:
		return &Error{Class: TooLarge, Message: fmt.Sprintf("%d texts to embed, expected at most %d at once", len(r.Texts), MaxEmbedTexts)}
	case size > MaxEmbedBytes:
		return &Error{Class: TooLarge, Message: fmt.Sprintf("%d bytes to embed, expected at most %d at once", size, MaxEmbedBytes)}
	case r.Dimensions < 0:
		return &Error{Class: Refused, Message: fmt.Sprintf("dimensions %d: expected 0 or more", r.Dimensions)}
	default:
		return nil
	}
}

// CheckVectors says what is wrong with a provider's vectors for a number of
// texts.
func CheckVectors(provider string, texts int, vectors [][]float32) error {
	bad := func(format string, args ...any) error {
		return &Error{Class: Internal, Provider: provider, Message: fmt.Sprintf(format, args...)}
	}
	if len(vectors) != texts {
		return bad("%d vectors for %d texts", len(vectors), texts)
	}
	for i, v := range vectors {
		if len(v) == 0 || len(v) != len(vectors[0]) {
			return bad("vector %d has %d dimensions, the first %d", i, len(v), len(vectors[0]))
		}
		for _, x := range v {
			if f := float64(x); math.IsNaN(f) || math.IsInf(f, 0) {
				return bad("vector %d holds a number that is none", i)
			}
		}
	}
	return nil
}

// embedder returns the provider as an Embedder, or why it is none.
func embedder(p Provider) (Embedder, error) {
	e, ok := p.(Embedder)
	if !ok {
		return nil, &Error{Class: Refused, Provider: p.Name(), Message: "this provider makes no embeddings"}
	}
	return e, nil
}
