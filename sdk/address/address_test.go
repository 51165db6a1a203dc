package address_test

import (
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"testing"

	. "github.com/jarvis-host/jarvis/sdk/address"
	"github.com/jarvis-host/jarvis/sdk/address/addresstest"
)

// leading says who reaches an address to which a host leads.
var leading = []struct {
	Host, Leads      string
	Author, Operator bool
}{
	{"api.example.com", "93.184.216.34", true, true},
	{"api.example.com", "2606:2800:220:1::1", true, true},
	{"api.example.com", "::ffff:93.184.216.34", true, true},
	{"api.example.com", "64:ff9b::5db8:d822", true, true},

	// A name that leads inside: rebound, or never meant to lead elsewhere.
	{"api.example.com", "127.0.0.1", false, true},
	{"api.example.com", "::1", false, true},
	{"api.example.com", "10.1.2.3", false, true},
	{"api.example.com", "172.31.0.1", false, true},
	{"api.example.com", "192.168.1.5", false, true},
	{"api.example.com", "100.64.0.1", false, true},
	{"api.example.com", "::ffff:192.168.1.5", false, true},
	{"api.example.com", "64:ff9b::7f00:1", false, true},
	{"api.example.com", "2002:7f00:1::", false, true},
	{"api.example.com", "fd12::5", false, true},
	{"api.example.com", "fe80::1%eth0", false, true},
	{"home.local", "192.168.1.5", false, true},

	// Where clouds hand out credentials, and nowhere.
	{"metadata.google.internal", "169.254.169.254", false, false},
	{"home.local", "169.254.169.254", false, false},
	{"home.local", "::ffff:169.254.169.254", false, false},
	{"home.local", "fd00:ec2::254", false, false},
	{"home.local", "64:ff9b::a9fe:a9fe", false, false},
	{"home.local", "64:ff9b::", false, false},
	{"home.local", "100.100.100.200", false, false},
	{"169.254.169.254", "169.254.169.254", false, true},
	{"home.local", "0.0.0.0", false, false},
	{"0.0.0.0", "0.0.0.0", false, false},
	{"home.local", "::", false, false},
	{"home.local", "224.0.0.1", false, false},
	{"home.local", "255.255.255.255", false, false},

	// The very address, read by whoever consented to it.
	{"127.0.0.1", "127.0.0.1", true, true},
	{"192.168.1.5", "192.168.1.5", true, true},
	{"[::1]", "::1", true, true},
	{"::ffff:127.0.0.1", "127.0.0.1", true, true},
	// Written so that only a resolver takes it for one.
	{"2130706433", "127.0.0.1", false, true},
	{"0x7f.1", "127.0.0.1", false, true},
	{"127.1", "127.0.0.1", false, true},
	{"2852039166", "169.254.169.254", false, false},

	{"localhost", "127.0.0.1", true, true},
	{"app.localhost", "::1", true, true},
	{"localhost", "192.168.1.5", false, false},
	{"localhost.evil.example", "127.0.0.1", false, true},
}

// fault-H29: where a name leads decides, whatever it is called and however an
// address is written.
func TestAWordReachesAsFarAsItsAddress(t *testing.T) {
	for _, c := range leading {
		for word, want := range map[Word]bool{Author: c.Author, Operator: c.Operator} {
			err := word.Check(c.Host, netip.MustParseAddr(c.Leads))
			if (err == nil) != want {
				t.Errorf("word %d: %s that leads to %s: %v, want reached %v", word, c.Host, c.Leads, err, want)
			}
			if refused, ok := errors.AsType[*Refused](err); err != nil && (!ok || refused.Host != c.Host) {
				t.Errorf("word %d: %s: %v is no Refused", word, c.Host, err)
			}
		}
	}
}

// A dial asks for the address to which it connects, and connects nowhere else.
func TestADialIsRefusedBeforeItConnects(t *testing.T) { // fault-H29
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	accepted := make(chan struct{}, 8)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
			accepted <- struct{}{}
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	c, err := Author.Dial(t.Context(), net.Dialer{}, "tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		t.Fatalf("the very address: %v", err)
	}
	_ = c.Close()
	<-accepted
	addresstest.LeadHere(t)
	_, err = Author.Dial(t.Context(), net.Dialer{}, "tcp", net.JoinHostPort("api.rebound.test", port))
	if refused, ok := errors.AsType[*Refused](err); !ok || refused.Leads != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("a name that leads here: %v", err)
	}
	if c, err = Operator.Dial(t.Context(), net.Dialer{}, "tcp", net.JoinHostPort("api.rebound.test", port)); err != nil {
		t.Errorf("on the operator's word: %v", err)
	} else {
		_ = c.Close()
		<-accepted
	}
	if len(accepted) > 0 {
		t.Error("a connection that was refused was made")
	}
}

// The helper for plugins in Python has the same rules.
func TestPythonReachesAsFar(t *testing.T) { // fault-H29
	python, err := exec.LookPath("python3")
	if err != nil && os.Getenv("JARVIS_TESTS_SKIP_NOTHING") != "" {
		t.Fatal("no python3")
	}
	if err != nil {
		t.Skip("no python3")
	}
	helper, err := os.ReadFile("../python/jarvis_plugin/http.py")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := json.Marshal(leading)
	if err != nil {
		t.Fatal(err)
	}
	// The package itself needs gRPC, which this does not.
	script := exec.CommandContext(t.Context(), python, "-c", `
import json, socket, sys, types
fail = type("Fail", (Exception,), {"__init__": lambda self, code, detail="": setattr(self, "code", code)})
for name, members in (("helper", {"__path__": []}), ("helper.contract", {"Fail": fail})):
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name]).update(members)
http = types.ModuleType("helper.http")
http.__package__ = "helper"
exec(sys.argv[1], vars(http))
for row in json.loads(sys.argv[2]):
    for word in ("Author", "Operator"):
        try:
            http.check(row["Host"], row["Leads"], word == "Operator")
            reached = True
        except http.Refused:
            reached = False
        if reached != row[word]:
            print(row, word, reached)
def need(scope, kind="net"): return types.SimpleNamespace(kind=kind, scope=scope)
found = http.granted(
    [need("API.example.org.:443"), need("config:/home/url"), need("config:/plain"), need("config:/none"), need("config:/odd"), need("x:1", "secret"),
     need("both:80"), need("config:/both"), need("[::1]:53")],
    {"home": {"url": "http://Home.local:8123/api"}, "plain": "nas.local:9000", "odd": "nowhere", "both": "http://both/"})
want = {("api.example.org", 443): False, ("home.local", 8123): True, ("nas.local", 9000): True, ("both", 80): True, ("::1", 53): False}
if found != want or http.place("https://API.example.org./v1") not in found:
    print("granted:", found)
socket.getaddrinfo = lambda host, port, **_: [(2, 1, 6, "", ("127.0.0.1", port))]
class Connected(Exception): pass
def connect(*_): raise Connected
socket.create_connection = connect
for operators, want in ((False, "forbidden"), (True, "connected")):
    try:
        http.connect(operators, ("api.rebound.test", 80), 5)
    except fail as e:
        got = e.code
    except Connected:
        got = "connected"
    if got != want:
        print("a connection on the word", operators, "is", got)
    try:
        http.fetch(http.opener(types.SimpleNamespace(brokered=False)), {("api.rebound.test", 80): operators}, "http://api.rebound.test/", "GET", None, None, 5)
    except fail as e:
        got = e.code
    except Connected:
        got = "connected"
    if got != want:
        print("a request on the word", operators, "is", got)
`, string(helper), string(rows))
	if out, err := script.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
