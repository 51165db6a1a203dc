package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// face is how a model is read over HTTP: the provider itself, or the host as an
// OpenAI server in front of it.
type face struct {
	path, model string
	end         []byte // what the last line holds
}

var (
	provider  = face{"/api/chat", modelName, []byte(`"done":true`)}
	assistant = face{"/v1/chat/completions", "jarvis", []byte("[DONE]")}
	through   = face{"/v1/chat/completions", modelName, []byte("[DONE]")}
)

// readers is reading through the host as an OpenAI server against reading from
// the provider: as the whole assistant, and as the model that is passed on.
func (b *bench) readers(ctx context.Context) ([]goal, error) {
	var rows []goal
	for _, r := range []struct {
		what string
		face face
	}{{"model jarvis", assistant}, {"the model passed on", through}} {
		var first, rate [2][]float64
		for range b.rounds {
			for i, at := range []struct {
				p *process
				f face
			}{{b.model, provider}, {b.host, r.face}} {
				one, err := b.read(ctx, at.p, at.f, 1, order{tokens: 4})
				if err != nil {
					return rows, err
				}
				many, err := b.read(ctx, at.p, at.f, 20, order{tokens: 500})
				if err != nil {
					return rows, err
				}
				first[i] = append(first[i], micros(median(one.firsts)))
				rate[i] = append(rate[i], float64(many.tokens)/many.took.Seconds())
			}
		}
		rows = append(rows,
			against(goal{id: "O1", what: "OpenAI server, " + r.what + ", first token, one reader", unit: "us"}, first[0], first[1]),
			against(goal{id: "O1", what: "OpenAI server, " + r.what + ", 20 readers", unit: "1/s", more: true}, rate[0], rate[1]))
	}
	return rows, nil
}

// read lets clients read answers in a closed loop.
func (b *bench) read(ctx context.Context, p *process, f face, clients int, o order) (h heard, err error) {
	client := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	began := time.Now()
	until := began.Add(b.each)
	var mu sync.Mutex
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			var mine []answer
			var failed error
			for failed == nil && time.Now().Before(until) {
				var a answer
				a, failed = f.ask(ctx, &client, p, o)
				mine = append(mine, a)
			}
			mu.Lock()
			defer mu.Unlock()
			h.add(mine)
			err = errors.Join(err, failed)
		})
	}
	all.Wait()
	h.took = time.Since(began)
	return h, err
}

// ask reads one answer; each token has to come once, in its place.
func (f face) ask(ctx context.Context, client *http.Client, p *process, o order) (a answer, err error) {
	body, err := json.Marshal(map[string]any{"model": f.model, "stream": true, "messages": []message{{Role: "user", Content: o.String()}}})
	if err != nil {
		return a, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+f.path, bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	req.Header.Set("Authorization", "Bearer "+p.key)
	req.Header.Set("Content-Type", "application/json")
	began := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		return a, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return a, fmt.Errorf("%s: %s", f.path, resp.Status)
	}
	ended := false
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() { // to the end, or the connection would not serve again
		ended = ended || bytes.Contains(lines.Bytes(), f.end)
		if err := a.words(lines.Bytes(), began); err != nil {
			return a, err
		}
	}
	switch {
	case lines.Err() != nil:
		return a, lines.Err()
	case !ended || a.tokens != o.tokens:
		return a, fmt.Errorf("%s: %d tokens, want %d; ended: %v", f.path, a.tokens, o.tokens, ended)
	}
	return a, nil
}

// words takes the words of a line of either kind of stream.
func (a *answer) words(line []byte, began time.Time) error {
	_, text, _ := bytes.Cut(line, []byte(`"content":"`))
	text, _, _ = bytes.Cut(text, []byte(`"`))
	if len(text) == 0 {
		return nil
	}
	if a.first == 0 {
		a.first = time.Since(began)
	}
	return a.count(text, false)
}
