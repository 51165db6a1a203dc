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

// The original's routes over HTTP: /chat, /chat/, /chat/secure, /chat/models; all
// need a credential (X01 holds that).
func TestTheOriginalsRoutesAnswer(t *testing.T) {
	w := newWorld(t, func(o *Options) {
		o.Model, o.Models = func() string { return "llama3.2:1b" }, func() []string { return []string{"llama3.2:1b", "big"} }
	})
	var last originalChat
	for _, path := range []string{"/chat", "/chat/", "/chat/secure"} {
		a := w.do(t, "POST", path, `{"message":"hello","user_id":"someone else","save_memory":true,"more":1}`, w.as("alice"))
		if a.status != 200 {
			t.Fatalf("%s: %d %s", path, a.status, a.body)
		}
		a.into(t, &last)
		if last.Response != "you said hello" || last.UserID != "alice" || last.ConversationID == "" || last.Timestamp == "" || !last.MemorySaved {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	a := w.do(t, "POST", "/chat", `{"message":"again","conversation_id":"`+last.ConversationID+`"}`, w.as("alice"))
	var next originalChat
	if a.into(t, &next); next.ConversationID != last.ConversationID {
		t.Errorf("the conversation does not go on: %s", a.body)
	}
	for body, want := range map[string]int{
		`{`: 400, `[]`: 400, `{}`: 400, `{"message":5}`: 400, `{"message":" "}`: 400,
		`{"message":"` + strings.Repeat("é", protocol.MaxText+1) + `"}`: 413, `{"message":"fail because"}`: 503,
		`{"message":"x","conversation_id":"../etc"}`: 400, `{"message":"x","conversation_id":"s_none"}`: 404,
		`{"message":"x","conversation_id":5}`: 400, `{"message":"x","conversation_id":["a"]}`: 400,
	} {
		if a := w.do(t, "POST", "/chat", body, w.as("alice")); a.status != want || a.failure(t).Code == "" ||
			want == 400 && strings.Contains(body, "conversation_id") && a.failure(t).Field != "conversation_id" {
			t.Errorf("%.40s: %d %s, want %d", body, a.status, a.body, want)
		}
	}
	if a := w.do(t, "POST", "/chat", `{"message":"x","conversation_id":"`+last.ConversationID+`"}`, w.as("bob")); a.status != 404 {
		t.Errorf("another's conversation: %d", a.status)
	}
	if a := w.do(t, "GET", "/chat/models", "", w.as("alice")); a.status != 200 || !strings.Contains(a.body, `"big"`) || !strings.Contains(a.body, `"default":"llama3.2:1b"`) {
		t.Errorf("models: %d %s", a.status, a.body)
	}
}
