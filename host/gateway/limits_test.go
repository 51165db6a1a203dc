package gateway

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/limit"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
)

// limited is a world with limits of its clock.
func limited(t *testing.T, l limit.Limits) *world {
	t.Helper()
	return newWorld(t, func(o *Options) {
		o.Limiter = limit.NewEdge(l, o.Now)
		o.Config.PingEvery = 1000 * time.Hour // the clock jumps
		o.Doors = []Door{{Method: "POST", Path: "/v1/door", Serve: func(w http.ResponseWriter, _ *http.Request, _ []byte, _ session.Identity, allow func() error) {
			if err := allow(); err != nil {
				w.WriteHeader(problemOf(err).Code.Status())
				return
			}
			w.WriteHeader(http.StatusOK)
		}}}
	})
}

// shake is one attempt at a WebSocket: its status, and the socket if there is one.
func (w *world) shake(t *testing.T, path string, h http.Header) (*http.Response, *client) {
	t.Helper()
	d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}}
	c, resp, err := d.DialContext(t.Context(), "ws://"+w.addr+path, h)
	if resp == nil {
		t.Fatalf("dial: %v", err)
	}
	if err != nil {
		return resp, nil
	}
	t.Cleanup(func() { c.Close() })
	return resp, &client{Conn: c, t: t}
}

// Who guesses is told to wait, whichever way, and takes no way in from whoever has
// a credential behind the same address.
func TestGuessesTakeNothingFromWhoeverHasAKey(t *testing.T) { // fault-Q11
	wrong := "jrv_" + strings.Repeat("A", 43)
	const most = 3
	over := func(w *world, h http.Header) answer {
		resp, c := w.shake(t, "/ws", h)
		if c != nil {
			t.Error("a guess opened a socket")
		}
		return answer{status: resp.StatusCode, header: resp.Header}
	}
	for name, guess := range map[string]func(w *world) answer{
		"bearer":        func(w *world) answer { return w.do(t, "GET", "/v1/me", "", header("Authorization", "Bearer "+wrong)) },
		"wrong scheme":  func(w *world) answer { return w.do(t, "GET", "/v1/me", "", header("Authorization", "Basic "+wrong)) },
		"api key":       func(w *world) answer { return w.do(t, "POST", "/v1/chat", `{"text":"x"}`, header("X-API-Key", wrong)) },
		"cookie":        func(w *world) answer { return w.do(t, "GET", "/v1/me", "", header("Cookie", "jarvis="+wrong)) },
		"two headers":   func(w *world) answer { return w.do(t, "GET", "/v1/me", "", header("X-API-Key", wrong), w.as("alice")) },
		"login":         func(w *world) answer { return w.do(t, "POST", "/v1/login", `{"key":"`+wrong+`"}`) },
		"sign-in":       func(w *world) answer { return w.do(t, "GET", "/signin?ticket=jrt_x", "") },
		"a door":        func(w *world) answer { return w.do(t, "POST", "/v1/door", `{}`, header("X-API-Key", wrong)) },
		"socket":        func(w *world) answer { return over(w, http.Header{"Authorization": {"Bearer " + wrong}}) },
		"socket ticket": func(w *world) answer { return w.do(t, "GET", "/ws?ticket=jrt_x", "") },
	} {
		t.Run(name, func(t *testing.T) {
			w := limited(t, limit.Limits{Connects: 3, Failures: most})
			for range 2 {
				for i := range most {
					if a := guess(w); a.status != 401 {
						t.Fatalf("guess %d: %d, want 401", i+1, a.status)
					}
					w.clock.add(time.Second)
				}
				for range 10 { // what is over the limit is not counted against what comes later
					a := guess(w)
					if a.status != 429 || a.header.Get("Retry-After") != "57" || a.header.Get("RateLimit") != `"auth";r=0;t=57` || a.header.Get("RateLimit-Policy") != `"auth";q=3;w=60` {
						t.Fatalf("one too many: %d %v", a.status, a.header)
					}
				}
				if a := w.do(t, "GET", "/v1/me", ""); a.status != 401 {
					t.Errorf("nothing shown: %d, want 401", a.status)
				}
				w.letsIn(t)
				w.clock.add(57 * time.Second)
				if a := guess(w); a.status != 401 {
					t.Errorf("after the wait: %d, want 401", a.status)
				}
				w.clock.add(time.Minute)
			}
			if n := w.meter.get("limited auth address"); n != 20 {
				t.Errorf("counted %d, want 20", n)
			}
		})
	}
}

