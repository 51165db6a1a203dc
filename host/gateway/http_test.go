package gateway

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// raw writes bytes to a new connection and reads the first answer, and whether
// the connection was closed after it.
func (w *world) raw(t *testing.T, request string) (status int, closed bool) {
	t.Helper()
	resp := w.rawAnswer(t, request)
	return resp.StatusCode, resp.Close
}

func (w *world) rawHead(t *testing.T, request string) (status int, head http.Header) {
	t.Helper()
	resp := w.rawAnswer(t, request)
	return resp.StatusCode, resp.Header
}

func (w *world) rawAnswer(t *testing.T, request string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", w.addr)
	must(t, err)
	defer conn.Close()
	go func() { _, _ = conn.Write([]byte(request)) }() // what is too much is not read to its end
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	must(t, err)
	resp.Body.Close()
	return resp
}

func TestEveryFailureHasOneShape(t *testing.T) { // fault-M13
	w := newWorld(t)
	for _, c := range []struct {
		method, path, body string
		status             int
		code               string
		words              string
	}{
		{"GET", "/nothing", "", 404, "not_found", "error.route /nothing"},
		{"GET", "/v1/sessions/", "", 404, "not_found", "error.route"},
		{"GET", "/V1/me", "", 404, "not_found", "error.route"},
		{"GET", "//v1/me", "", 404, "not_found", "error.route"},
		{"GET", "/assets/../../etc/passwd", "", 404, "not_found", "error.route"},
		{"DELETE", "/v1/me", "", 405, "unsupported", "error.method DELETE /v1/me"},
		{"HEAD", "/v1/chat", "", 405, "", ""},
		{"BREW", "/v1/chat", "", 405, "unsupported", "error.method BREW"},
		{"GET", "/v1/sessions/A", "", 400, "invalid", "error.value id A"},
		{"GET", "/v1/sessions/s_none", "", 404, "not_found", "error.not_found"},
		{"GET", "/v1/sessions?limit=0", "", 400, "invalid", "error.value limit 0 1..200"},
		{"GET", "/v1/sessions?limit=x", "", 400, "invalid", "error.value limit x"},
		{"GET", "/v1/search", "", 400, "invalid", "error.missing q"},
		{"GET", "/v1/search?q=" + strings.Repeat("a", 257), "", 413, "too_large", "error.too_long q 256 257"},
		{"POST", "/v1/sessions/s_none/stop", "", 404, "not_found", ""},
		{"POST", "/v1/chat", `{}`, 400, "invalid", "error.empty text"},
		{"POST", "/v1/chat", `{"text":"x","a":1,"user_id":"bob"}`, 400, "invalid", "error.unknown_members a, user_id"},
		{"POST", "/v1/chat", `{"text":"x","text":"y"}`, 400, "invalid", "error.duplicate text"},
		{"POST", "/v1/chat", `{"Text":"x"}`, 400, "invalid", "error.unknown_members Text"},
		{"POST", "/v1/chat", `{"text":7}`, 400, "invalid", "error.type text fr type.string"},
		{"POST", "/v1/chat", `{"text":"x"`, 400, "invalid", "error.json"},
		{"POST", "/v1/chat", `{"text":"x"}{}`, 400, "invalid", "error.json 12"},
		{"POST", "/v1/chat", "{\"text\":\"\xff\"}", 400, "invalid", "error.json"},
		{"POST", "/v1/chat", `[]`, 400, "invalid", "error.not_object"},
		{"POST", "/v1/chat", `{"text":"` + strings.Repeat("é", 4097) + `"}`, 413, "too_large", "error.too_long text 4096 4097"}, // E05
		{"POST", "/v1/chat", `{"text":"` + strings.Repeat("x", maxBody) + `"}`, 413, "too_large", "error.body_too_large 65536"},
		{"POST", "/v1/chat", `{"text":"x","session":"s_none"}`, 404, "not_found", ""},
		{"POST", "/v1/chat", `{"text":"x","session":"a/b"}`, 400, "invalid", "error.value session a/b"},
		{"PATCH", "/v1/sessions/s_none", `{"title":"x"}`, 404, "not_found", ""},
		{"PATCH", "/v1/sessions/s_none", `{"title":" "}`, 400, "invalid", "error.empty title"},
		{"POST", "/v1/ticket", `{"a":1}`, 400, "invalid", "error.unknown_members a"},
		{"POST", "/v1/login", `{"key":"jrv_wrong"}`, 401, "unauthenticated", ""},
	} {
		t.Run(c.method+" "+c.path[:min(len(c.path), 30)]+" "+c.body[:min(len(c.body), 30)], func(t *testing.T) {
			a := w.do(t, c.method, c.path, c.body, w.as("alice"), header("Accept-Language", "fr"))
			if a.status != c.status {
				t.Fatalf("%d %s, want %d", a.status, a.body, c.status)
			}
			if c.method == "HEAD" {
				return
			}
			if f := a.failure(t); string(f.Code) != c.code || !strings.HasPrefix(f.Message, strings.TrimSpace("fr "+c.words)) {
				t.Errorf("got %+v, want %s: %s", f, c.code, c.words)
			}
			if c.status == 405 && a.header.Get("Allow") == "" {
				t.Error("405 without Allow")
			}
		})
	}
}

