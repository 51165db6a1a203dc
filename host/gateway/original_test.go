package gateway

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// original opens a WebSocket without a subprotocol.
func (w *world) original(t *testing.T, accept string) *client {
	t.Helper()
	return w.dialAs(t, http.Header{"X-API-Key": {w.keys["alice"]}, "Accept-Language": {accept}})
}

func TestTheOriginalsShapeGetsAResponse(t *testing.T) { // E03
	w := newWorld(t)
	c := w.original(t, "fr")
	c.say(`{"message":"bonjour","user_id":"bob","is_admin":true}`)
	f := c.next()
	if f.Response != "you said bonjour" || f.Error != "" {
		t.Errorf("got %+v", f)
	}
	if _, err := time.Parse(time.RFC3339, f.Timestamp); err != nil {
		t.Errorf("timestamp: %v", err)
	}
	bob := w.do(t, "GET", "/v1/sessions", "", w.as("bob"))
	if !strings.Contains(bob.body, `"items":[]`) {
		t.Errorf("user_id selected a user: %s", bob.body)
	}
}

func TestTheOriginalsMessagesAreAnsweredInOrder(t *testing.T) {
	w := newWorld(t)
	c := w.original(t, "fr")
	c.say(`{"message":"wait"}`)
	c.say(`{"message":"two"}`)
	c.say(`{"message":"three"}`)
	w.answerer.letGo()
	for _, want := range []string{"you said wait", "you said two", "you said three"} {
		if f := c.next(); f.Response != want {
			t.Errorf("got %+v, want %q", f, want)
		}
	}
}

func TestTheOriginalsShapeShowsQuestionsAndFailures(t *testing.T) {
	c := newWorld(t).original(t, "fr")
	c.say(`{"message":"ask"}`)
	if f := c.next(); f.Response != "sure?" {
		t.Errorf("got %+v, want the question", f)
	}
	c.say(`{"message":"true"}`)
	if f := c.next(); !strings.Contains(f.Response, `reply "true"`) {
		t.Errorf("got %+v, want the reply's end", f)
	}
	c.say(`{"message":"fail now"}`)
	if f := c.next(); f.Error != "fr failed unavailable" || f.Response != "" {
		t.Errorf("got %+v, want the failure", f)
	}
}

func TestTheOriginalsSixErrorsLeaveTheSocketOpen(t *testing.T) { // E04
	w := newWorld(t)
	for _, lang := range []string{"fr", "en"} {
		for name, c := range map[string]struct{ message, want string }{
			"not JSON":       {`hello`, "original.not_json"},
			"two values":     {`{} {}`, "original.not_json"},
			"duplicate":      {`{"message":"a","message":"b"}`, "original.not_json"},
			"lone surrogate": {`{"message":"\ud800"}`, "original.not_json"},
			"array":          {`["hello"]`, "original.not_object"},
			"text":           {`"hello"`, "original.not_object"},
			"null":           {`null`, "original.not_object"},
			"missing":        {`{"Message":"hello"}`, "original.missing"},
			"number":         {`{"message":5}`, "original.not_text"},
			"null message":   {`{"message":null}`, "original.not_text"},
			"empty":          {`{"message":""}`, "original.empty"},
			"blank":          {`{"message":"  \n "}`, "original.empty"},
			"too long":       {`{"message":"` + strings.Repeat("é", protocol.MaxText+1) + `"}`, "original.too_long 4096 4097"},
		} {
			t.Run(lang+" "+name, func(t *testing.T) {
				cl := w.original(t, lang)
				cl.say(c.message)
				f := cl.next()
				if f.Error != lang+" "+c.want || f.Response != "" || f.Timestamp == "" {
					t.Errorf("got %+v, want %s", f, c.want)
				}
				cl.say(`{"message":"` + strings.Repeat("é", 100) + `","save_memory":"odd"}`)
				if f := cl.next(); f.Response == "" {
					t.Errorf("afterwards got %+v, want a response", f)
				}
			})
		}
	}
}
