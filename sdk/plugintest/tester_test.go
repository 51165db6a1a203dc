package plugintest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// D02, D10: what happens to a plugin's host and grants can be tried in Python too,
// and what it says unasked is there to be looked at.
func TestAnAuthorSteersTheHostInPython(t *testing.T) {
	script := filepath.Join(t.TempDir(), "steer.py")
	const source = `
from jarvis_plugin import Arg, Fail, Plugin
from jarvis_plugin.tester import Tester

p = Plugin("egg", "1.0.0", "Boils eggs")
p.needs("session", "", "to say so").needs("notify", "", "to tell")
p.config(wait=(Arg(int, "Minutes", min=1, max=9), 3))
heard = []

@p.tool("Says", read_only=True)
def say(call, text: Arg(str, "What"), where: Arg(str, "Where") = ""):
    return call.say(text, session=where)[0]

@p.tool("Tells", read_only=True)
def tell(call):
    return call.notify("ready")

@p.on_notice
def seen(call, notice):
    heard.append(notice)

h = Tester(p)
print(h.call("say", text="soon").text, h.said)
print(h.call("say", text=" ").problem, h.call("say", text="x" * 4097).problem, h.call("say", text="x", where="other").problem)
h.deny("session")
print(h.call("say", text="denied").problem)
h.grant("session")
h.lose()
print(h.call("say", text="lost").problem)
h.lose(False)
print(h.call("say", text="back").text, h.said)
print(h.configure({"wait": 99})[0][0], h.configure({"wait": 5}))
notice = h.call("tell").text
h.acknowledge(notice)
print(notice, heard, p.host.withdraw(notice))
try:
    h.acknowledge(notice)
except ValueError as e:
    print(e)
`
	if err := os.WriteFile(script, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), pythonProgram(t, "steer", script)).CombinedOutput()
	const want = "turn-1 ['soon']\ninvalid too_large forbidden\nforbidden\nunavailable\nturn-2 ['soon', 'back']\n" +
		"/wait []\nnotice-1 ['notice-1'] False\nnotice 'notice-1' is not open\n"
	if err != nil || string(out) != want {
		t.Errorf("%v\n%s", err, out)
	}
}
