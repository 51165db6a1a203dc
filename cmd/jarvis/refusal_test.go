package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// E04 E05: whatever is malformed gets a typed error, in the end user's
// language, and the connection lives on.
func TestEveryMalformedFrameGetsATypedErrorAndTheConnectionLivesOn(t *testing.T) {
	h := startHost(t, "", quiet)
	c := h.dial("a")
	long := strings.Repeat("é", 4097)
	for _, tc := range []struct{ name, frame, code, field string }{
		{"not JSON", `hello`, "invalid", ""},
		{"not an object", `[1,2]`, "invalid", ""},
		{"no type", `{"id":"a"}`, "invalid", "type"},
		{"unknown type", `{"type":"shout"}`, "invalid", "type"},
		{"type is no text", `{"type":5}`, "invalid", "type"},
		{"no text", `{"type":"say","id":"1"}`, "invalid", "text"},
		{"text is no text", `{"type":"say","id":"1","text":["a"]}`, "invalid", "text"},
		{"empty", `{"type":"say","id":"1","text":""}`, "invalid", "text"},
		{"blank", `{"type":"say","id":"1","text":" \n\t "}`, "invalid", "text"},
		{"too long", `{"type":"say","id":"1","text":"` + long + `"}`, "too_large", "text"},
		{"no id", `{"type":"say","text":"hello"}`, "invalid", "id"},
		{"bad id", `{"type":"say","id":"a b","text":"hello"}`, "invalid", "id"},
		{"bad language", `{"type":"say","id":"1","text":"hello","lang":"de"}`, "invalid", "lang"},
		{"bad mode", `{"type":"say","id":"1","text":"hello","mode":"shout"}`, "invalid", "mode"},
		{"bad session", `{"type":"say","id":"1","text":"hello","session":"../etc"}`, "invalid", "session"},
		{"foreign session", `{"type":"say","id":"1","text":"hello","session":"s_0000000000000000"}`, "not_found", ""},
		{"duplicate names", `{"type":"say","id":"1","text":"a","text":"b"}`, "invalid", ""},
		{"trailing data", `{"type":"ping"} {"type":"ping"}`, "invalid", ""},
		{"stop of nothing", `{"type":"stop"}`, "not_found", ""},
		{"resume of nothing", `{"type":"resume","session":"nope","after":0}`, "not_found", ""},
		{"resume before all", `{"type":"resume","session":"nope","after":-1}`, "invalid", "after"},
		{"reply to nothing", `{"type":"reply","question":"q_none","value":true}`, "not_found", ""},
	} {
		c.sendRaw(tc.frame)
		var e protocol.Error
		c.into(c.next(protocol.TypeError), &e)
		if string(e.Code) != tc.code || e.Message == "" || tc.field != "" && e.Field != tc.field {
			t.Errorf("%s: got %+v, want code %s, field %q", tc.name, e, tc.code, tc.field)
		}
	}
	if got := c.ask("what time is it").done; got.State != "answered" {
		t.Errorf("the connection does not live on: %+v", got)
	}
	if got := c.ask(strings.Repeat("é", 4096)); got.done.State == "" {
		t.Errorf("4096 code points were not accepted")
	}
}

func TestEveryMalformedBodyGetsATypedError(t *testing.T) {
	h := startHost(t, "", quiet)
	for _, tc := range []struct {
		name, method, path, body string
		status                   int
		code, field              string
	}{
		{"not JSON", "POST", "/v1/chat", `hello`, 400, "invalid", ""},
		{"unknown member", "POST", "/v1/chat", `{"text":"a","user_id":"bob"}`, 400, "invalid", "user_id"},
		{"wrong type", "POST", "/v1/chat", `{"text":5}`, 400, "invalid", "text"},
		{"too long", "POST", "/v1/chat", `{"text":"` + strings.Repeat("é", 4097) + `"}`, 413, "too_large", "text"},
		{"unknown route", "GET", "/v1/nothing", ``, 404, "not_found", ""},
		{"unknown session", "GET", "/v1/sessions/none/messages", ``, 404, "not_found", ""},
	} {
		var e struct {
			Error struct {
				Code, Message, Field string
				RequestID            string `json:"request_id"`
			}
		}
		status := h.rest(tc.method, tc.path, tc.body, &e)
		if status != tc.status || e.Error.Code != tc.code || e.Error.Message == "" || e.Error.RequestID == "" || tc.field != "" && e.Error.Field != tc.field {
			t.Errorf("%s: got %d %+v, want %d %s field %q", tc.name, status, e.Error, tc.status, tc.code, tc.field)
		}
	}
	var done struct{ Text, State, Source, Session string }
	if status := h.rest("POST", "/v1/chat", `{"text":"what time is it"}`, &done); status != http.StatusOK || done.State != "answered" || done.Session == "" {
		t.Errorf("a good body: %d %+v", status, done)
	}
}

// X01: without a credential there is nothing but health, readiness and the page.
func TestWithoutACredentialThereIsNothing(t *testing.T) {
	h := startHost(t, "", quiet)
	for path, want := range map[string]int{
		"/health": 200, "/ready": 200, "/": 200, "/metrics": 200, // metrics: loopback, by default
		"/v1/sessions": 401, "/v1/me": 401, "/v1/plugins": 401, "/v1/chat": 401, "/ws": 401, "/v1/keys": 401, "/v1/tools": 401,
	} {
		method := http.MethodGet
		if path == "/v1/chat" {
			method = http.MethodPost
		}
		req, err := http.NewRequest(method, "http://"+h.addr+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s %s without a credential is %d, want %d", method, path, resp.StatusCode, want)
		}
	}
}