// letsIn shows good credentials in every way that there is.
func (w *world) letsIn(t *testing.T) {
	t.Helper()
	ticket, err := w.auth.SignInTicket(t.Context(), w.users["bob"].ID)
	must(t, err)
	var socket protocol.Ticket
	w.do(t, "POST", "/v1/ticket", "", w.as("alice")).into(t, &socket)
	for name, status := range map[string]int{
		"bearer":  w.do(t, "GET", "/v1/me", "", w.as("alice")).status,
		"api key": w.do(t, "GET", "/v1/me", "", header("X-API-Key", w.keys["bob"])).status,
		"login":   w.do(t, "POST", "/v1/login", `{"key":"`+w.keys["alice"]+`"}`).status,
	} {
		if status != 200 {
			t.Errorf("a good one by %s: %d", name, status)
		}
	}
	if a := w.do(t, "GET", "/signin?ticket="+ticket, ""); a.status != 303 {
		t.Errorf("a good one by sign-in: %d", a.status)
	}
	for path, h := range map[string]http.Header{"/ws": {"X-Api-Key": {w.keys["alice"]}}, "/ws?ticket=" + socket.Ticket: nil} {
		resp, c := w.shake(t, path, h)
		if c == nil {
			t.Errorf("a good one by socket: %d", resp.StatusCode)
		}
	}
}

// An end user has one count, whichever way the messages come, with whichever key
// and in whichever conversation; an address has a larger one of its own.
func TestNoWayRoundTheLimitOfMessages(t *testing.T) { // fault-Q2
	const most, users = 12, 2
	for seed := range uint64(6) {
		w := limited(t, limit.Limits{Chat: most, Users: users})
		r := rand.New(rand.NewPCG(seed, 1))
		all := []string{"alice", "bob", "kid"}
		accepted := map[string]int{}
		ways := map[string][]func() bool{}
		for _, name := range all {
			ways[name] = w.ways(t, name)
		}
		for range most * 8 {
			name := all[r.IntN(2)]
			if ways[name][r.IntN(len(ways[name]))]() {
				accepted[name]++
			}
		}
		if accepted["alice"] != most || accepted["bob"] != most {
			t.Errorf("seed %d: accepted %v in one minute, want %d each", seed, accepted, most)
		}
		for i, way := range ways["kid"] { // who did nothing, from an address that is full
			if way() {
				t.Errorf("seed %d: way %d of the third user is accepted", seed, i)
			}
		}
		if w.meter.get("limited chat address") != len(ways["kid"]) || w.meter.get("limited chat guest") != 0 {
			t.Errorf("counted %v", w.meter.n)
		}
		w.clock.add(time.Minute)
		for name := range ways {
			if !ways[name][r.IntN(len(ways[name]))]() {
				t.Errorf("seed %d: after a minute %s is refused", seed, name)
			}
		}
	}
}

// ways are the ways in which a user may say something; each tells whether it was
// accepted.
func (w *world) ways(t *testing.T, name string) []func() bool {
	t.Helper()
	other, _, err := w.auth.CreateKey(t.Context(), w.users[name].ID, "other", 0)
	must(t, err)
	cookie := w.cookie(t, name)
	n := 0
	post := func(path, body string, changes ...func(*http.Request)) func() bool {
		return func() bool { return w.do(t, "POST", path, body, changes...).status == 200 }
	}
	socket := func() func() bool {
		c := w.dial(t, name)
		return func() bool {
			n++
			c.say(sayFrame(fmt.Sprint("m", n), "hello"))
			for {
				switch f := c.next(); {
				case f.Type == protocol.TypeDone && f.State != "":
					return true
				case f.Type == protocol.TypeError:
					return f.Code != "rate_limited"
				}
			}
		}
	}
	original := w.dialAs(t, http.Header{"X-Api-Key": {other}})
	return []func() bool{
		post("/v1/chat", `{"text":"hello"}`, w.as(name)),
		post("/v1/chat", `{"text":"hello"}`, header("X-API-Key", other)),
		post("/v1/chat", `{"text":"hello"}`, header("Cookie", cookie), header("Sec-Fetch-Site", "same-origin")),
		post("/v1/chat", `{"text":"hello","temporary":true}`, w.as(name), header("Accept", "text/event-stream")),
		post("/v1/chat", `{"text":"hello"}`, w.as(name), header("X-Forwarded-For", "198.51.100.9"), header("X-Real-IP", "198.51.100.9")),
		post("/chat", `{"message":"hello"}`, w.as(name)),
		post("/v1/door", `{}`, w.as(name)),
		socket(), socket(),
		func() bool {
			original.say(`{"message":"hello"}`)
			return original.next().Error == ""
		},
	}
}

