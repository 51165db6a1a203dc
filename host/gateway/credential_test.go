package gateway

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/protocol"
)

// cookie signs a browser in and returns its Cookie header.
func (w *world) cookie(t *testing.T, name string) string {
	t.Helper()
	a := w.do(t, "POST", "/v1/login", `{"key":"`+w.keys[name]+`"}`)
	if a.status != 200 {
		t.Fatalf("login: %d %s", a.status, a.body)
	}
	return cookiePair(t, a)
}

// cookiePair returns what a browser would send back, after a look at how the
// cookie is set.
func cookiePair(t *testing.T, a answer) string {
	t.Helper()
	set := a.header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=2592000"} {
		if !strings.Contains(set, want) {
			t.Errorf("Set-Cookie %q lacks %s", set, want)
		}
	}
	pair, _, _ := strings.Cut(set, ";")
	return pair
}

func TestWithoutACredentialNothingIsToldButWhatIsPublic(t *testing.T) { // X01
	w := newWorld(t, func(o *Options) {
		o.Plugins, o.Tools = fakePlugins{}, fakeTools{}
		o.Memories = unreached{} // no one gets so far
		o.Metrics = http.NotFoundHandler()
		o.Page = http.NotFoundHandler()
	})
	open := map[string]bool{"/health": true, "/ready": true, "/": true, "/operator": true, "/assets/*file": true, "/signin": true, "/v1/login": true}
	for _, r := range w.Routes() {
		path := strings.NewReplacer(":id", "s_1", ":name", "x", ":plugin", "x", ":tool", "y", "*file", "f").Replace(r.Path)
		a := w.do(t, r.Method, path, "")
		if open[r.Path] {
			continue
		}
		if a.status != 401 || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") || a.failure(t).Code != "unauthenticated" {
			t.Errorf("%s %s: %d %s, want 401", r.Method, path, a.status, a.body)
		}
	}
}

// memories and unreached are memories that no request reaches.
type (
	memories  = Memories
	unreached struct{ memories }
)

func TestOnlyOneGoodCredentialCounts(t *testing.T) { // X01, fault-H13
	w := newWorld(t)
	key := w.keys["alice"]
	cookie := w.cookie(t, "alice")
	_, browserKey, _ := strings.Cut(cookie, "=")
	for name, c := range map[string]struct {
		change []func(*http.Request)
		want   int
	}{
		"bearer":            {[]func(*http.Request){header("Authorization", "Bearer "+key)}, 200},
		"bearer lower case": {[]func(*http.Request){header("Authorization", "bearer "+key)}, 200},
		"api key":           {[]func(*http.Request){header("X-API-Key", key)}, 200},
		"cookie":            {[]func(*http.Request){header("Cookie", cookie)}, 200},
		"nothing":           {nil, 401},
		"empty bearer":      {[]func(*http.Request){header("Authorization", "Bearer ")}, 401},
		"no scheme":         {[]func(*http.Request){header("Authorization", key)}, 401},
		"wrong scheme":      {[]func(*http.Request){header("Authorization", "Basic "+key)}, 401},
		"blank":             {[]func(*http.Request){header("X-API-Key", "  ")}, 401},
		"wrong":             {[]func(*http.Request){header("X-API-Key", "jrv_"+strings.Repeat("A", 43))}, 401},
		"default":           {[]func(*http.Request){header("X-API-Key", "dev-key")}, 401},
		"two bearers":       {[]func(*http.Request){header("Authorization", "Bearer "+key), header("Authorization", "Bearer "+key)}, 401},
		"both headers":      {[]func(*http.Request){header("Authorization", "Bearer "+key), header("X-API-Key", key)}, 401},
		"two cookies":       {[]func(*http.Request){header("Cookie", cookie+"; "+cookie)}, 401},
		"key as cookie":     {[]func(*http.Request){header("Cookie", "jarvis="+key)}, 401},
		"cookie as key":     {[]func(*http.Request){header("X-API-Key", browserKey)}, 401},
		"user header":       {[]func(*http.Request){header("X-User-ID", "alice")}, 401},
		"12 KB key":         {[]func(*http.Request){header("X-API-Key", strings.Repeat("k", 12<<10))}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.do(t, "GET", "/v1/me", "", c.change...)
			if a.status != c.want {
				t.Fatalf("%d %s, want %d", a.status, a.body, c.want)
			}
			if strings.Contains(a.body, key[4:]) {
				t.Error("the answer shows the key")
			}
			if c.want == 401 && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("WWW-Authenticate is %q", a.header.Get("WWW-Authenticate"))
			}
		})
	}
	for size, want := range map[int]int{12 << 10: 401, 32 << 10: 431, 1 << 20: 431} { // what no header may be is no credential either
		request := "GET /v1/me HTTP/1.1\r\nHost: localhost\r\nX-API-Key: " + strings.Repeat("k", size) + "\r\n\r\n"
		if status, _ := w.raw(t, request); status != want {
			t.Errorf("a key of %d bytes: %d, want %d", size, status, want)
		}
	}
	if a := w.do(t, "GET", "/v1/me?key="+key, ""); a.status != 401 {
		t.Errorf("a key in the URL: %d", a.status)
	}
	for _, body := range []string{`{"key":"` + key + `","text":"hello"}`, `{"text":"hello","api_key":"` + key + `"}`, "key=" + key} {
		a := w.do(t, "POST", "/v1/chat", body)
		if a.status != 401 || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") || strings.Contains(a.body, key[4:]) {
			t.Errorf("a key in the body: %d %s", a.status, a.body)
		}
	}
	if strings.Contains(w.log.text(), key[4:]) {
		t.Error("the log shows the key")
	}
}

