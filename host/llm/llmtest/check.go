package llmtest

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
)

// refusal is why the real server would not take a request.
type refusal struct {
	status int
	text   string
}

// check returns the model that a chat request is for, or why it is refused.
func (s *Server) check(q Request) (Model, *refusal) {
	m, found := s.model(q.Model)
	if !found {
		return m, &refusal{http.StatusNotFound, fmt.Sprintf("model '%s' not found", q.Model)}
	}
	bad := func(format string, args ...any) *refusal {
		return &refusal{http.StatusBadRequest, fmt.Sprintf(format, args...)}
	}
	wants, _ := q.Think.(bool)
	switch {
	case !m.can(llm.CanChat):
		return m, bad("%q does not support chat", q.Model)
	case wants && !m.can(llm.CanThink):
		return m, bad("%q does not support thinking", q.Model)
	case len(q.Tools) > 0 && !m.can(llm.CanTools):
		return m, bad("registry.ollama.ai/library/%s does not support tools", m.full())
	}
	if _, err := keepAlive(q.KeepAlive); err != nil {
		return m, bad("%v", err)
	}
	if text := badOption(q.Options); text != "" {
		return m, &refusal{http.StatusInternalServerError, text}
	}
	if text := badFormat(q.Format); text != "" {
		return m, &refusal{http.StatusInternalServerError, text}
	}
	return m, nil
}

// badOption returns what is wrong with the options that a client sends most.
func badOption(options map[string]any) string {
	for _, name := range []string{"num_ctx", "num_predict", "seed", "top_k"} {
		v, set := options[name]
		n, number := v.(float64)
		if set && (!number || n != math.Trunc(n)) {
			return fmt.Sprintf("option %q must be of type integer", name)
		}
	}
	return ""
}

func badFormat(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == `""` || string(raw) == "null" || string(raw) == `"json"` || raw[0] == '{' {
		return ""
	}
	return fmt.Sprintf("invalid format: %q; expected \"json\" or a valid JSON Schema object", string(raw))
}

// keepAlive reads a number of seconds or a duration.
func keepAlive(raw json.RawMessage) (time.Duration, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return defaultKeepAlive, nil
	}
	var seconds float64
	if json.Unmarshal(raw, &seconds) == nil {
		return time.Duration(seconds * float64(time.Second)), nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return 0, err
	}
	return time.ParseDuration(text)
}

func integer(options map[string]any, name string) int {
	n, _ := options[name].(float64)
	return int(n)
}
