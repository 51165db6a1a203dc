package main

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/sdk"
)

// market is a plugin that asks a service, and tries to get past the host.
func market() *sdk.Plugin {
	p := sdk.New("market", "0.1.0", "A market for tests").Languages("en").Needs(sdk.NeedNet, "config:/url", "ask for prices")
	var url string
	sdk.Config(p, func(_ context.Context, c struct {
		URL string `json:"url" desc:"Where to ask"`
	},
	) error {
		url = c.URL
		return nil
	})
	sdk.Tool(p, "price", "Tells a price", func(ctx context.Context, c *sdk.Call, _ struct{}) (string, error) {
		price, err := c.Get(ctx, url)
		return string(price), err
	}, sdk.ReadOnly(), sdk.Say("en", "what do leeks cost"))
	sdk.Tool(p, "sneak", "Connects by itself", func(ctx context.Context, _ *sdk.Call, _ struct{}) (string, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			return fmt.Sprint("not past the host: ", err), nil
		}
		return "connected", conn.Close()
	}, sdk.ReadOnly(), sdk.Say("en", "sneak out"))
	sdk.Tool(p, "elsewhere", "Asks for what was not granted", func(ctx context.Context, c *sdk.Call, _ struct{}) (string, error) {
		_, err := c.Dial(ctx, "127.0.0.1:1")
		return "", err
	}, sdk.ReadOnly(), sdk.Say("en", "look elsewhere"))
	return p
}

// withMarket configures a host with a market that asks at a URL.
func withMarket(brokered bool, url string) string {
	return fmt.Sprintf(quiet+`plugins:
  market:
    enabled: true
    path: jarvis-plugin-market
    brokered: %v
    grants: ["net config:/url"]
    config: {url: %q}
`, brokered, url)
}

// A plugin without TCP of its own asks what was granted to it all the same, without
// a line of its own for it; its own attempts end in the kernel.
func TestAPluginWithoutANetworkIsServedByTheHost(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "2 euros") }))
	t.Cleanup(srv.Close)
	for _, brokered := range []bool{false, true} {
		h := startHost(t, "", withMarket(brokered, srv.URL))
		c := h.dial("a")
		if got := c.ask("what do leeks cost").done.Text; got != "2 euros" {
			t.Errorf("brokered %v: got %q", brokered, got)
		}
		got := c.ask("sneak out").done.Text
		switch contained := !strings.Contains(h.log.String(), "can open TCP connections of its own"); {
		case !brokered && got != "connected", brokered && contained && !strings.Contains(got, "permission denied"):
			t.Errorf("brokered %v: it sneaks out with %q", brokered, got)
		case brokered && !contained:
			t.Logf("this kernel can't keep a plugin from TCP, and says so")
		}
		if got := c.ask("look elsewhere").done; got.Code != "forbidden" {
			t.Errorf("brokered %v: elsewhere it got %+v", brokered, got)
		}
		h.stop()
	}
}

// A plugin without TCP of its own asks over HTTPS through the host, and it is the
// plugin that speaks TLS: a certificate that is not trusted, or is another place's,
// is refused, so is a way that leads to a place that was not granted, and an answer
// without end is cut off.
func TestAPluginWithoutANetworkAsksOverHTTPS(t *testing.T) {
	handler := http.NewServeMux()
	elsewhere := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "3 euros") }))
	t.Cleanup(elsewhere.Close)
	handler.HandleFunc("/price", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "2 euros") })
	handler.Handle("/away", http.RedirectHandler(elsewhere.URL, http.StatusFound))
	handler.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	})
	srv := httptest.NewTLSServer(handler)
	t.Cleanup(srv.Close)
	trusted := filepath.Join(t.TempDir(), "ca.pem")
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err := os.WriteFile(trusted, ca, 0o600); err != nil {
		t.Fatal(err)
	}
	named := strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)
	for name, tc := range map[string]struct{ url, trust, want, code, log string }{
		"trusted":          {srv.URL + "/price", trusted, "2 euros", "", ""},
		"not trusted":      {srv.URL + "/price", os.DevNull, "", "unavailable", "certificate signed by unknown authority"},
		"another's":        {named + "/price", trusted, "", "unavailable", "certificate is valid for example.com, *.example.com, not localhost"},
		"to another place": {srv.URL + "/away", trusted, "", "forbidden", ""},
		"without end":      {srv.URL + "/endless", trusted, "", "too_large", "answer is larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			h := startHostIn(t, "", withMarket(true, tc.url), []string{"SSL_CERT_FILE=" + tc.trust, "SSL_CERT_DIR=" + t.TempDir()})
			h.ready("market")
			got := h.dial("a").ask("what do leeks cost").done
			if got.Code != tc.code || tc.want != "" && got.Text != tc.want {
				t.Errorf("got %+v", got)
			}
			until(t, "the log to say "+tc.log, func() bool { return strings.Contains(h.log.String(), tc.log) })
		})
	}
}
