package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/address/addresstest"
)

// network answers requests one after the other, and notes them.
type network struct {
	answers []func(*http.Request) (*http.Response, error)
	seen    []string
}

func (n *network) RoundTrip(req *http.Request) (*http.Response, error) {
	body := ""
	if req.Body != nil {
		raw, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		body = " " + string(raw)
	}
	n.seen = append(n.seen, req.Method+" "+req.URL.String()+body)
	if len(n.answers) == 0 {
		return nil, errors.New("no answer left")
	}
	next := n.answers[0]
	n.answers = n.answers[1:]
	return next(req)
}

func status(code int, header ...string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		h := http.Header{}
		for i := 0; i < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader("body"))}, nil
	}
}

func broken(*http.Request) (*http.Response, error) { return nil, errors.New("connection reset") }

// home is where a plugin's configuration may lead.
type home struct {
	Home struct {
		URL string `json:"url"`
	} `json:"home,omitempty"`
}

// through returns a plugin whose requests go through a transport, with the configuration
// home and net needs of scopes.
func through(t *testing.T, transport http.RoundTripper, url string, scopes ...string) *sdk.Plugin {
	t.Helper()
	p := plain(says("")).Use(sdk.Environment{Transport: transport})
	sdk.Config(p, func(context.Context, home) error { return nil })
	lead(t, p, url, scopes...)
	return p
}

// lead gives a plugin another configuration and other grants.
func lead(t *testing.T, p *sdk.Plugin, url string, scopes ...string) {
	t.Helper()
	c := sdk.Configuration{Values: fmt.Appendf(nil, `{"home":{"url":%q}}`, url), Granted: []sdk.Need{{Kind: "secret", Scope: "evil.example:443"}}}
	for _, scope := range scopes {
		c.Granted = append(c.Granted, sdk.Need{Kind: "net", Scope: scope})
	}
	done, err := p.Configure(t.Context(), c)
	if err != nil || len(done.Diagnostics) > 0 {
		t.Fatal(done, err)
	}
}

// reaching returns a plugin that may reach api.example.org and what the
// configuration names.
func reaching(t *testing.T, n http.RoundTripper) *sdk.Plugin {
	t.Helper()
	return through(t, n, "http://Home.local:8123/api", "api.example.org:443", "config:/home/url", "config:/nothing")
}

func get(ctx context.Context, p *sdk.Plugin, method, url, body string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	return p.HTTP().Do(req)
}

func TestOnlyGrantedHostsAreReached(t *testing.T) {
	for url, allowed := range map[string]bool{
		"https://api.example.org/v1":       true,
		"https://API.example.org.:443/v1":  true,
		"http://home.local:8123/x":         true,
		"http://api.example.org/v1":        false, // port 80
		"https://api.example.org:8443/":    false,
		"https://api.example.org.evil.com": false,
		"https://evil.example/":            false,
		"http://home.local/":               false,
		"http://127.0.0.1:443/":            false,
	} {
		n := &network{answers: []func(*http.Request) (*http.Response, error){status(200)}}
		resp, err := get(t.Context(), reaching(t, n), "GET", url, "")
		if err == nil {
			resp.Body.Close()
		}
		if (err == nil) != allowed || (len(n.seen) == 1) != allowed {
			t.Errorf("%s: %v, requests %v; want allowed %t", url, err, n.seen, allowed)
		}
		if !allowed && sdk.ErrorCode(err) != sdk.CodeForbidden {
			t.Errorf("%s: code is %s", url, sdk.ErrorCode(err))
		}
	}
}

func TestARedirectToAHostThatWasNotGrantedIsRefused(t *testing.T) {
	n := &network{answers: []func(*http.Request) (*http.Response, error){status(302, "Location", "https://evil.example/steal")}}
	_, err := get(t.Context(), reaching(t, n), "GET", "https://api.example.org/", "")
	if sdk.ErrorCode(err) != sdk.CodeForbidden || len(n.seen) != 1 {
		t.Errorf("error is %v after %v", err, n.seen)
	}
}

// fault-H29: a granted name that leads into the network of the house is refused,
// also when it led elsewhere before; what the operator wrote is not.
func TestAGrantReachesOnlyWhereItsNameMayLead(t *testing.T) {
	served := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { served++ }))
	defer server.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	addresstest.LeadHere(t)
	for _, transport := range []http.RoundTripper{nil, &http.Transport{DisableKeepAlives: true}} {
		for name, c := range map[string]struct {
			host, scope string
			reached     bool
		}{
			"rebound":                 {"api.rebound.test", "api.rebound.test:" + port, false},
			"decimal":                 {"2130706433", "2130706433:" + port, false},
			"the very address":        {"127.0.0.1", "127.0.0.1:" + port, true},
			"the operator's own word": {"api.rebound.test", "config:/home/url", true},
		} {
			p := through(t, transport, fmt.Sprintf("http://%s:%s/", c.host, port), c.scope)
			served = 0
			resp, err := get(t.Context(), p, "GET", "http://"+c.host+":"+port+"/", "")
			if err == nil {
				resp.Body.Close()
			}
			p.HTTP().CloseIdleConnections()
			if (err == nil) != c.reached || (served == 1) != c.reached || name == "rebound" && sdk.ErrorCode(err) != sdk.CodeForbidden {
				t.Errorf("%s: %v, served %d; want reached %v", name, err, served, c.reached)
			}
		}
	}
}