// Who waits for as long as an answer says gets through, and a millisecond earlier
// does not, on either transport.
func TestTheTimeThatARefusalNamesIsTheTime(t *testing.T) { // fault-Q3
	w := limited(t, limit.Limits{Chat: 1, Connects: 1})
	c := w.dial(t, "alice")
	for _, ahead := range []time.Duration{0, 300 * time.Microsecond, 700 * time.Millisecond, 59*time.Second + 999*time.Millisecond + 1} {
		w.clock.add(2 * time.Minute)
		if a := w.do(t, "POST", "/v1/chat", `{"text":"hello"}`, w.as("alice")); a.status != 200 {
			t.Fatalf("the first: %d %s", a.status, a.body)
		}
		w.clock.add(ahead)
		a := w.do(t, "POST", "/v1/chat", `{"text":"hello"}`, w.as("alice"))
		f := a.failure(t)
		left := time.Minute - ahead
		whole := int((left + time.Second - 1) / time.Second)
		if a.status != 429 || f.Code != protocol.RateLimited || a.header.Get("Retry-After") != fmt.Sprint(whole) ||
			a.header.Get("RateLimit") != fmt.Sprintf(`"chat";r=0;t=%d`, whole) || a.header.Get("RateLimit-Policy") != `"chat";q=1;w=60` {
			t.Errorf("%v later: %d %v %+v", ahead, a.status, a.header, f)
		}
		c.say(sayFrame("m", "hello"))
		refused := c.next()
		if refused.Code != "rate_limited" || refused.RetryAfterMS != f.RetryAfterMS {
			t.Errorf("%v later on the socket: %+v", ahead, refused)
		}
		wait := time.Duration(refused.RetryAfterMS) * time.Millisecond
		if wait < left || wait >= left+time.Millisecond {
			t.Errorf("%v later it says %v, there is room in %v", ahead, wait, left)
		}
		w.clock.add(wait - time.Millisecond)
		c.say(sayFrame("m", "hello"))
		if f := c.next(); wait > time.Millisecond && f.Code != "rate_limited" {
			t.Errorf("a millisecond early: %+v", f)
		}
		w.clock.add(time.Millisecond)
		c.say(sayFrame("n"+fmt.Sprint(ahead.Nanoseconds()), "hello"))
		c.until(protocol.TypeDone)
	}
	resp, _ := w.shake(t, "/ws", http.Header{"X-Api-Key": {w.keys["alice"]}})
	if resp.StatusCode != 101 {
		t.Errorf("a socket after a while: %d", resp.StatusCode)
	}
}

// So many connections a minute and so many at once, refused before the upgrade;
// the gauge tells how many there are, whatever was refused.
func TestConnectionsHaveTheirLimits(t *testing.T) { // fault-Q10, S05
	const minute, open = 10, 200
	w := limited(t, limit.Limits{Connects: minute})
	good := http.Header{"X-Api-Key": {w.keys["alice"]}}
	var sockets []*client
	for len(sockets) < open {
		for range minute {
			resp, c := w.shake(t, "/ws", good)
			if c == nil {
				t.Fatalf("socket %d: %d", len(sockets)+1, resp.StatusCode)
			}
			sockets = append(sockets, c)
		}
		resp, _ := w.shake(t, "/ws", good)
		if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "60" || resp.Header.Get("RateLimit-Policy") != `"ws";q=10;w=60` {
			t.Fatalf("one too many in a minute: %d %v", resp.StatusCode, resp.Header)
		}
		w.clock.add(time.Minute)
	}
	for _, name := range []string{"alice", "bob"} { // one end user, one address
		resp, _ := w.shake(t, "/ws", http.Header{"X-Api-Key": {w.keys[name]}})
		if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "5" || resp.Header.Get("RateLimit-Policy") != `"open";q=200` {
			t.Errorf("%s has one more than %d open: %d %v", name, open, resp.StatusCode, resp.Header)
		}
	}
	// Those that fail in the handshake leave nothing behind.
	sockets[0].Close()
	w.eventually(t, "a place", func() bool { return w.meter.get("open") == open-1 })
	for range minute - 1 {
		if a := w.do(t, "GET", "/ws", "", w.as("alice")); a.status != 400 {
			t.Fatalf("no handshake: %d", a.status)
		}
	}
	if resp, c := w.shake(t, "/ws", good); c == nil {
		t.Errorf("a place that was left: %d", resp.StatusCode)
	}
	if n := w.meter.get("open"); n != open || len(w.all()) != open {
		t.Errorf("the gauge says %d, there are %d", n, len(w.all()))
	}
	for _, c := range sockets {
		c.Close()
	}
}

// A service's end users have no address of their own: they count each for itself.
func TestAServicesEndUsersShareNoAddress(t *testing.T) {
	w := limited(t, limit.Limits{Chat: 2, Users: 1})
	u, err := w.auth.AddUser(t.Context(), auth.NewUser{Name: "webui", Role: "service"})
	must(t, err)
	key, _, err := w.auth.CreateKey(t.Context(), u.ID, "", 0)
	must(t, err)
	for i := range 5 {
		for n, want := range []int{200, 200, 429} {
			a := w.do(t, "POST", "/v1/chat", `{"text":"hello"}`, header("X-API-Key", key), header(headerUser, fmt.Sprint("u", i)))
			if a.status != want {
				t.Errorf("message %d of user %d: %d, want %d", n, i, a.status, want)
			}
		}
	}
}
