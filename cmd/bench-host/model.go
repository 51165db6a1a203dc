package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jarvis-host/jarvis/host/llm/llmtest"
)

// modelName is the model that the scripted server has.
const modelName = "llama3.2:1b"

// model is a scripted Ollama server that spends as little as it can on each
// token. What it says, and how fast, stands in the prompt: see order. Routes
// beside chat are those of package llmtest.
type model struct {
	rest http.Handler

	mu    sync.Mutex
	gone  map[string]int64 // when a request's client went away, by its tag
	asked map[string]bool
}

// order is what the prompt asks for.
type order struct {
	tokens int
	rate   int // tokens a second; 0 is as fast as can be
	wait   int // milliseconds before the first
	tag    string
	tool   string // what is called before the answer; none if empty
}

func (o order) String() string {
	text := fmt.Sprintf("compose tokens=%d rate=%d wait=%d tag=%s", o.tokens, o.rate, o.wait, o.tag)
	if o.tool != "" { // its words too, or the host would not show it to the model
		text += " tool=" + o.tool + " " + strings.ReplaceAll(o.tool, "__", " ")
	}
	return text
}

func parseOrder(text string) (o order) {
	for word := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "tokens":
			o.tokens, _ = strconv.Atoi(value)
		case "rate":
			o.rate, _ = strconv.Atoi(value)
		case "wait":
			o.wait, _ = strconv.Atoi(value)
		case "tag":
			o.tag = value
		case "tool":
			o.tool = value
		}
	}
	return o
}

func newModel() *model {
	return &model{rest: llmtest.NewServer(llmtest.DefaultScript()), gone: map[string]int64{}, asked: map[string]bool{}}
}

// ServeHTTP implements http.Handler.
func (m *model) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/api/chat":
		m.chat(w, r)
	case "/gone":
		m.mu.Lock()
		at := m.gone[r.URL.Query().Get("tag")]
		m.mu.Unlock()
		fmt.Fprint(w, at)
	case "/asked":
		m.mu.Lock()
		asked := m.asked[r.URL.Query().Get("tag")]
		m.mu.Unlock()
		fmt.Fprint(w, asked)
	default:
		m.rest.ServeHTTP(w, r)
	}
}

func (m *model) chat(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	var q struct {
		Messages []struct{ Role, Content string } `json:"messages"`
	}
	if json.Unmarshal(raw, &q) != nil || len(q.Messages) == 0 {
		r.Body = io.NopCloser(bytes.NewReader(raw))
		m.rest.ServeHTTP(w, r)
		return
	}
	var o order
	var last string
	for _, msg := range q.Messages {
		if last = msg.Role; last == "user" {
			o = parseOrder(msg.Content)
		}
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	if o.tool != "" && last == "user" {
		fmt.Fprintf(w, `{"model":%q,"created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":%q,"arguments":{}}}]},"done":false}`+"\n", modelName, o.tool)
		o.tokens = 0
	}
	if o.wait > 0 {
		m.mu.Lock()
		m.asked[o.tag] = true
		m.mu.Unlock()
		select {
		case <-time.After(time.Duration(o.wait) * time.Millisecond):
		case <-r.Context().Done():
		}
	}
	if m.stream(w, r, o) {
		fmt.Fprintf(w, `{"model":%q,"created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":9,"eval_count":%d}`+"\n", modelName, o.tokens)
		return
	}
	m.mu.Lock()
	m.gone[o.tag] = time.Now().UnixNano()
	m.mu.Unlock()
}

// burst is how many tokens share a write when nothing paces them.
const burst = 8

// stream writes the tokens. It is false when the client went away.
func (m *model) stream(w http.ResponseWriter, r *http.Request, o order) bool {
	flusher := w.(http.Flusher)
	var tick *time.Ticker
	if o.rate > 0 {
		tick = time.NewTicker(time.Second / time.Duration(o.rate))
		defer tick.Stop()
	}
	line := make([]byte, 0, 4096)
	for i := range o.tokens {
		line = append(line, `{"model":"`+modelName+`","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"`...)
		line = appendToken(line, i, o.rate > 0)
		line = append(line, "\"},\"done\":false}\n"...)
		if tick == nil && i%burst != burst-1 && i != o.tokens-1 && i != 0 {
			continue
		}
		if _, err := w.Write(line); err != nil {
			return false
		}
		flusher.Flush()
		line = line[:0]
		if tick == nil || i == o.tokens-1 {
			continue
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return false
		}
	}
	return r.Context().Err() == nil
}

// appendToken writes a token: its number and, with stamp, when it was said, so
// that whoever reads it can tell loss, order and delay. Without one it is as
// short as words are, and comes again in other answers, as they do.
func appendToken(b []byte, i int, stamp bool) []byte {
	b = strconv.AppendInt(b, int64(i), 10)
	b = append(b, ':')
	if stamp {
		b = strconv.AppendInt(b, time.Now().UnixNano(), 36)
	}
	return append(b, ' ')
}