func TestNothingIsReachedBeforeTheFirstConfigurationOrAfterARefusedOne(t *testing.T) {
	n := &network{}
	if _, err := get(t.Context(), plain(says("")).Use(sdk.Environment{Transport: n}), "GET", "https://api.example.org/", ""); sdk.ErrorCode(err) != sdk.CodeForbidden {
		t.Errorf("error is %v", err)
	}
	p := reaching(t, n)
	done, err := p.Configure(t.Context(), sdk.Configuration{
		Values: []byte(`{"bad":1}`), Granted: []sdk.Need{{Kind: "net", Scope: "evil.example:443"}},
	})
	if err != nil || len(done.Diagnostics) != 1 {
		t.Fatal(done, err)
	}
	if _, err := get(t.Context(), p, "GET", "https://evil.example/", ""); sdk.ErrorCode(err) != sdk.CodeForbidden {
		t.Errorf("the grants of a refused configuration hold: %v", err)
	}
}

func TestRequestsAreRepeatedWhereThatIsSafeAndMayHelp(t *testing.T) {
	ok := status(200)
	for name, c := range map[string]struct {
		method, body string
		answers      []func(*http.Request) (*http.Response, error)
		tries        int
		status       int
	}{
		"server error, then fine":   {"GET", "", []func(*http.Request) (*http.Response, error){status(503), ok}, 2, 200},
		"broken, then fine":         {"GET", "", []func(*http.Request) (*http.Response, error){broken, broken, ok}, 3, 200},
		"too many requests":         {"PUT", "data", []func(*http.Request) (*http.Response, error){status(429, "Retry-After", "2"), ok}, 2, 200},
		"never better":              {"GET", "", []func(*http.Request) (*http.Response, error){status(500), status(500), status(500), ok}, 3, 500},
		"not to be repeated":        {"POST", "data", []func(*http.Request) (*http.Response, error){status(503), ok}, 1, 503},
		"not found stays not found": {"GET", "", []func(*http.Request) (*http.Response, error){status(404), ok}, 1, 404},
		"longer than there is time": {"GET", "", []func(*http.Request) (*http.Response, error){status(503, "Retry-After", "60"), ok}, 1, 503},
	} {
		synctest.Test(t, func(t *testing.T) {
			n := &network{answers: c.answers}
			began := time.Now()
			resp, err := get(t.Context(), reaching(t, n), c.method, "https://api.example.org/", c.body)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			defer resp.Body.Close()
			if len(n.seen) != c.tries || resp.StatusCode != c.status {
				t.Errorf("%s: %d after %v; want %d after %d tries", name, resp.StatusCode, n.seen, c.status, c.tries)
			}
			for _, s := range n.seen {
				if diff := cmp.Diff(strings.TrimSpace(c.method+" https://api.example.org/ "+c.body), strings.TrimSpace(s)); diff != "" {
					t.Errorf("%s: a repetition differs:\n%s", name, diff)
				}
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("%s: took %v", name, took)
			}
		})
	}
}

func TestARequestEndsWithItsContextAlsoBetweenTwoTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{answers: []func(*http.Request) (*http.Response, error){status(503, "Retry-After", "5"), status(200)}}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began := time.Now()
		_, err := get(ctx, reaching(t, n), "GET", "https://api.example.org/", "")
		if !errors.Is(err, context.Canceled) || time.Since(began) != time.Second {
			t.Errorf("ended after %v with %v", time.Since(began), err)
		}
	})
}

func TestARequestWithoutAnswerIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		}
		n := &network{answers: []func(*http.Request) (*http.Response, error){silent}}
		began := time.Now()
		_, err := get(t.Context(), reaching(t, n), "GET", "https://api.example.org/", "")
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 10*time.Second {
			t.Errorf("ended after %v with %v", time.Since(began), err)
		}
	})
}

func TestAnAnswerThatIsTooLargeIsAnError(t *testing.T) {
	for size, want := range map[int]sdk.Code{4 << 20: "", 4<<20 + 1: sdk.CodeTooLarge} {
		n := &network{answers: []func(*http.Request) (*http.Response, error){func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(strings.Repeat("x", size)))}, nil
		}}}
		resp, err := get(t.Context(), reaching(t, n), "GET", "https://api.example.org/", "")
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if sdk.ErrorCode(err) != want || len(raw) > 4<<20 {
			t.Errorf("%d bytes: read %d with %v, want code %q", size, len(raw), err, want)
		}
	}
}

