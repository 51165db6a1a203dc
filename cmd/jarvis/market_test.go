package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
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

// A plugin without TCP of its own asks what was granted to it all the same, without
// a line of its own for it; its own attempts end in the kernel.
func TestAPluginWithoutANetworkIsServedByTheHost(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "2 euros") }))
	t.Cleanup(srv.Close)
	config := func(brokered bool) string {
		return fmt.Sprintf(quiet+`plugins:
  market:
    enabled: true
    path: jarvis-plugin-market
    brokered: %v
    grants: ["net config:/url"]
    config: {url: %q}
`, brokered, srv.URL)
	}
	for _, brokered := range []bool{false, true} {
		h := startHost(t, "", config(brokered))
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
		if got := c.ask("look elsewhere").done; got.State != "failed" && !strings.Contains(got.Text, "not allowed") {
			t.Errorf("brokered %v: elsewhere it got %+v", brokered, got)
		}
		h.stop()
	}
}
