package gateway

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

// service adds a service and returns its key.
func (w *world) service(t *testing.T, name string) string {
	t.Helper()
	u, err := w.auth.AddUser(t.Context(), auth.NewUser{Name: name, Role: turn.RoleService})
	must(t, err)
	key, _, err := w.auth.CreateKey(t.Context(), u.ID, "test", 0)
	must(t, err)
	w.keys[name], w.users[name] = key, u
	return key
}

func last(frames []frame) frame { return frames[len(frames)-1] }

func (w *world) sessionsOf(t *testing.T, changes ...func(*http.Request)) int {
	t.Helper()
	a := w.do(t, "GET", "/v1/sessions", "", changes...)
	if a.status != 200 {
		t.Fatalf("sessions: %d %s", a.status, a.body)
	}
	var list struct{ Items []struct{ ID string } }
	must(t, json.Unmarshal([]byte(a.body), &list))
	return len(list.Items)
}

// A service speaks for the end users whom it names, each with what is theirs;
// every request names anew (fault-D1, fault-D2).
func TestAServiceSpeaksForWhomItNames(t *testing.T) {
	w := newWorld(t)
	w.service(t, "webui")
	w.service(t, "other")
	as, named := w.as("webui"), func(name string) func(*http.Request) { return header("X-Jarvis-User", name) }
	chat := func(changes ...func(*http.Request)) answer {
		return w.do(t, "POST", "/v1/chat", `{"text":"hello"}`, changes...)
	}
	if a := chat(as); a.status != 403 || a.failure(t).Field != "X-Jarvis-User" {
		t.Errorf("without a name: %d %s", a.status, a.body)
	}
	if a := chat(as, named(strings.Repeat("a", 65))); a.status != 400 || a.failure(t).Field != "user" {
		t.Errorf("with a bad name: %d %s", a.status, a.body)
	}
	for _, who := range [][]func(*http.Request){
		{as, named("alice")},
		{as, named("alice")},
		{as, named("bob")},
		{as, header("X-OpenWebUI-User-Id", "7d3c"), header("X-OpenWebUI-User-Name", "Jos%C3%A9")},
		{as, header("X-OpenWebUI-User-Id", "7d3c"), header("X-OpenWebUI-User-Name", "renamed")},
	} {
		if a := chat(who...); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	for want, who := range map[int][]func(*http.Request){
		0: {w.as("alice")}, // of the household
		1: {as, named("bob")},
		2: {as, named("alice")},
	} {
		if got := w.sessionsOf(t, who...); got != want {
			t.Errorf("%d sessions, want %d", got, want)
		}
	}
	if got := w.sessionsOf(t, as, header("X-OpenWebUI-User-Id", "7d3c")); got != 2 {
		t.Errorf("the forwarded user has %d sessions, want 2", got)
	}
	if got := w.sessionsOf(t, w.as("other"), named("alice")); got != 0 {
		t.Errorf("another service's alice has %d sessions", got)
	}
	// From any other credential the header means nothing.
	if a := w.do(t, "GET", "/v1/me", "", w.as("bob"), named("alice"), header("X-OpenWebUI-User-Id", "7d3c")); a.status != 200 || !strings.Contains(a.body, `"name":"bob"`) {
		t.Errorf("a user's key spoke for another: %d %s", a.status, a.body)
	}
	if a := w.do(t, "GET", "/v1/me", "", as, named("alice")); !strings.Contains(a.body, `"name":"alice"`) || !strings.Contains(a.body, `"role":"user"`) {
		t.Errorf("alice is %s", a.body)
	}
	if a := w.do(t, "GET", "/v1/me", "", as); a.status != 200 || !strings.Contains(a.body, `"role":"service"`) {
		t.Errorf("the service itself is %d %s", a.status, a.body)
	}
	if a := w.do(t, "POST", "/v1/keys", `{"label":"mine"}`, as, named("alice")); a.status != 403 {
		t.Errorf("a named user got a key that outlives the service's: %d", a.status)
	}
	if a := w.do(t, "PATCH", "/v1/me", `{"name":"Ann"}`, as, named("alice")); a.status != 200 || !strings.Contains(a.body, `"name":"Ann"`) {
		t.Errorf("rename: %d %s", a.status, a.body)
	}
	if got := w.sessionsOf(t, as, named("alice")); got != 2 {
		t.Errorf("renamed, alice has %d sessions", got)
	}
}

// On one socket each frame names its own end user; nothing is kept from the frame
// before, and nobody sees another's session (fault-D2).
func TestAServicesSocketSpeaksForManyFrameByFrame(t *testing.T) {
	w := newWorld(t)
	w.service(t, "bot")
	c := w.dial(t, "bot")
	c.say(`{"type":"say","id":"a1","text":"hello","user":"ann"}`)
	ann := last(c.until(protocol.TypeDone))
	c.say(`{"type":"say","id":"b1","text":"hello","user":"ben"}`)
	ben := last(c.until(protocol.TypeDone))
	if ann.Session == "" || ann.Session == ben.Session {
		t.Fatalf("sessions %q and %q", ann.Session, ben.Session)
	}
	c.say(`{"type":"say","id":"a2","text":"again","user":"ann"}`)
	if f := last(c.until(protocol.TypeDone)); f.Session != ann.Session {
		t.Errorf("ann's second utterance went to %q", f.Session)
	}
	for _, frame := range []string{
		`{"type":"say","id":"x1","text":"hello"}`, // no carry-over
		`{"type":"say","id":"x2","text":"hello","user":7}`,
	} {
		c.say(frame)
		if f := last(c.until(protocol.TypeError)); f.Code != "invalid" || f.Field != "user" {
			t.Errorf("%s: %+v", frame, f)
		}
	}
	c.say(`{"type":"resume","session":"` + ann.Session + `","after":0,"user":"ben"}`)
	if f := last(c.until(protocol.TypeError)); f.Code != "not_found" {
		t.Errorf("ben resumes ann's session: %+v", f)
	}
	c.say(`{"type":"ping","id":"p"}`) // concerns nobody
	if f := last(c.until(protocol.TypePong)); f.ID != "p" {
		t.Errorf("%+v", f)
	}
	// The original's shape has no way to name anybody.
	if a := w.do(t, "GET", "/ws", "", w.as("bot"), header("Connection", "Upgrade"), header("Upgrade", "websocket"),
		header("Sec-WebSocket-Version", "13"), header("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")); a.status != 403 {
		t.Errorf("the original's shape: %d %s", a.status, a.body)
	}
}

// A socket that was opened for one end user is that one's, and ends with the
// service's key.
func TestASocketForOneNamedUserEndsWithTheServicesKey(t *testing.T) {
	w := newWorld(t)
	key := w.service(t, "bot")
	c := w.dialAs(t, http.Header{"Authorization": {"Bearer " + key}, "X-Jarvis-User": {"ann"}}, protocol.Subprotocol)
	if f := c.next(); f.Type != protocol.TypeHello {
		t.Fatalf("%+v", f)
	}
	c.say(`{"type":"say","id":"a1","text":"hello","user":"ben"}`) // of no meaning here
	session := last(c.until(protocol.TypeDone)).Session
	if got := w.sessionsOf(t, w.as("bot"), header("X-Jarvis-User", "ann")); got != 1 || session == "" {
		t.Errorf("ann has %d sessions", got)
	}
	keys, err := w.auth.Keys(t.Context(), w.users["bot"].ID)
	must(t, err)
	must(t, w.auth.RevokeKey(t.Context(), "", keys[0].ID))
	w.clock.add(time.Second)
	if code := c.closeCode(); code != protocol.ClosePolicy {
		t.Errorf("closed with %d", code)
	}
}
