package gateway

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func TestOnlyKnownHostNamesAreServed(t *testing.T) { // fault-W21
	w := newWorld(t, func(o *Options) {
		o.Config.AllowedHosts = []string{"Jarvis.Example", "box:8443", "fd00::1"}
	})
	for host, want := range map[string]int{
		"localhost": 200, "LOCALHOST:80": 200, "app.localhost": 200, "127.0.0.1": 200, "127.1.2.3:9": 200, "[::1]": 200, "[::1]:8080": 200,
		"jarvis.example": 200, "jarvis.example:443": 200, "box:8443": 200, "[fd00::1]:1": 200,
		"attacker.example": 403, "localhost.attacker.example": 403, "box:80": 403, "10.0.0.1": 403, "127.0.0.1.nip.io": 403,
		"[::2]": 403, "localhost.": 403, "0.0.0.0": 403,
	} {
		if a := w.do(t, "GET", "/health", "", header("Host", host)); a.status != want {
			t.Errorf("Host %s: %d, want %d", host, a.status, want)
		} else if want == 403 && a.failure(t).Code != "forbidden" {
			t.Errorf("Host %s: %s", host, a.body)
		}
	}
}

func TestForeignPagesAreRefusedOnEveryRoute(t *testing.T) { // X01, fault-W22
	w := newWorld(t, func(o *Options) {
		o.Config.AllowedOrigins = []string{"https://App.example/"}
		o.Config.AllowedHosts = []string{"jarvis.example"}
	})
	for origin, want := range map[string]int{
		"http://localhost": 200, "http://localhost:3000": 200, "https://127.0.0.1:1": 200, "http://[::1]:5": 200,
		"https://app.example": 200, "http://app.example": 403, "https://app.example:444": 403, "https://app.example.evil": 403,
		"https://evil.example": 403, "null": 403, "": 200, "file://": 403, "http://localhost@evil.example": 403,
		"http://localhost/path": 403, "http://localhost.evil.example": 403, "garbage": 403,
	} {
		var changes []func(*http.Request)
		if origin != "" {
			changes = append(changes, header("Origin", origin))
		}
		for _, path := range []string{"/health", "/v1/me"} {
			if a := w.do(t, "GET", path, "", append(changes, w.as("alice"))...); a.status != want {
				t.Errorf("Origin %q on %s: %d, want %d", origin, path, a.status, want)
			}
		}
	}
	// The page of a configured host is no foreign one.
	same := w.do(t, "GET", "/health", "", header("Host", "jarvis.example"), header("Origin", "https://jarvis.example"))
	if same.status != 200 {
		t.Errorf("same origin: %d", same.status)
	}
	if a := w.do(t, "GET", "/health", "", header("Origin", "http://localhost"), header("Origin", "http://localhost")); a.status != 403 {
		t.Errorf("two origins: %d, want 403", a.status)
	}
}

// fault-H10, with host/config's testdata/wrong/origin-star.yaml, which refuses the
// origin * in a configuration.
func TestOnlyConfiguredOriginsMayRead(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Config.AllowedOrigins = []string{"https://app.example"} })
	cookie := w.cookie(t, "alice")
	for origin, want := range map[string]string{
		"https://app.example": "https://app.example", "http://localhost:3000": "", "https://evil.example": "", "null": "",
	} {
		for _, method := range []string{"GET", "OPTIONS"} {
			a := w.do(t, method, "/v1/sessions/s_1", "", header("Origin", origin), header("Cookie", cookie), header("Access-Control-Request-Method", "DELETE"))
			if got := a.header.Get("Access-Control-Allow-Origin"); got != want || a.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s from %s: allowed %q, want %q", method, origin, got, want)
			}
			if a.header.Get("Vary") != "Origin" {
				t.Errorf("%s from %s: Vary is %q", method, origin, a.header.Get("Vary"))
			}
		}
	}
}

func TestACookieNeedsTheBrowsersWordForAChange(t *testing.T) {
	w := newWorld(t)
	cookie := w.cookie(t, "alice")
	for name, c := range map[string]struct {
		change []func(*http.Request)
		want   int
	}{
		"nothing":      {nil, 403},
		"cross-site":   {[]func(*http.Request){header("Sec-Fetch-Site", "cross-site")}, 403},
		"same-site":    {[]func(*http.Request){header("Sec-Fetch-Site", "same-site")}, 403},
		"same-origin":  {[]func(*http.Request){header("Sec-Fetch-Site", "same-origin")}, 200},
		"our origin":   {[]func(*http.Request){header("Origin", "http://"+w.addr)}, 200},
		"other origin": {[]func(*http.Request){header("Origin", "https://evil.example")}, 403},
	} {
		a := w.do(t, "PATCH", "/v1/me", `{"lang":"fr"}`, append(c.change, header("Cookie", cookie))...)
		if a.status != c.want {
			t.Errorf("%s: %d %s, want %d", name, a.status, a.body, c.want)
		}
	}
	if a := w.do(t, "GET", "/v1/me", "", header("Cookie", cookie)); a.status != 200 {
		t.Errorf("reading with a cookie: %d", a.status)
	}
	if a := w.do(t, "PATCH", "/v1/me", `{"lang":"fr"}`, w.as("alice")); a.status != 200 {
		t.Errorf("a program's key: %d", a.status)
	}
}

func TestForwardedAddressesCountOnlyBehindTrustedProxies(t *testing.T) { // fault-H18
	trusting := newSettings(Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	for name, c := range map[string]struct {
		peer, forwarded, proto string
		want                   string
		secure                 bool
	}{
		"direct":               {"203.0.113.9:1", "", "", "203.0.113.9", false},
		"spoofed":              {"203.0.113.9:1", "198.51.100.1", "https", "203.0.113.9", false},
		"behind a proxy":       {"10.0.0.1:1", "198.51.100.1", "https", "198.51.100.1", true},
		"spoofed behind proxy": {"10.0.0.1:1", "8.8.8.8, 198.51.100.1", "", "198.51.100.1", false},
		"two proxies":          {"10.0.0.1:1", "198.51.100.1, 10.0.0.2", "", "198.51.100.1", false},
		"garbage":              {"10.0.0.1:1", "unknown", "", "10.0.0.1", false},
		"with a port":          {"10.0.0.1:1", "198.51.100.1:99", "", "10.0.0.1", false},
		"mapped":               {"[::ffff:203.0.113.9]:1", "", "", "203.0.113.9", false},
		"with a zone":          {"[fe80::1%eth0]:1", "", "", "fe80::1", false},
		"nothing":              {"10.0.0.1:1", "", "", "10.0.0.1", false},
		"fifty entries":        {"10.0.0.1:1", strings.Repeat("8.8.8.8, ", 49) + "198.51.100.1", "", "198.51.100.1", false},
		"fifty of our own":     {"10.0.0.1:1", "198.51.100.1" + strings.Repeat(", 10.9.9.9", 49), "", "198.51.100.1", false},
		"zone behind a proxy":  {"10.0.0.1:1", "fe80::9%eth0", "", "fe80::9", false},
		"garbage on the right": {"10.0.0.1:1", "198.51.100.1, <script>", "", "10.0.0.1", false},
	} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", "/", nil)
		must(t, err)
		r.RemoteAddr = c.peer
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if c.proto != "" {
			r.Header.Set("X-Forwarded-Proto", c.proto)
		}
		if peer, secure := trusting.from(r); peer.String() != c.want || secure != c.secure {
			t.Errorf("%s: %s %v, want %s %v", name, peer, secure, c.want, c.secure)
		}
	}
}
