package openai_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/llm"
)

func TestEmbeddingsComeInTheOrderOfTheirTexts(t *testing.T) { // I03
	want := [][]float32{{1, 0.5}, {-1, 2}}
	for name, body := range map[string]string{
		"in order":     `{"object":"list","data":[{"index":0,"embedding":[1,0.5]},{"index":1,"embedding":[-1,2]}],"usage":{"prompt_tokens":4}}`,
		"out of order": `{"data":[{"index":1,"embedding":[-1,2]},{"index":0,"embedding":[1,0.5]}],"usage":{"prompt_tokens":4,"total_tokens":4},"model":"m"}`,
		"base64":       `{"data":[{"index":0,"embedding":"AACAPwAAAD8="},{"index":1,"embedding":"AACAvwAAAEA="}],"usage":{"prompt_tokens":4}}`,
	} {
		p := &peer{replies: []string{body}}
		got, err := raw(t, p.ServeHTTP).Embed(t.Context(), llm.EmbedRequest{Model: "m", Texts: []string{"a", "b"}, Dimensions: 2})
		if diff := cmp.Diff(want, got.Vectors); err != nil || diff != "" || got.Usage.PromptTokens != 4 {
			t.Errorf("%s: %v %s %+v", name, err, diff, got.Usage)
		}
		if want := `{"model":"m","input":["a","b"],"encoding_format":"float","dimensions":2}`; p.bodies[0] != want {
			t.Errorf("sent %s", p.bodies[0])
		}
	}
}

func TestVectorsThatAreNotWhatWasAskedForAreAnError(t *testing.T) {
	for name, body := range map[string]string{
		"too few":         `{"data":[{"index":0,"embedding":[1]}]}`,
		"twice":           `{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}`,
		"beyond":          `{"data":[{"index":0,"embedding":[1]},{"index":2,"embedding":[1]}]}`,
		"lengths":         `{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1,2]}]}`,
		"empty":           `{"data":[{"index":0,"embedding":[]},{"index":1,"embedding":[]}]}`,
		"text":            `{"data":[{"index":0,"embedding":["x"]},{"index":1,"embedding":[1]}]}`,
		"bad base64":      `{"data":[{"index":0,"embedding":"???"},{"index":1,"embedding":[1]}]}`,
		"no number":       `{"data":[{"index":0,"embedding":"AADAfw=="},{"index":1,"embedding":"AADAfw=="}]}`,
		"an error inside": `{"error":{"message":"no","code":500}}`,
	} {
		_, err := typed(t, "application/json", body).Embed(t.Context(), llm.EmbedRequest{Model: "m", Texts: []string{"a", "b"}})
		if err == nil {
			t.Errorf("%s was taken", name)
			continue
		}
		wantError(t, err, llm.Internal)
	}
}

func TestAServerWithoutEmbeddingsSaysSo(t *testing.T) {
	_, err := failing(t, 400, `{"error":{"code":400,"message":"This server does not support embeddings. Start it with --embeddings"}}`).
		Embed(t.Context(), llm.EmbedRequest{Model: "m", Texts: []string{"a"}})
	wantError(t, err, llm.Refused, "--embeddings")
	_, err = failing(t, 200, `{}`).Embed(t.Context(), llm.EmbedRequest{Model: "m"})
	wantError(t, err, llm.Refused, "expected one text")
}