func TestARoleOpensOnlyItsRoutes(t *testing.T) { // fault-H22
	w := newWorld(t, func(o *Options) {
		o.Plugins, o.Metrics = fakePlugins{}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) })
	})
	for _, c := range []struct {
		name, path string
		want       int
	}{
		{"alice", "/v1/me", 200},
		{"alice", "/v1/plugins", 403},
		{"alice", "/metrics", 403},
		{"kid", "/v1/me", 200},
		{"kid", "/v1/plugins", 403},
		{"kid", "/metrics", 403},
		{"op", "/v1/me", 200},
		{"op", "/v1/plugins", 200},
		{"op", "/metrics", 200},
		{"prom", "/v1/me", 403},
		{"prom", "/v1/plugins", 403},
		{"prom", "/metrics", 200},
		{"prom", "/ws", 403},
	} {
		if a := w.do(t, "GET", c.path, "", w.as(c.name)); a.status != c.want {
			t.Errorf("%s on %s: %d, want %d", c.name, c.path, a.status, c.want)
		}
	}
}

func TestLoopbackPeersMayScrapeWhenAllowed(t *testing.T) { // fault-H22
	w := newWorld(t, func(o *Options) {
		o.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("x 1\n")) })
		o.Config.MetricsLoopback = true
	})
	if a := w.do(t, "GET", "/metrics", ""); a.status != 200 || a.body != "x 1\n" {
		t.Errorf("got %d %s", a.status, a.body)
	}
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Host", "Forwarded"} {
		if a := w.do(t, "GET", "/metrics", "", header(name, "127.0.0.1")); a.status != 401 {
			t.Errorf("with %s: %d, want 401", name, a.status)
		}
	}
	w.Configure(Config{})
	if a := w.do(t, "GET", "/metrics", ""); a.status != 401 {
		t.Errorf("not allowed: %d, want 401", a.status)
	}
}

func TestATicketSignsABrowserInOnce(t *testing.T) {
	w := newWorld(t)
	ticket, err := w.auth.SignInTicket(t.Context(), w.users["alice"].ID)
	must(t, err)
	a := w.do(t, "GET", "/signin?ticket="+ticket, "")
	if a.status != 303 || a.header.Get("Location") != "/" {
		t.Fatalf("got %d to %q", a.status, a.header.Get("Location"))
	}
	var me protocol.Me
	w.do(t, "GET", "/v1/me", "", header("Cookie", cookiePair(t, a))).into(t, &me)
	if me.Name != "alice" {
		t.Errorf("signed in as %+v", me)
	}
	again := w.do(t, "GET", "/signin?ticket="+ticket, "")
	if again.status != 401 || again.header.Get("Set-Cookie") != "" || !strings.Contains(again.body, "error.ticket") {
		t.Errorf("second use: %d %s", again.status, again.body)
	}
	if strings.Contains(w.log.text(), ticket) {
		t.Error("the log shows the ticket")
	}
	late, err := w.auth.SignInTicket(t.Context(), w.users["alice"].ID)
	must(t, err)
	w.clock.add(10 * time.Minute)
	if a := w.do(t, "GET", "/signin?ticket="+late, ""); a.status != 401 {
		t.Errorf("after ten minutes: %d, want 401", a.status)
	}
}

func TestLoggingOutEndsTheBrowsersKeyOnly(t *testing.T) {
	w := newWorld(t)
	cookie := w.cookie(t, "alice")
	a := w.do(t, "POST", "/v1/logout", "", header("Cookie", cookie), header("Sec-Fetch-Site", "same-origin"))
	if a.status != 204 || !strings.Contains(a.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("got %d %v", a.status, a.header)
	}
	if a := w.do(t, "GET", "/v1/me", "", header("Cookie", cookie)); a.status != 401 {
		t.Errorf("after logging out: %d, want 401", a.status)
	}
	if a := w.do(t, "POST", "/v1/logout", "", w.as("alice")); a.status != 204 {
		t.Errorf("a program logs out: %d", a.status)
	}
	if a := w.do(t, "GET", "/v1/me", "", w.as("alice")); a.status != 200 {
		t.Errorf("its key afterwards: %d, want 200", a.status)
	}
}