func TestTheRequestsLanguageSpeaks(t *testing.T) {
	w := newWorld(t)
	for body, want := range map[string]string{`{"text":""}`: "fr ", `{"text":"","lang":"en"}`: "en "} {
		a := w.do(t, "POST", "/v1/chat", body, w.as("alice"), header("Accept-Language", "fr"))
		if f := a.failure(t); !strings.HasPrefix(f.Message, want) {
			t.Errorf("%s: got %+v, want %s", body, f, want)
		}
	}
}

func TestOnlyJSONIsReadAsAChange(t *testing.T) { // fault-H9
	w := newWorld(t)
	for kind, want := range map[string]int{
		"application/json": 200, "application/json; charset=utf-8": 200, "Application/JSON;charset=UTF-8": 200,
		"": 415, "text/plain": 415, "application/x-www-form-urlencoded": 415, "multipart/form-data; boundary=x": 415,
		"application/json; charset=utf-16": 415, "application/jsonp": 415, "application/json; charset=": 415, ";": 415,
	} {
		a := w.do(t, "POST", "/v1/chat", `{"text":"hello"}`, w.as("alice"), func(r *http.Request) {
			r.Header["Content-Type"] = []string{kind}
			if kind == "" {
				delete(r.Header, "Content-Type")
			}
		})
		if a.status != want {
			t.Errorf("%q: %d %s, want %d", kind, a.status, a.body, want)
		}
	}
}

