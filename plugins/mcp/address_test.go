package mcp

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/jarvis-host/jarvis/plugins/mcp/mcptest"
	"github.com/jarvis-host/jarvis/sdk"
)

// S09: a server that loses every call is not asked twice as often for it: what may
// be made once more is, a few times, and then only now and then.
func TestCallsThatAreAllLostAreNotAllMadeAgain(t *testing.T) {
	serve, closeAll := mcptest.Handler()
	t.Cleanup(closeAll)
	var heard atomic.Int64
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if bytes.Contains(body, []byte(`"tools/call"`)) {
			heard.Add(1)
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		serve.ServeHTTP(w, r)
	}))
	t.Cleanup(web.Close)
	m := newMount(Options{})
	t.Cleanup(func() { m.now.close(); m.plugin.HTTP().CloseIdleConnections() })
	values, err := json.Marshal(Settings{URL: web.URL, Trust: true, Seconds: 10})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.plugin.Configure(t.Context(), sdk.Configuration{Values: values, Granted: []sdk.Need{{Kind: "net", Scope: "config:/url"}}}); err != nil {
		t.Fatal(err)
	}
	const calls = 10
	in := &sdk.Invocation{Tool: "list_notes", Args: json.RawMessage("{}"), Info: sdk.CallInfo{Call: "c", Locale: "en"}}
	for range calls {
		for ev, err := range m.plugin.Invoke(t.Context(), in) {
			if _, answered := ev.(sdk.Result); err != nil || answered {
				t.Fatalf("got %+v, %v", ev, err)
			}
		}
	}
	// The reserve, a fifth of the calls, and one for each ten seconds that it took.
	if n := heard.Load(); n < calls/2 || n > calls+3+2+2 {
		t.Errorf("%d calls came to the server %d times", calls, n)
	} else {
		t.Logf("%d calls came to the server %d times", calls, n)
	}
}