func TestASocketTakesATicketOnce(t *testing.T) {
	w := newWorld(t)
	var ticket protocol.Ticket
	w.do(t, "POST", "/v1/ticket", "", w.as("alice")).into(t, &ticket)
	if ticket.ExpiresIn != 30 {
		t.Errorf("got %+v", ticket)
	}
	d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}}
	c, _, err := d.DialContext(t.Context(), "ws://"+w.addr+"/ws?ticket="+ticket.Ticket, nil)
	must(t, err)
	c.Close()
	_, resp, err := d.DialContext(t.Context(), "ws://"+w.addr+"/ws?ticket="+ticket.Ticket, nil)
	if err == nil || resp == nil || resp.StatusCode != 401 {
		t.Errorf("second use: %v %v", err, resp)
	}
}

func TestABrowsersSocketNeedsAnOrigin(t *testing.T) { // fault-W22
	w := newWorld(t)
	cookie := w.cookie(t, "alice")
	d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}}
	for origin, want := range map[string]int{"": 403, "https://evil.example": 403, "http://" + w.addr: 101} {
		h := http.Header{"Cookie": {cookie}}
		if origin != "" {
			h.Set("Origin", origin)
		}
		c, resp, err := d.DialContext(t.Context(), "ws://"+w.addr+"/ws", h)
		if resp == nil || resp.StatusCode != want {
			t.Errorf("origin %q: %v %v, want %d", origin, resp, err, want)
		}
		if err == nil {
			c.Close()
		}
	}
}

func TestARevokedKeysSocketsClose(t *testing.T) { // fault-H14, fault-D6
	w := newWorld(t)
	c, other := w.dial(t, "alice"), w.dial(t, "bob")
	keys, err := w.auth.Keys(t.Context(), w.users["alice"].ID)
	must(t, err)
	began := time.Now()
	must(t, w.auth.RevokeKey(t.Context(), "", keys[0].ID))
	if code := c.closeCode(); code != protocol.ClosePolicy {
		t.Errorf("closed with %d, want %d", code, protocol.ClosePolicy)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
	other.say(`{"type":"ping"}`)
	other.next()
}

func TestAnExpiredKeysSocketsClose(t *testing.T) { // fault-H14
	w := newWorld(t)
	var err error
	w.keys["alice"], _, err = w.auth.CreateKey(t.Context(), w.users["alice"].ID, "", time.Minute)
	must(t, err)
	c := w.dial(t, "alice")
	w.clock.add(time.Minute)
	if code := c.closeCode(); code != protocol.ClosePolicy {
		t.Errorf("closed with %d, want %d", code, protocol.ClosePolicy)
	}
}

func TestAnEndUserManagesItsKeys(t *testing.T) {
	w := newWorld(t)
	var made protocol.NewKey
	a := w.do(t, "POST", "/v1/keys", `{"label":"laptop","expires_in":60}`, w.as("alice"))
	a.into(t, &made)
	if a.status != 201 || !strings.HasPrefix(made.Key, auth.KeyPrefix) || made.Expires == "" {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	var keys protocol.List[protocol.Key]
	w.do(t, "GET", "/v1/keys", "", header("X-API-Key", made.Key)).into(t, &keys)
	if len(keys.Items) != 2 || !keys.Items[1].Current || keys.Items[1].Label != "laptop" {
		t.Errorf("got %+v", keys)
	}
	if a := w.do(t, "DELETE", "/v1/keys/"+made.ID, "", w.as("bob")); a.status != 404 {
		t.Errorf("bob revokes alice's key: %d", a.status)
	}
	if a := w.do(t, "DELETE", "/v1/keys/"+made.ID, "", w.as("alice")); a.status != 204 {
		t.Errorf("alice revokes hers: %d %s", a.status, a.body)
	}
	if a := w.do(t, "GET", "/v1/me", "", header("X-API-Key", made.Key)); a.status != 401 {
		t.Errorf("the revoked key: %d", a.status)
	}
	for body, field := range map[string]string{`{"expires_in":-1}`: "expires_in", `{"expires_in":9999999999}`: "expires_in", `{"label":"\u0007"}`: "label"} {
		if a := w.do(t, "POST", "/v1/keys", body, w.as("alice")); a.status != 400 || a.failure(t).Field != field {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
}

func TestAnEndUserChangesItself(t *testing.T) {
	w := newWorld(t)
	var me protocol.Me
	w.do(t, "PATCH", "/v1/me", `{"lang":"fr","tz":"Europe/Paris"}`, w.as("alice")).into(t, &me)
	if me.Lang != "fr" || me.TZ != "Europe/Paris" || me.Name != "alice" {
		t.Errorf("got %+v", me)
	}
	for body, want := range map[string]struct {
		status int
		field  string
	}{
		`{"lang":"de"}`: {400, "lang"}, `{"tz":"Mars"}`: {400, "tz"}, `{"name":""}`: {400, "name"}, `{"name":"bob"}`: {409, "name"},
		`{"role":"operator"}`: {400, "role"}, `{"id":"x"}`: {400, "id"},
	} {
		a := w.do(t, "PATCH", "/v1/me", body, w.as("alice"))
		if f := a.failure(t); a.status != want.status || f.Field != want.field || !strings.HasPrefix(f.Message, "fr ") {
			t.Errorf("%s: %d %+v", body, a.status, f)
		}
	}
}
