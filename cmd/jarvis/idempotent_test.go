package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// I06: what was said with an Idempotency-Key, in no session that exists, is said once:
// after a restart the same again is answered as before, and another text is refused.
func TestWhatWasSaidWithAnIdempotencyKeyIsSaidOnceAcrossARestart(t *testing.T) {
	h := startHost(t, "", quiet)
	type answer struct{ Session, Turn, Text string }
	say := func(text string) (code int, a answer) {
		t.Helper()
		code = h.restWith(http.MethodPost, "/v1/chat", `{"text":"`+text+`"}`, &a, "Idempotency-Key", "k")
		return code, a
	}
	code, first := say("what time is it")
	if code != http.StatusOK || first.Turn == "" {
		t.Fatalf("status %d, %+v", code, first)
	}
	h.kill()
	h = startHost(t, h.dir, quiet)
	if code, _ := say("what day is it"); code != http.StatusConflict {
		t.Errorf("another text: status %d", code)
	}
	h.kill()
	h = startHost(t, h.dir, quiet)
	if code, again := say("what time is it"); code != http.StatusOK || again != first {
		t.Errorf("status %d, %+v, first %+v", code, again, first)
	}
}

// I06: a request for a key that comes again, also after a restart, makes no second
// one. It can't be answered as before, because a key is kept nowhere: what is told is
// the key's id, by which it can be revoked. Nothing on disk holds the key.
func TestAKeyIsMadeOnceForAnIdempotencyKey(t *testing.T) {
	h := startHost(t, "", quiet)
	type answer struct {
		ID, Key string
		Error   struct{ Code, Message, Field string }
	}
	ask := func(body, request string) (code int, a answer) {
		t.Helper()
		code = h.restWith(http.MethodPost, "/v1/keys", body, &a, "Idempotency-Key", request)
		return code, a
	}
	keys := func() (ids []string) {
		t.Helper()
		var list struct{ Items []struct{ ID string } }
		if code := h.get("/v1/keys", &list); code != http.StatusOK {
			t.Fatal(code)
		}
		for _, k := range list.Items {
			ids = append(ids, k.ID)
		}
		return ids
	}
	before := len(keys())
	code, made := ask(`{"label":"lamp"}`, "k")
	if code != http.StatusCreated || made.Key == "" || made.ID == "" {
		t.Fatalf("%d %+v", code, made)
	}
	again := func(when string) {
		t.Helper()
		code, a := ask(`{"label":"lamp"}`, "k")
		if code != http.StatusConflict || a.Key != "" || !strings.Contains(a.Error.Message, made.ID) {
			t.Errorf("%s: %d %+v", when, code, a)
		}
		if ids := keys(); len(ids) != before+1 || !slices.Contains(ids, made.ID) {
			t.Errorf("%s the keys are %v", when, ids)
		}
	}
	again("again")
	if code, a := ask(`{"label":"other"}`, "k"); code != http.StatusConflict || a.Error.Field != "Idempotency-Key" {
		t.Errorf("with another body: %d %+v", code, a)
	}
	h.kill()
	if files := h.holding(strings.ToLower(made.Key)); len(files) > 0 {
		t.Errorf("the key is in %v", files)
	}
	h = startHost(t, h.dir, quiet)
	again("after a restart")
	if code, a := ask(`{"label":"lamp"}`, "another"); code != http.StatusCreated || a.ID == made.ID {
		t.Errorf("another request: %d %+v", code, a)
	}
}
