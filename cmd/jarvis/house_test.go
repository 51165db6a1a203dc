package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/sdk"
)

// house is a plugin for a house that others have their hands on too, for the
// tests of what outlives plugin and host.
func house() *sdk.Plugin {
	p := sdk.New("house", "0.1.0", "A house for tests").Languages("fr", "en").Needs("net", "config:/url", "ask the house")
	var url atomic.Value
	sdk.Config(p, func(_ context.Context, c struct {
		URL string `json:"url" desc:"Where the house is"`
	},
	) error {
		url.Store(c.URL)
		return nil
	})
	ask := func(ctx context.Context, c *sdk.Call, method, thing, body string) (string, error) {
		req, err := http.NewRequestWithContext(ctx, method, fmt.Sprint(url.Load(), "/", thing), strings.NewReader(body))
		if err != nil {
			return "", err
		}
		resp, err := c.HTTP().Do(req)
		if err != nil {
			return "", err
		}
		defer func() { _ = resp.Body.Close() }()
		raw, err := io.ReadAll(resp.Body)
		return string(raw), err
	}
	type change struct {
		To string `json:"to" desc:"What it shall be"`
	}
	type changed struct {
		Was string `json:"was"`
	}
	control := func(thing string, opts ...sdk.ToolOption) {
		sdk.Tool(p, thing, "Set the "+thing, func(ctx context.Context, c *sdk.Call, in change) (changed, error) {
			was, err := ask(ctx, c, http.MethodGet, thing, "")
			if err != nil {
				return changed{}, err
			}
			_, err = ask(ctx, c, http.MethodPost, thing, in.To)
			return changed{Was: was}, err
		}, append(opts, sdk.Additive(), sdk.Say("en", "set the "+thing+" to {to}"), sdk.Reply("en", "it was {was}"),
			sdk.Verify(func(ctx context.Context, c *sdk.Call, in change) (sdk.Sight, error) {
				is, err := ask(ctx, c, http.MethodGet, thing, "")
				if err == nil && is != in.To {
					return sdk.Sight{Finding: sdk.FindingFailed, Seen: "it is " + is}, nil
				}
				return sdk.Sight{Finding: sdk.FindingVerified}, err
			}),
			sdk.Undo(func(ctx context.Context, c *sdk.Call, in change, out changed) (string, error) {
				is, err := ask(ctx, c, http.MethodGet, thing, "")
				if err != nil {
					return "", err
				}
				if is != in.To {
					return "", sdk.Fail(sdk.CodeConflict, "somebody has set it to %s since", is)
				}
				_, err = ask(ctx, c, http.MethodPost, thing, out.Was)
				return "back at " + out.Was, err
			}))...)
	}
	sdk.Tool(p, "ring", "Ring the bell", func(_ context.Context, c *sdk.Call, _ struct{}) (string, error) {
		c.Text("Ding. ")
		name, err := c.Ask("Who is there?")
		if err != nil {
			return "", err
		}
		n, _, err := sdk.State[int](c)
		if err != nil {
			return "", err
		}
		c.Log().Info("the bell rang")
		return fmt.Sprintf("Hello %s, that was ring %d.", name, n+1), c.SetState(n + 1)
	}, sdk.ReadOnly(), sdk.Say("en", "ring the bell"))
	control("brightness")
	control("temperature")
	control("lock", sdk.AskFirst(sdk.ConfirmAlways, map[string]string{"en": "Set the lock to {to}?", "fr": "Mettre le verrou sur {to} ?"}))
	return p
}

// building is the house itself: it goes on while hosts and plugins come and go.
type building struct {
	*httptest.Server
	mu      sync.Mutex
	things  map[string]string
	changes int
	deaf    bool // it does what it is asked to, and does not say so
	heard   chan struct{}
}

func newBuilding(t *testing.T) *building {
	t.Helper()
	b := &building{things: map[string]string{"brightness": "40", "temperature": "19", "lock": "open"}, heard: make(chan struct{}, 9)}
	b.Server = httptest.NewServer(b)
	t.Cleanup(func() { b.CloseClientConnections(); b.Close() })
	return b
}

// ServeHTTP implements [http.Handler].
func (b *building) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	thing := strings.TrimPrefix(r.URL.Path, "/")
	b.mu.Lock()
	if r.Method == http.MethodPost && err == nil {
		b.things[thing] = string(body)
		b.changes++
	}
	is, deaf := b.things[thing], b.deaf && r.Method == http.MethodPost
	b.mu.Unlock()
	if deaf {
		b.heard <- struct{}{}
		<-r.Context().Done()
		return
	}
	_, _ = io.WriteString(w, is)
}

// set is somebody at the switch.
func (b *building) set(thing, to string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.things[thing] = to
}

func (b *building) is(thing string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.things[thing]
}

// hear sets whether it answers, and says how often it was changed so far.
func (b *building) hear(answers bool) (changes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.deaf = !answers
	return b.changes
}

// config is a host with this house.
func (b *building) config() string {
	return quiet + "plugins:\n  house:\n    enabled: true\n    path: jarvis-plugin-house\n" +
		"    grants: [\"net config:/url\", brightness, temperature, lock]\n    config: {url: \"" + b.URL + "\"}\n"
}

// D06: a plugin says a part of its answer before the rest, asks the person, keeps
// what belongs to a conversation, and its log lines name the request.
func TestAPluginSaysAPartAsksKeepsAndLogs(t *testing.T) {
	h := startHouse(t, "", newBuilding(t))
	ring := func(c *client) (end protocol.Done) {
		t.Helper()
		var part protocol.Delta
		var q protocol.Question
		c.say("ring the bell")
		c.into(c.next(protocol.TypeDelta), &part)
		c.into(c.next(protocol.TypeQuestion), &q)
		if part.Text != "Ding. " || q.Kind != "text" || q.Text != "Who is there?" {
			t.Errorf("it said %+v, then asked %+v", part, q)
		}
		c.session = q.Session
		c.send(protocol.Reply{Type: protocol.TypeReply, Question: q.Question, Value: []byte(`"Ann"`)})
		c.into(c.next(protocol.TypeDone), &end)
		return end
	}
	a, b := h.dial("a"), h.dial("b")
	for i, tc := range []struct {
		c    *client
		want string
	}{{a, "Ding. Hello Ann, that was ring 1."}, {a, "Ding. Hello Ann, that was ring 2."}, {b, "Ding. Hello Ann, that was ring 1."}} {
		end := ring(tc.c)
		if end.Text != tc.want || end.State != "answered" {
			t.Errorf("ring %d: %+v, want %q", i, end, tc.want)
		}
		until(t, "the turn's line", func() bool { return strings.Contains(h.log.String(), "turn="+end.Turn) })
		request := regexp.MustCompile(`turn done: .*turn=` + end.Turn + ` request_id=(\S+)`).FindStringSubmatch(h.log.String())
		if request == nil || !regexp.MustCompile(`the bell rang.*`+regexp.QuoteMeta(request[1])).MatchString(h.log.String()) {
			t.Errorf("ring %d: no line of the plugin names request %q:\n%s", i, request, h.log)
		}
	}
}
