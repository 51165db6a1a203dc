package compat

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/session"
)

// openEmbedRequest is POST /v1/embeddings.
type openEmbedRequest struct {
	Model      string          `json:"model"`
	Input      json.RawMessage `json:"input"`
	Encoding   string          `json:"encoding_format"`
	Dimensions int             `json:"dimensions"`
}

// texts reads an input that is one text or several.
func texts(raw json.RawMessage) ([]string, error) {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}, nil
	}
	var many []string
	if len(raw) == 0 || json.Unmarshal(raw, &many) != nil || len(many) == 0 {
		return nil, invalid("input", "no text", "a text or a list of texts")
	}
	return many, nil
}

// modelName is a model's name for the engine: the assistant has none of its own.
func modelName(name string) string {
	if base, _, _ := strings.Cut(name, ":"); base == Assistant {
		return ""
	}
	return name
}

func (d *Door) openEmbed(w http.ResponseWriter, r *http.Request, body []byte, who session.Identity, e Engine) {
	var q openEmbedRequest
	err := json.Unmarshal(body, &q)
	if err != nil {
		err = unreadable(err)
	}
	var in []string
	if err == nil {
		in, err = texts(q.Input)
	}
	if err == nil && q.Encoding != "" && q.Encoding != "float" && q.Encoding != "base64" {
		err = invalid("encoding_format", strconv.Quote(q.Encoding), "float or base64")
	}
	var out llm.Embeddings
	if err == nil {
		out, err = e.Embed(r.Context(), who, llm.EmbedRequest{Model: modelName(q.Model), Texts: in, Dimensions: q.Dimensions})
	}
	if err != nil {
		openFail(w, e, who, err)
		return
	}
	data := []any{}
	for i, v := range out.Vectors {
		var embedding any = v
		if q.Encoding == "base64" {
			embedding = packed(v)
		}
		data = append(data, map[string]any{"object": "embedding", "index": i, "embedding": embedding})
	}
	reply(w, http.StatusOK, map[string]any{
		"object": "list", "data": data, "model": q.Model,
		"usage": map[string]int{"prompt_tokens": out.Usage.PromptTokens, "total_tokens": out.Usage.PromptTokens},
	})
}

// packed is a vector as little-endian 32-bit floats in base64.
func packed(v []float32) string {
	b := make([]byte, 0, 4*len(v))
	for _, f := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	return base64.StdEncoding.EncodeToString(b)
}
