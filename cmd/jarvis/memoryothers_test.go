package main

import (
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// M10: nobody reaches somebody else's memory through the interface, not with its
// ids, whole or guessed, and it stands in no metric and no log.
func TestNobodyReachesAnothersMemory(t *testing.T) {
	h := startHost(t, "", quiet)
	canary := secretWord()
	c := h.dial("a")
	c.ask("remember that the safe opens with " + canary)
	c.ask("I live in " + canary)
	mine := h.memories()
	var said memoryList
	if h.get("/v1/memories?type=episode", &said); len(mine.Items) == 0 || len(said.Items) == 0 {
		t.Fatalf("nothing is kept: %+v, %+v", mine, said)
	}
	bob := h.newUser("bob")
	asBob := func(method, path, body string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, "http://"+h.addr+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+bob)
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		raw, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(raw)
	}
	var ids []string
	for _, m := range slices.Concat(mine.Items, said.Items) {
		ids = append(ids, m.ID, near(m.ID))
	}
	for _, id := range ids {
		for method, body := range map[string]string{http.MethodGet: "", http.MethodPatch: `{"pinned":true}`, http.MethodDelete: ""} {
			if code, text := asBob(method, "/v1/memories/"+id, body); code != http.StatusNotFound || strings.Contains(text, canary) {
				t.Errorf("%s %s: %d %s", method, id, code, text)
			}
		}
		if code, text := asBob(http.MethodGet, "/v1/memories?after="+id, ""); strings.Contains(text, canary) {
			t.Errorf("after %s: %d %s", id, code, text)
		}
	}
	for _, ask := range [][3]string{
		{http.MethodGet, "/v1/memories", ""},
		{http.MethodGet, "/v1/memories?type=episode&past=true", ""},
		{http.MethodGet, "/v1/export/memories", ""},
		{http.MethodPost, "/v1/memories/search", `{"query":"what opens the safe? ` + canary[:4] + `","facts":true}`},
		{http.MethodGet, "/metrics", ""},
	} {
		if code, text := asBob(ask[0], ask[1], ask[2]); code != http.StatusOK || strings.Contains(text, canary) {
			t.Errorf("%s %s: %d %s", ask[0], ask[1], code, text)
		}
	}
	b := h.dialAs("b", bob)
	b.next(protocol.TypeHello)
	for _, text := range []string{"what do you know about me?", "what opens the safe?", "why do you think so?", "where do I live?"} {
		if got := b.ask(text).done; strings.Contains(got.Text, canary) || len(got.Memory) != 0 {
			t.Errorf("%s: %+v", text, got)
		}
	}
	if strings.Contains(h.log.String(), canary) {
		t.Error("the log holds it")
	}
	if left := h.memories(); len(left.Items) != len(mine.Items) {
		t.Errorf("%d of %d are left", len(left.Items), len(mine.Items))
	}
}

// near is an id that differs in one letter.
func near(id string) string {
	const letters = "abcdefghijklmnopqrstuvwxyz234567"
	b := []byte(id)
	at := len(b) - 1 - rand.IntN(4)
	b[at] = letters[(strings.IndexByte(letters, b[at])+1)%len(letters)]
	return string(b)
}
