package gateway

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/limit"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/telemetry"
	"github.com/jarvis-host/jarvis/host/web"
)

// Folded lines and lines without a carriage return are read as docs/operations.md
// says, so in one way: a folded line goes on with the one before and is no header
// of its own, a bare line feed ends a line, and where lengths are concerned neither
// is a way to have two.
func TestFoldedAndBareLinesHaveOneMeaning(t *testing.T) { // fault-H3
	w := newWorld(t)
	chunked := "c\r\n{\"text\":\"x\"}\r\n0\r\n\r\n"
	post := "POST /v1/chat HTTP/1.1\r\nHost: localhost\r\nX-API-Key: " + w.keys["alice"] + "\r\nContent-Type: application/json\r\n"
	for name, c := range map[string]struct {
		request string
		want    []int
	}{
		"a fold is no header":       {"GET /v1/me HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n X-API-Key: " + w.keys["alice"] + "\r\n\r\n", []int{401}},
		"a fold with a tab":         {"GET /v1/me HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n\tX-API-Key: " + w.keys["alice"] + "\r\n\r\n", []int{401}},
		"a fold before all headers": {"GET /health HTTP/1.1\r\n Host: localhost\r\n\r\n", []int{400}},
		"a folded length":           {post + "Content-Length:\r\n 12\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked, []int{400}},
		"a folded encoding":         {post + "Content-Length: 5\r\nTransfer-Encoding:\r\n chunked\r\n\r\n" + chunked, []int{400}},
		"a length in a fold":        {post + "Transfer-Encoding: chunked\r\nX-A: b\r\n Content-Length: 5\r\n\r\n" + chunked + "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", []int{200, 200}},
		"an encoding in a fold":     {post + "Content-Length: 12\r\nX-A: b\r\n Transfer-Encoding: chunked\r\n\r\n{\"text\":\"x\"}GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", []int{200, 200}},
		"bare line feeds":           {"GET /health HTTP/1.1\nHost: localhost\n\nGET /v1/me HTTP/1.1\nHost: localhost\n\n", []int{200, 401}},
		"bare ones around lengths":  {strings.ReplaceAll(post, "\r", "") + "Content-Length: 5\nTransfer-Encoding: chunked\n\n" + chunked, []int{400}},
		"a carriage return alone":   {"GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: b\rX-B: c\r\n\r\n", []int{400}},
		"a chunk with a bare one":   {post + "Transfer-Encoding: chunked\r\n\r\nc\n{\"text\":\"x\"}\r\n0\r\n\r\n", []int{400}},
	} {
		conn, err := net.Dial("tcp", w.addr)
		must(t, err)
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		_, err = conn.Write([]byte(c.request))
		must(t, err)
		r := bufio.NewReader(conn)
		for i, want := range c.want {
			resp, err := http.ReadResponse(r, nil)
			must(t, err)
			_, err = io.Copy(io.Discard, resp.Body)
			must(t, err)
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%s: answer %d is %d, want %d", name, i+1, resp.StatusCode, want)
			}
		}
	}
}

// Who a client says it is does not count, in whatever header: neither for whom it
// speaks, nor from where.
func TestWhatAClientClaimsToBeIsIgnored(t *testing.T) { // fault-H19
	claims := map[string]string{
		"Forwarded": "for=198.51.100.1;proto=https", "X-Real-IP": "198.51.100.1", "True-Client-IP": "198.51.100.1", "CF-Connecting-IP": "198.51.100.1",
		"X-Client-IP": "198.51.100.1", "X-Cluster-Client-IP": "198.51.100.1", "X-User-ID": "bob", "X-User": "bob", "X-Remote-User": "bob", "Remote-User": "bob",
		"X-Forwarded-User": "bob", "X-Jarvis-User": "bob", "X-Openwebui-User-Id": "bob", "X-Role": "operator", "X-Forwarded-Proto": "https",
	}
	for _, trusted := range [][]netip.Prefix{nil, {netip.MustParsePrefix("127.0.0.0/8")}} {
		w := newWorld(t, func(o *Options) {
			o.Config.TrustedProxies = trusted
			o.Limiter = limit.NewEdge(limit.Limits{Failures: len(claims)}, o.Now)
		})
		for name, value := range claims {
			var me protocol.Me
			a := w.do(t, "GET", "/v1/me", "", w.as("alice"), header(name, value))
			a.into(t, &me)
			if a.status != 200 || me.Name != "alice" || me.Role != "user" {
				t.Errorf("%s: %d %+v, want alice", name, a.status, me)
			}
			if secure := a.header.Get("Strict-Transport-Security") != ""; secure != (trusted != nil && name == "X-Forwarded-Proto") {
				t.Errorf("%s: taken for TLS: %v", name, secure)
			}
			if a := w.do(t, "GET", "/v1/me", "", header("X-API-Key", "jrv_wrong"), header(name, value)); a.status != 401 {
				t.Errorf("%s lets in: %d", name, a.status)
			}
		}
		if a := w.do(t, "GET", "/v1/me", "", header("X-API-Key", "jrv_wrong")); a.status != 429 {
			t.Errorf("the addresses that were claimed counted apart: %d", a.status)
		}
	}
}

