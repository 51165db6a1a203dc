package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/sdk/wire/wiretest"
)

// withElder configures a plugin that was built against another contract.
func withElder(c wiretest.Contract, title string) string {
	return `plugins:
  elder:
    enabled: true
    path: jarvis-plugin-` + string(c) + `
    grants: [open, count, riddle, carve, kv, schedule, notify]
    config: {title: ` + title + `}
`
}

// D08: a plugin that was built with either of the two contracts before this one runs
// on this host, with all that it had; and so does one of a later contract with fields,
// methods and features that this host does not know.
func TestPluginsOfOtherContractsRun(t *testing.T) {
	for _, contract := range []wiretest.Contract{wiretest.First, wiretest.Second, wiretest.Next} {
		t.Run(string(contract), func(t *testing.T) {
			h := startHost(t, "", quiet+withElder(contract, "Lord"))
			if p := h.plugin("elder"); p.State != "ready" || p.Version != "1.0.0" {
				t.Fatalf("got %+v", p)
			}
			c := h.dial("a")
			for _, x := range [][2]string{
				{"greet the feline I pray you", "Hail, Lord cat, true, in en"},
				{"salue le chat", "Hail, Lord chat, false, in fr"},
				{"count sheep", "sheep 1"},
				{"count sheep", "sheep 2"},
				{"fail for me", "The stars are wrong."},
				{"ask me a riddle", "What has roots that nobody sees?"},
				{"a tree", "That is not it."},
				{"a mountain", "So it is."},
			} {
				if got := c.ask(x[0]).done.Text; got != x[1] {
					t.Errorf("%s: got %q, want %q", x[0], got, x[1])
				}
			}
			for said, want := range map[string]string{"let me choose": "you chose b", "open the tomb": "it is open, agreed: true"} {
				c.say(said)
				var q protocol.Question
				c.into(c.next(protocol.TypeQuestion), &q)
				value := any("b")
				if q.Kind == "confirm" {
					value = true
				}
				raw, err := json.Marshal(value)
				if err != nil {
					t.Fatal(err)
				}
				c.send(protocol.Reply{Type: protocol.TypeReply, Question: q.Question, Value: raw})
				var done protocol.Done
				c.into(c.next(protocol.TypeDone), &done)
				if done.Text != want {
					t.Errorf("%s: got %q, want %q", said, done.Text, want)
				}
			}
			if contract != wiretest.First {
				elderLetsTheHostWork(t, h, c)
			}
			h.stop()
			if left := h.processes(); len(left) > 0 {
				t.Errorf("still running: %v", left)
			}
		})
	}
}

// elderLetsTheHostWork asks for what the second contract added.
func elderLetsTheHostWork(t *testing.T, h *hostProcess, c *client) {
	t.Helper()
	carved := c.ask("carve it into stone")
	if last := carved.tools[len(carved.tools)-1]; carved.done.Text != "carved" || last.State != "verified" {
		t.Errorf("got %+v", carved)
	}
	if got := c.ask("undo that").done.Text; got != "polished" {
		t.Errorf("undo: got %q", got)
	}
	if got := c.ask("keep a value").done.Text; got != "kept amber" {
		t.Errorf("keep: got %q", got)
	}
	c.say("wake yourself") // the notice may come before the turn's end
	if n := c.notice(); n.Text != `dawn with {"n":1}` || n.Kind != "timer" {
		t.Errorf("got %+v", n)
	}
	if !strings.Contains(h.metrics(), `stones_total{plugin="elder",sort="flint"} 3`) {
		t.Error("the figures lack the plugin's")
	}
}

// D08: a plugin of a newer major version of the contract is refused with a sentence
// that names both versions and what to do.
func TestAPluginOfANewerMajorContractIsRefusedWithWhatToDo(t *testing.T) {
	h := startHost(t, "", quiet+withElder(wiretest.Major, "Lord"))
	p := h.plugin("elder")
	for _, want := range []string{
		"speaks version 2 of the plugin contract", "speaks version 1:", "upgrade the host", "plugins.elder.path", "`jarvis plugin restart elder`",
	} {
		if p.State != "blocked" || !strings.Contains(p.Reason, want) {
			t.Errorf("got %+v, want blocked with %q", p, want)
		}
	}
}

func TestAnEarlierPluginRefusesItsConfigurationAsItDid(t *testing.T) {
	h := startHost(t, "", quiet+withElder(wiretest.First, "king"))
	if p := h.plugin("elder"); p.State != "blocked" || !strings.Contains(p.Reason, "/title nobody is king") {
		t.Errorf("got %+v", p)
	}
}