func TestRequestIDsAreKeptWhenHarmless(t *testing.T) { // S06
	w := newWorld(t)
	for offered, kept := range map[string]bool{
		"abc-DEF_1.2": true, strings.Repeat("a", 64): true,
		"": false, strings.Repeat("a", 65): false, "a b": false, "a\u202eb": false, `{"a":1}`: false, "é": false, "<script>": false,
	} {
		a := w.do(t, "GET", "/health", "", header("X-Request-ID", offered))
		got := a.header.Get("X-Request-ID")
		if (got == offered) != kept || !regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`).MatchString(got) {
			t.Errorf("%q: got %q", offered, got)
		}
	}
}

func TestAPanicIsAnswered(t *testing.T) { // fault-H21
	w := newWorld(t, func(o *Options) {
		o.Page = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("the secret value") })
	})
	a := w.do(t, "GET", "/", "")
	if f := a.failure(t); a.status != 500 || f.Code != protocol.Internal || strings.Contains(a.body, "secret") {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if !strings.Contains(w.log.text(), "the secret value") || w.meter.get("panic") != 1 {
		t.Error("the operator is not told")
	}
	if a := w.do(t, "GET", "/health", ""); a.status != 200 {
		t.Errorf("afterwards: %d", a.status)
	}
}

func TestProbesAnswer(t *testing.T) { // S03
	w := newWorld(t)
	if a := w.do(t, "GET", "/health", ""); a.status != 200 {
		t.Errorf("health: %d", a.status)
	}
	if a := w.do(t, "HEAD", "/health", ""); a.status != 200 || a.body != "" {
		t.Errorf("health: %d %q", a.status, a.body)
	}
	if a := w.do(t, "GET", "/ready", ""); a.status != 200 || !strings.Contains(a.body, `"ready":true`) {
		t.Errorf("ready: %d %s", a.status, a.body)
	}
	w.Drain(time.Second)
	if a := w.do(t, "GET", "/ready", ""); a.status != 503 || !strings.Contains(a.body, `"ready":false`) {
		t.Errorf("ready while draining: %d %s", a.status, a.body)
	}
	if a := w.do(t, "GET", "/health", ""); a.status != 200 {
		t.Errorf("health while draining: %d", a.status)
	}
}

func TestAmbiguousFramingIsRefused(t *testing.T) { // fault-H1, fault-H2, fault-H5
	w := newWorld(t)
	head := "POST /v1/chat HTTP/1.1\r\nHost: localhost\r\nX-API-Key: " + w.keys["alice"] + "\r\nContent-Type: application/json\r\n"
	chunked := `c` + "\r\n" + `{"text":"x"}` + "\r\n0\r\n\r\n"
	for name, c := range map[string]struct {
		request string
		want    int
	}{
		"chunked alone":          {head + "Transfer-Encoding: chunked\r\n\r\n" + chunked, 200},
		"both":                   {head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked, 400},
		"both the other way":     {head + "transfer-encoding: chunked\r\nCONTENT-LENGTH: 5\r\n\r\n" + chunked, 400},
		"both after a fold":      {head + "Content-Length: 5\r\nX-A: b\r\n\tHTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked, 400},
		"two lengths":            {head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}   ", 400},
		"plus length":            {head + "Content-Length: +3\r\n\r\n{} ", 400},
		"negative length":        {head + "Content-Length: -1\r\n\r\n", 400},
		"unknown encoding":       {head + "Transfer-Encoding: xchunked\r\n\r\n" + chunked, 501},
		"space before the colon": {head + "Content-Length : 5\r\n\r\n{}   ", 400},
		"declared 10 GB":         {head + "Content-Length: 10737418240\r\n\r\n{", 413},
		"endless chunks":         {head + "Transfer-Encoding: chunked\r\n\r\n" + "20000\r\n" + strings.Repeat(" ", 0x20000), 413},
		"no host":                {"GET /health HTTP/1.1\r\n\r\n", 400},
		"empty host":             {"GET /health HTTP/1.0\r\n\r\n", 403},
	} {
		t.Run(name, func(t *testing.T) {
			status, closed := w.raw(t, c.request)
			if status != c.want || c.want != 200 && !closed && c.want != 403 {
				t.Errorf("got %d, closed %v, want %d", status, closed, c.want)
			}
		})
	}
	t.Run("the second request of a connection", func(t *testing.T) {
		conn, err := net.Dial("tcp", w.addr)
		must(t, err)
		defer conn.Close()
		first := head + "Content-Length: 12\r\n\r\n" + `{"text":"x"}`
		_, err = conn.Write([]byte(first + head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked))
		must(t, err)
		r := bufio.NewReader(conn)
		for _, want := range []int{200, 400} {
			resp, err := http.ReadResponse(r, nil)
			must(t, err)
			_, err = io.Copy(io.Discard, resp.Body)
			must(t, err)
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("got %d, want %d", resp.StatusCode, want)
			}
		}
	})
}

func TestASlowBodyIsGivenUp(t *testing.T) { // fault-H6
	w := newWorld(t, func(o *Options) { o.Config.BodyTimeout = 100 * time.Millisecond })
	status, closed := w.raw(t, fmt.Sprintf(
		"POST /v1/chat HTTP/1.1\r\nHost: localhost\r\nX-API-Key: %s\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{", w.keys["alice"]))
	if status != 408 || !closed {
		t.Errorf("got %d, closed %v; want 408 and closed", status, closed)
	}
}

func TestOptionsTellWhatIsAllowed(t *testing.T) {
	w := newWorld(t)
	if a := w.do(t, "OPTIONS", "/v1/me", ""); a.status != 204 || !strings.Contains(a.header.Get("Allow"), "PATCH") {
		t.Errorf("got %d, Allow %q", a.status, a.header.Get("Allow"))
	}
}

func TestMetricsHaveAClosedSetOfLabels(t *testing.T) { // fault-H23
	w := newWorld(t)
	for i := range 20 {
		w.do(t, "GET", fmt.Sprintf("/random/%d", i), "")
		w.do(t, "GET", fmt.Sprintf("/v1/sessions/s_%d", i), "", w.as("alice"))
	}
	w.do(t, "BREW", "/v1/me", "")
	for name, want := range map[string]int{
		"request GET other 404": 20, "request GET /v1/sessions/:id 404": 20, "request other other 405": 1,
	} {
		// An answer may be read before its request is counted.
		w.eventually(t, name, func() bool { return w.meter.get(name) == want })
	}
}

func TestASessionIsListedReadRenamedSearchedAndDeleted(t *testing.T) { // E15
	w := newWorld(t)
	var made protocol.Answer
	w.do(t, "POST", "/v1/chat", `{"text":"éteins la lampe"}`, w.as("alice")).into(t, &made)
	path := "/v1/sessions/" + made.Session
	var s protocol.Session
	w.do(t, "PATCH", path, `{"title":" Lampes "}`, w.as("alice")).into(t, &s)
	if s.Title != "Lampes" || s.ID != made.Session {
		t.Errorf("renamed to %+v", s)
	}
	var all protocol.List[protocol.Session]
	w.do(t, "GET", "/v1/sessions", "", w.as("alice")).into(t, &all)
	if len(all.Items) != 1 || all.Items[0].Title != "Lampes" {
		t.Errorf("sessions %+v", all)
	}
	var first, second protocol.List[protocol.Message]
	w.do(t, "GET", path+"/messages?limit=1", "", w.as("alice")).into(t, &first)
	w.do(t, "GET", path+"/messages?limit=1&after="+first.Next, "", w.as("alice")).into(t, &second)
	if len(first.Items) != 1 || first.Items[0].Role != "user" || len(second.Items) != 1 || second.Items[0].State != "answered" {
		t.Errorf("messages %+v, then %+v", first, second)
	}
	var hits protocol.List[protocol.Hit]
	w.do(t, "GET", "/v1/search?q=eteins+LAMPE", "", w.as("alice")).into(t, &hits)
	if len(hits.Items) == 0 || hits.Items[0].Session != made.Session {
		t.Errorf("hits %+v", hits)
	}
	for _, c := range []struct{ method, path, body string }{
		{"GET", path, ""}, {"GET", path + "/messages", ""}, {"PATCH", path, `{"title":"x"}`}, {"DELETE", path, ""}, {"POST", path + "/stop", ""},
	} {
		if a := w.do(t, c.method, c.path, c.body, w.as("bob")); a.status != 404 {
			t.Errorf("bob: %s %s: %d, want 404", c.method, c.path, a.status)
		}
	}
	if a := w.do(t, "DELETE", path, "", w.as("alice")); a.status != 204 {
		t.Errorf("delete: %d %s", a.status, a.body)
	}
	if a := w.do(t, "GET", path, "", w.as("alice")); a.status != 404 {
		t.Errorf("afterwards: %d", a.status)
	}
}

func TestTLSIsServed(t *testing.T) {
	example := httptest.NewTLSServer(http.NotFoundHandler())
	certificate := example.TLS.Certificates
	example.Close()
	w := newWorld(t, func(o *Options) { o.TLS = &tls.Config{Certificates: certificate} })
	trusting := &tls.Config{InsecureSkipVerify: true}
	browser := http.Client{Transport: &http.Transport{TLSClientConfig: trusting, DisableKeepAlives: true, ForceAttemptHTTP2: true}}
	resp, err := browser.Post("https://"+w.addr+"/v1/login", "application/json", strings.NewReader(`{"key":"`+w.keys["alice"]+`"}`))
	must(t, err)
	resp.Body.Close()
	if resp.StatusCode != 200 || resp.ProtoMajor != 1 || !strings.Contains(resp.Header.Get("Set-Cookie"), "Secure") || resp.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("got %d %s %v", resp.StatusCode, resp.Proto, resp.Header)
	}
	d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}, TLSClientConfig: trusting}
	conn, _, err := d.DialContext(t.Context(), "wss://"+w.addr+"/ws", http.Header{"X-API-Key": {w.keys["alice"]}})
	must(t, err)
	defer conn.Close()
	c := &client{Conn: conn, t: t}
	c.say(sayFrame("m1", "hello"))
	c.until(protocol.TypeDone)
	w.eventually(t, "a chat over TLS is counted", func() bool { return w.meter.get("chat true ok") == 1 })
}
