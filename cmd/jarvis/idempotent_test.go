package main

import (
	"net/http"
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