// Of a thousand requests that one client writes ahead and does not wait for, those
// are worked on that it is there for, one at a time, and others are served
// meanwhile.
func TestRequestsWrittenAheadAreNotWorkedOnAhead(t *testing.T) { // fault-H26
	const many = 1000
	w := newWorld(t)
	conn, err := net.Dial("tcp", w.addr)
	must(t, err)
	request := fmt.Sprintf("GET /v1/me HTTP/1.1\r\nHost: localhost\r\nX-API-Key: %s\r\n\r\n", w.keys["alice"])
	wait := fmt.Sprintf("POST /v1/chat HTTP/1.1\r\nHost: localhost\r\nX-API-Key: %s\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n"+
		`{"text":"wait"}`, w.keys["alice"])
	_, err = conn.Write([]byte(request + wait + strings.Repeat(request, many)))
	must(t, err)
	w.eventually(t, "the first to be answered and the second to wait", func() bool {
		return w.meter.get("request GET /v1/me 200") == 1 && w.meter.get("chat false ok") == 1
	})
	if a := w.do(t, "GET", "/v1/me", "", w.as("bob")); a.status != 200 {
		t.Errorf("another client meanwhile: %d", a.status)
	}
	must(t, conn.Close())
	w.answerer.letGo()
	w.eventually(t, "the connection to be given up", func() bool { return w.crowd.inside.Load() == 0 })
	// Its first and bob's, and what was in the buffer of one read at the most.
	if n := w.meter.get("request GET /v1/me 200"); n > 2+4096/len(request) {
		t.Errorf("%d requests were worked on after their client had left", n-2)
	}
	// Whoever stays gets all answers, in order.
	conn, err = net.Dial("tcp", w.addr)
	must(t, err)
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	go func() { _, _ = conn.Write([]byte(strings.Repeat(request, many))) }()
	r := bufio.NewReader(conn)
	for i := range many {
		resp, err := http.ReadResponse(r, nil)
		must(t, err)
		_, err = io.Copy(io.Discard, resp.Body)
		must(t, err)
		resp.Body.Close()
		if resp.StatusCode != 200 {
			t.Fatalf("answer %d: %d", i, resp.StatusCode)
		}
	}
}

// Conditions, ranges and expectations that nobody offered change nothing, or are
// refused; what leads out of the assets is no asset.
func TestStrangeHeadsAndPathsAreHarmless(t *testing.T) { // fault-H11, fault-H25
	w := newWorld(t, func(o *Options) {
		o.Page = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/assets/") {
				web.Asset(strings.TrimPrefix(r.URL.Path, "/assets/")).ServeHTTP(w, r)
			}
		})
	})
	get := func(path, more string) string {
		return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nX-API-Key: " + w.keys["alice"] + "\r\n" + more + "\r\n"
	}
	for request, want := range map[string][]int{
		get("/v1/me", "Range: bytes=0-0,1-1,2-2,-1\r\n"):                                       {200},
		get("/v1/me", "Range: bytes=99999999999999999999-\r\nIf-Range: x\r\n"):                 {200},
		get("/v1/me", "If-None-Match: *\r\nIf-Modified-Since: tomorrow\r\nIf-Match: \"\"\r\n"): {200},
		get("/v1/me", "Expect: the unexpected\r\n"):                                            {417},
		get("/v1/sessions", "TE: trailers\r\nTrailer: X-API-Key\r\n"):                          {200},
		"HEAD /v1/chat HTTP/1.1\r\nHost: localhost\r\n\r\n":                                    {405},
		"HEAD /v1/login HTTP/1.1\r\nHost: localhost\r\n\r\n":                                   {405},
		get("/debug/pprof/", ""):                                                               {404}, get("/config", ""): {404}, get("/v1/config", ""): {404},
		get("/assets/../../etc/passwd", ""):             {400, 404},
		get("/assets/%2e%2e%2f%2e%2e%2fetc/passwd", ""): {400, 404},
		get("/assets/%252e%252e%252fetc/passwd", ""):    {400, 404},
		get("/assets/..%5c..%5cetc%5cpasswd", ""):       {400, 404},
		get(`/assets/..\..\etc\passwd`, ""):             {400, 404},
		get("/assets/app.js%00.html", ""):               {400, 404},
		get("/assets/%00", ""):                          {400, 404},
		get("/assets//etc/passwd", ""):                  {400, 404},
		get("/assets/.", ""):                            {400, 404},
		get("/assets/", ""):                             {400, 404},
		get("/assets/%zz", ""):                          {400, 404},
	} {
		if status, _ := w.raw(t, request); !slices.Contains(want, status) {
			t.Errorf("%q: %d, want one of %v", request[:strings.Index(request, "X-API")+5], status, want)
		}
	}
	if n := w.meter.get("panic"); n != 0 {
		t.Errorf("%d panics", n)
	}
}

// An id of a request that could be anything but a word of a log is not kept.
func TestARequestsIDIsNoWayIntoALog(t *testing.T) { // fault-H17
	w := newWorld(t)
	for _, offered := range []string{strings.Repeat("a", 10<<10), "a\tb", "a;b", "\xe2\x80\xaeabc", `{"level":"error"}`, "a%0ab", "a,b"} {
		got := w.do(t, "GET", "/v1/me", "", w.as("alice"), header("X-Request-ID", offered)).header.Get("X-Request-ID")
		if got == offered || !telemetry.ValidRequestID(got) {
			t.Errorf("%q is answered as %q", offered, got)
		}
	}
	for _, offered := range []string{"a\x1b[31mb", "a\x00b", "a\rb"} { // no header's value
		status, closed := w.raw(t, "GET /health HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: "+offered+"\r\n\r\n")
		if status != 400 || !closed {
			t.Errorf("%q: %d, closed %v", offered, status, closed)
		}
	}
	status, _ := w.raw(t, "GET /health HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: a\r\n b\r\n\r\n") // folded: "a b"
	if status != 200 || strings.Contains(w.log.text(), "a b") {
		t.Errorf("a folded one: %d, log %s", status, w.log.text())
	}
}
