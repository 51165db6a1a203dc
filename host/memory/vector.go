package memory

import "context"

// Embedder turns texts into vectors whose nearness is that of their meanings. A
// vector of another model, or of another length, compares with none.
type Embedder interface {
	// Embed returns one vector for each text, in order, and the model's name.
	Embed(ctx context.Context, texts []string) (vectors [][]float32, model string, err error)
}
