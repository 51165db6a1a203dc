package llmtest

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"net/http"
	"strings"
	"time"
)

// dimensions is the length of a vector.
const dimensions = 64

type embedReply struct {
	Model           string        `json:"model"`
	Embeddings      [][]float32   `json:"embeddings"`
	TotalDuration   time.Duration `json:"total_duration,omitempty"`
	LoadDuration    time.Duration `json:"load_duration,omitempty"`
	PromptEvalCount int           `json:"prompt_eval_count,omitempty"`
}

// embed answers POST /api/embed.
func (s *Server) embed(w http.ResponseWriter, r *http.Request) {
	q, ok := s.read(w, r)
	if !ok {
		return
	}
	s.record(q)
	began := s.now()
	if _, found := s.model(q.Model); !found {
		fail(w, http.StatusNotFound, fmt.Sprintf("model %q not found, try pulling it first", q.Model))
		return
	}
	texts, ok := inputs(q.Input)
	if !ok {
		fail(w, http.StatusBadRequest, "invalid input type")
		return
	}
	out := embedReply{Model: q.Model, Embeddings: [][]float32{}}
	for _, text := range texts {
		out.Embeddings = append(out.Embeddings, Vector(text))
		out.PromptEvalCount += len(strings.Fields(text)) + 2
	}
	if len(texts) > 0 {
		out.TotalDuration = max(s.now().Sub(began), 2*time.Microsecond)
		out.LoadDuration = out.TotalDuration / 2
	}
	reply(w, http.StatusOK, out)
}

// inputs reads one text or several.
func inputs(raw json.RawMessage) ([]string, bool) {
	var one string
	var many []string
	switch {
	case len(raw) == 0, json.Unmarshal(raw, &one) == nil && one == "":
		return nil, true
	case one != "":
		return []string{one}, true
	default:
		return many, json.Unmarshal(raw, &many) == nil
	}
}

// Vector is the embedding of a text: of length 1, the same for the same words
// in any order, and the closer to another the more words they share.
func Vector(text string) []float32 {
	sum := make([]float64, dimensions)
	for word := range strings.FieldsSeq(strings.ToLower(text)) {
		h := fnv.New64a()
		_, _ = h.Write([]byte(word)) // never fails
		bits := h.Sum64()
		for i := range sum {
			sum[i] += float64(int(bits>>i&1)*2 - 1)
		}
	}
	var norm float64
	for _, x := range sum {
		norm += x * x
	}
	out := make([]float32, dimensions)
	for i, x := range sum {
		out[i] = float32(x / max(math.Sqrt(norm), 1e-9))
	}
	return out
}
