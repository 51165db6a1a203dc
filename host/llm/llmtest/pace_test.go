package llmtest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAnAnswerCanBePaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := NewServer(Script{Rules: []Rule{{Reply: "one two three", TokensPerSecond: 4}}})
		began := time.Now()
		w := httptest.NewRecorder()
		body := `{"model":"toy","messages":[{"role":"user","content":"hi"}]}`
		srv.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/api/chat", strings.NewReader(body)))
		if n := strings.Count(w.Body.String(), "\n"); n != 4 || time.Since(began) != 750*time.Millisecond {
			t.Errorf("%d lines in %s, want 4 in 750ms", n, time.Since(began))
		}
	})
}

func TestAPausedAnswerEndsWithItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began := time.Now()
		pause(ctx, time.Hour)
		if time.Since(began) != time.Second {
			t.Errorf("it took %s", time.Since(began))
		}
	})
}
