package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// The REST interface of memory, against the running host.
func TestMemoriesOverREST(t *testing.T) {
	h := startHost(t, "", quiet)
	var added protocol.Memory
	if code := h.rest(http.MethodPost, "/v1/memories", `{"text":"I like hiking","kind":"preference","pinned":true}`, &added); code != http.StatusCreated || added.ID == "" || !added.Pinned || added.Kind != "preference" {
		t.Fatalf("add: %d %+v", code, added)
	}
	// The same Idempotency-Key adds once, also when it is repeated, and never something else.
	once := func(body string) (m protocol.Memory, code int) {
		code = h.restWith(http.MethodPost, "/v1/memories", body, &m, "Idempotency-Key", "tea 1")
		return m, code
	}
	tea, code := once(`{"text":"I like tea"}`)
	if again, code2 := once(`{"text":"I like tea"}`); code != 201 || code2 != 201 || again.ID != tea.ID || tea.ID == "" {
		t.Errorf("the same key: %d %+v, %d %+v", code, tea, code2, again)
	}
	if _, code := once(`{"text":"I like coffee"}`); code != http.StatusConflict {
		t.Errorf("the same key with another body: %d", code)
	}
	h.rest(http.MethodDelete, "/v1/memories/"+tea.ID, "", nil)
	var changed protocol.Memory
	if code := h.rest(http.MethodPatch, "/v1/memories/"+added.ID, `{"text":"I like climbing","expires":"2099-01-01T00:00:00Z"}`, &changed); code != 200 || changed.Text != "I like climbing" || !strings.HasPrefix(changed.Expires, "2099") {
		t.Errorf("change: %d %+v", code, changed)
	}
	var found protocol.MemoryFound
	if code := h.rest(http.MethodPost, "/v1/memories/search", `{"query":"do I like climbing?","facts":true}`, &found); code != 200 || len(found.Items) != 1 || found.Items[0].ID != added.ID || len(found.Items[0].Parts) == 0 {
		t.Errorf("search: %d %+v", code, found)
	}
	h.dial("a").ask("my sister's name is Clara")
	var page memoryList
	if code := h.get("/v1/memories?limit=1", &page); code != 200 || len(page.Items) != 1 || page.Next == "" {
		t.Fatalf("first page: %d %+v", code, page)
	}
	var rest memoryList
	if h.get("/v1/memories?limit=1&after="+page.Next, &rest); len(rest.Items) != 1 || rest.Next != "" || rest.Items[0].ID == page.Items[0].ID {
		t.Errorf("second page: %+v", rest)
	}
	var said memoryList
	if h.get("/v1/memories?type=episode", &said); len(said.Items) != 1 || said.Items[0].Turn == "" || said.Items[0].Role != "user" {
		t.Errorf("episodes: %+v", said)
	}
	for _, c := range []struct {
		method, path, body string
		want               int
		says               string
	}{
		{"GET", "/v1/memories/f_none", "", 404, ""},
		{"DELETE", "/v1/memories/f_none", "", 404, ""},
		{"PATCH", "/v1/memories/f_none", `{"pinned":true}`, 404, ""},
		{"PATCH", "/v1/memories/" + added.ID, `{"colour":1}`, 400, "colour"},
		{"POST", "/v1/memories", `{"text":" "}`, 400, "text"},
		{"POST", "/v1/memories", `{"text":"x","kind":"opinion"}`, 400, "kind"},
		{"POST", "/v1/memories", `{"text":"x","expires":"tomorrow"}`, 400, "expires"},
		{"GET", "/v1/memories?type=dream", "", 400, "type"},
		{"GET", "/v1/memories?after=nowhere", "", 400, "after"},
		{"POST", "/v1/memories/search", `{"query":"x","limit":201}`, 400, "limit"},
		{"POST", "/v1/import/memories", `{"format":"other"}`, 400, ""},
	} {
		var f protocol.Failure
		if code := h.rest(c.method, c.path, c.body, &f); code != c.want || c.says != "" && f.Error.Field != c.says && !strings.Contains(f.Error.Message, c.says) {
			t.Errorf("%s %s %s: %d %+v, want %d %s", c.method, c.path, c.body, code, f, c.want, c.says)
		}
	}
	var gone protocol.Forgotten
	if code := h.rest(http.MethodDelete, "/v1/memories/"+added.ID, "", &gone); code != 200 || len(gone.Forgotten) != 1 {
		t.Errorf("forget: %d %+v", code, gone)
	}
	if list := h.memories(); len(list.Items) != 1 {
		t.Errorf("left: %+v", list.Items)
	}
}
