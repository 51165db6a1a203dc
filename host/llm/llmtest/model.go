package llmtest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
)

// loadedModel is a model in memory.
type loadedModel struct {
	context int
	expires time.Time
}

const (
	defaultContext   = 2048
	defaultKeepAlive = 5 * time.Minute
	modelSize        = 5_827_643
)

type modelDetails struct {
	ParentModel       string   `json:"parent_model"`
	Format            string   `json:"format"`
	Family            string   `json:"family"`
	Families          []string `json:"families"`
	ParameterSize     string   `json:"parameter_size"`
	QuantizationLevel string   `json:"quantization_level"`
}

type tagEntry struct {
	Name       string       `json:"name"`
	Model      string       `json:"model"`
	ModifiedAt time.Time    `json:"modified_at"`
	Size       int64        `json:"size"`
	Digest     string       `json:"digest"`
	Details    modelDetails `json:"details"`
}

type psEntry struct {
	Name          string       `json:"name"`
	Model         string       `json:"model"`
	Size          int64        `json:"size"`
	Digest        string       `json:"digest"`
	Details       modelDetails `json:"details"`
	ExpiresAt     time.Time    `json:"expires_at"`
	SizeVRAM      int64        `json:"size_vram"`
	ContextLength int          `json:"context_length"`
}

type modelList[T any] struct {
	Models []T `json:"models"`
}

type showReply struct {
	Modelfile    string           `json:"modelfile"`
	Parameters   string           `json:"parameters"`
	Template     string           `json:"template"`
	Details      modelDetails     `json:"details"`
	ModelInfo    map[string]any   `json:"model_info"`
	Tensors      []any            `json:"tensors"`
	Capabilities []llm.Capability `json:"capabilities"`
	ModifiedAt   time.Time        `json:"modified_at"`
}

// made is when every scripted model was made.
func made() time.Time { return time.Date(2026, time.January, 2, 3, 4, 5, 678_901_234, time.UTC) }

func (m Model) details() modelDetails {
	return modelDetails{
		Format: "gguf", Family: "llama", Families: []string{"llama"}, ParameterSize: "1.45M", QuantizationLevel: "unknown",
	}
}

func (m Model) full() string {
	if strings.Contains(m.Name, ":") {
		return m.Name
	}
	return m.Name + ":latest"
}

func (m Model) digest() string {
	sum := sha256.Sum256([]byte(m.full()))
	return hex.EncodeToString(sum[:])
}

func (m Model) context() int {
	if m.ContextLength == 0 {
		return defaultContext
	}
	return m.ContextLength
}

func (m Model) can(c llm.Capability) bool { return llm.ModelInfo{Capabilities: m.Capabilities}.Can(c) }

func (s *Server) version(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, struct {
		Version string `json:"version"`
	}{s.script.Version})
}

func (s *Server) tags(w http.ResponseWriter, _ *http.Request) {
	list := modelList[tagEntry]{Models: []tagEntry{}}
	for _, m := range s.models() {
		list.Models = append(list.Models, tagEntry{
			Name: m.full(), Model: m.full(), ModifiedAt: made(), Size: modelSize, Digest: m.digest(), Details: m.details(),
		})
	}
	reply(w, http.StatusOK, list)
}

func (s *Server) ps(w http.ResponseWriter, _ *http.Request) {
	list := modelList[psEntry]{Models: []psEntry{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.script.Models {
		l, ok := s.loaded[m.full()]
		if !ok || !s.now().Before(l.expires) {
			continue
		}
		list.Models = append(list.Models, psEntry{
			Name: m.full(), Model: m.full(), Size: modelSize, Digest: m.digest(), Details: m.details(),
			ExpiresAt: l.expires, ContextLength: l.context,
		})
	}
	reply(w, http.StatusOK, list)
}

func (s *Server) show(w http.ResponseWriter, r *http.Request) {
	q, ok := s.read(w, r)
	if !ok {
		return
	}
	m, ok := s.model(q.Model)
	if !ok {
		fail(w, http.StatusNotFound, fmt.Sprintf("model '%s' not found", q.Model))
		return
	}
	reply(w, http.StatusOK, showReply{
		Modelfile: "FROM " + m.full(), Parameters: fmt.Sprintf("num_ctx %d", defaultContext), Template: "{{ .Prompt }}",
		Details: m.details(), Tensors: []any{}, Capabilities: m.Capabilities, ModifiedAt: made(),
		ModelInfo: map[string]any{"general.architecture": "llama", "llama.context_length": m.context()},
	})
}

// preload takes the models that are in memory from the start.
func (s *Server) preload() {
	for _, m := range s.script.Models {
		if m.Loaded {
			s.load(m, 0, defaultKeepAlive)
		}
	}
}

// load notes that a model is in memory; keep 0 unloads it, a negative one keeps
// it for ever.
func (s *Server) load(m Model, numCtx int, keep time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if keep == 0 {
		delete(s.loaded, m.full())
		return
	}
	if numCtx == 0 {
		numCtx = defaultContext
	}
	expires := s.now().Add(keep)
	if keep < 0 {
		expires = s.now().AddDate(290, 0, 0)
	}
	s.loaded[m.full()] = loadedModel{context: min(numCtx, m.context()), expires: expires}
}