// always answers every request in the same way, and counts them.
type always struct {
	answer func(*http.Request) (*http.Response, error)
	asked  int
}

func (a *always) RoundTrip(req *http.Request) (*http.Response, error) {
	a.asked++
	return a.answer(req)
}

// S09: many requests that all fail are not many more when they are repeated.
func TestRepetitionsOfFailingRequestsStayFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &always{answer: status(500)}
		p := reaching(t, a)
		began := time.Now()
		for range 200 {
			resp, err := get(t.Context(), p, "GET", "https://api.example.org/", "")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
		// A fifth, ten that were saved up, and one each ten seconds.
		most := 200 + 40 + 10 + int(time.Since(began).Seconds()/10) + 1
		if a.asked > most || a.asked < 220 {
			t.Errorf("200 requests became %d, want 220 to %d", a.asked, most)
		}
	})
}

// S09: a service that does not answer is left alone, the operator reads so in the
// plugin's health, and the first answer ends it.
func TestAServiceThatDoesNotAnswerIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &always{answer: broken}
		p := reaching(t, a)
		for range 100 {
			if _, err := get(t.Context(), p, "GET", "https://api.example.org/", ""); err == nil {
				t.Fatal("a broken service answered")
			}
		}
		if a.asked != 5 {
			t.Errorf("100 requests reached a service %d times that answered none, want 5", a.asked)
		}
		_, err := get(t.Context(), p, "GET", "https://api.example.org/", "")
		if sdk.ErrorCode(err) != sdk.CodeUnavailable || !strings.Contains(err.Error(), "api.example.org:443 does not answer: connection reset; it is left alone for") {
			t.Errorf("the error is %v", err)
		}
		healthy := func(want bool, says string) {
			t.Helper()
			h, err := p.Health(t.Context())
			if err != nil || h.OK != want || !strings.Contains(h.Message, says) {
				t.Errorf("health is %+v, %v", h, err)
			}
		}
		healthy(false, "api.example.org:443 does not answer")
		if resp, err := get(t.Context(), p, "GET", "http://home.local:8123/", ""); err == nil || a.asked != 8 {
			t.Errorf("another service was not asked on its own: %v %v, %d requests", resp, err, a.asked)
		}
		a.answer = status(200)
		healthy(false, "api.example.org:443") // nobody has seen it answer yet
		time.Sleep(2 * time.Second)
		for _, url := range []string{"https://api.example.org/", "http://home.local:8123/"} {
			resp, err := get(t.Context(), p, "GET", url, "")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
		healthy(true, "")
	})
}

// A service that the operator replaced by another is no trouble of the plugin's any more.
func TestAServiceOutOfReachIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := reaching(t, &always{answer: broken})
		for range 5 {
			if _, err := get(t.Context(), p, "GET", "http://home.local:8123/", ""); err == nil {
				t.Fatal("a broken service answered")
			}
		}
		if h, err := p.Health(t.Context()); err != nil || h.OK {
			t.Errorf("while it is asked: %+v, %v", h, err)
		}
		lead(t, p, "http://home.local:8124/api", "api.example.org:443", "config:/home/url")
		if h, err := p.Health(t.Context()); err != nil || !h.OK {
			t.Errorf("with another in its place: %+v, %v", h, err)
		}
	})
}

// Whoever gives a request up says nothing about the service.
func TestRequestsThatAreGivenUpBlameNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &always{answer: func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		}}
		p := reaching(t, a)
		for range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			if _, err := get(ctx, p, "GET", "https://api.example.org/", ""); !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
		}
		if h, err := p.Health(t.Context()); err != nil || !h.OK || a.asked != 20 {
			t.Errorf("health is %+v, %v after %d requests", h, err, a.asked)
		}
	})
}

// S12: a name that is never resolved ends the request within the time for
// connecting; nobody waits for the resolver.
func TestANameThatIsNeverResolvedEndsTheRequest(t *testing.T) {
	whole := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = whole })
	lost := errors.New("no way to the resolver")
	silent := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, lost }}
	if _, err := silent.LookupHost(t.Context(), "nowhere.example"); err == nil { // the system's settings are read outside of the bubble
		t.Fatal("a resolver that can't be reached found something")
	}
	silent.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	net.DefaultResolver = silent
	synctest.Test(t, func(t *testing.T) {
		p := plain(says(""))
		done, err := p.Configure(t.Context(), sdk.Configuration{Granted: []sdk.Need{{Kind: "net", Scope: "nowhere.example:443"}}})
		if err != nil || len(done.Diagnostics) > 0 {
			t.Fatal(done, err)
		}
		began := time.Now()
		if _, err := get(t.Context(), p, "POST", "https://nowhere.example/", ""); err == nil || time.Since(began) != 5*time.Second {
			t.Errorf("ended after %v with %v", time.Since(began), err)
		}
	})
}
