package plugintest_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/plugintest"
)

func TestWhatAServiceAnswersBadlyIsAPoliteProblem(t *testing.T) {
	p := sdk.New("kettle", "0.1.0", "Knows how hot the water is").Languages("en").Needs("net", "kettle.example.org:443", "ask it")
	type which struct {
		Path string `json:"path" desc:"What to ask for"`
	}
	sdk.Tool(p, "heat", "Tell how hot it is", func(ctx context.Context, c *sdk.Call, in which) (string, error) {
		var heat struct{ Celsius int }
		if err := c.GetJSON(ctx, in.Path, &heat); err != nil {
			return "", err
		}
		return fmt.Sprint(heat.Celsius), nil
	}, sdk.ReadOnly())
	service := http.NewServeMux()
	service.HandleFunc("GET kettle.example.org/good", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"celsius": 95}`) })
	service.HandleFunc("GET kettle.example.org/bad", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"celsius": "hot"}`) })
	h := plugintest.New(t, p, plugintest.HTTP(service))
	if got := h.Call("heat", which{"https://kettle.example.org/good"}); got.Text != "95" {
		t.Errorf("got %+v", got)
	}
	for path, want := range map[string]sdk.Code{
		"https://kettle.example.org/bad":    sdk.CodeUnavailable,
		"https://kettle.example.org/secret": sdk.CodeUnavailable, // 404
		"https://other.example.org/good":    sdk.CodeForbidden,   // not granted
	} {
		got := h.Call("heat", which{path})
		if got.Problem == nil || got.Problem.Code != want || strings.Contains(got.Text, "http") {
			t.Errorf("%s: got %+v, want a polite problem of code %s", path, got, want)
		}
	}
}
