package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// S05: 30 messages a minute for each end user, on all ways in together; the
// 31st is told when to come back, and counted.
func TestThirtyMessagesAMinuteForEachEndUser(t *testing.T) {
	h := startHost(t, "", quiet+"limits:\n  connects_per_minute: 100\n")
	ben := h.newUser("ben", "--role", "user")
	c, b := h.dial("a"), h.dialAs("b", ben)
	b.next(protocol.TypeHello)
	for range 29 {
		c.ask("what time is it")
	}
	if code := h.rest(http.MethodPost, "/v1/chat", `{"text": "what time is it"}`, nil); code != http.StatusOK {
		t.Errorf("the 30th message got %d", code)
	}
	c.say("what time is it")
	var refused protocol.Error
	c.into(c.next(protocol.TypeError), &refused)
	if refused.Code != protocol.RateLimited || refused.RetryAfterMS <= 0 || refused.RetryAfterMS > 60_000 {
		t.Errorf("the 31st message got %+v", refused)
	}
	req, _ := http.NewRequest(http.MethodPost, "http://"+h.addr+"/v1/chat", strings.NewReader(`{"text": "what time is it"}`))
	req.Header.Set("Authorization", "Bearer "+h.key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	wait, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
	if resp.StatusCode != http.StatusTooManyRequests || wait < 1 || wait > 60 {
		t.Errorf("over REST it got %d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	if got := b.ask("what time is it"); got.done.State != "answered" {
		t.Errorf("another end user got %+v", got.done)
	}
	if n := h.metric(`rate_limit_hits_total{client_type="operator",endpoint="chat"}`); n != 2 {
		t.Errorf("counted %v refusals, want 2", n)
	}
}

// Who is turned away in a terminal reads why, and when to come back.
func TestChatSaysThatThereWereTooManyConnections(t *testing.T) {
	h := startHost(t, "", quiet+"limits:\n  connects_per_minute: 1\n")
	for range 2 {
		_, stderr, code := h.jarvis("", "chat", "-m", "what time is it")
		if code == 0 {
			continue
		}
		if !strings.Contains(stderr, "Try again in") && !strings.Contains(stderr, "Réessaie") || strings.Contains(stderr, "handshake") {
			t.Errorf("it says %q", stderr)
		}
		return
	}
	t.Error("two connections in a minute were let in")
}

// S05: 10 connections a minute from an address; who else an address claims to
// be does not count unless a trusted proxy says so.
func TestTenConnectionsAMinuteFromAnAddress(t *testing.T) {
	for _, trusted := range []bool{false, true} {
		config := quiet + "limits:\n  chat_per_minute: 5\n"
		if trusted {
			config += "gateway:\n  trusted_proxies: [127.0.0.1]\n"
		}
		h := startHost(t, "", config)
		passed := 0
		var last *http.Response
		for i := range 12 {
			d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}}
			conn, resp, err := d.Dial("ws://"+h.addr+"/ws", http.Header{
				"Authorization": {"Bearer " + h.key}, "X-Forwarded-For": {"198.51.100." + strconv.Itoa(i+1)},
			})
			if err == nil {
				passed++
				_ = conn.Close()
			} else {
				last = resp
			}
		}
		switch {
		case trusted && passed != 12:
			t.Errorf("behind a trusted proxy %d of 12 clients were let in", passed)
		case !trusted && passed != 10:
			t.Errorf("%d of 12 connections were let in, want 10", passed)
		case !trusted && (last.StatusCode != http.StatusTooManyRequests || last.Header.Get("Retry-After") == ""):
			t.Errorf("the 11th got %d, %v", last.StatusCode, last.Header)
		}
	}
}

// metrics is what GET /metrics says.
func (h *hostProcess) metrics() string {
	h.t.Helper()
	resp, err := http.Get("http://" + h.addr + "/metrics")
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return string(raw)
}

// metric reads one series of it.
func (h *hostProcess) metric(series string) float64 {
	h.t.Helper()
	for line := range strings.Lines(h.metrics()) {
		if rest, ok := strings.CutPrefix(line, series+" "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			if err != nil {
				h.t.Fatal(err)
			}
			return v
		}
	}
	h.t.Fatalf("there is no series %s", series)
	return 0
}

// newCertificate writes a certificate for 127.0.0.1 that vouches for itself.
func newCertificate(t *testing.T, dir, name string) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return certFile, keyFile, pool
}

// A host with a certificate speaks TLS alone, to WebSockets too, and takes over
// a renewed certificate while it runs.
func TestTheHostSpeaksTLSAndTakesOverARenewedCertificate(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile, pool := newCertificate(t, dir, "first")
	h := startHost(t, "", quiet+"gateway:\n  tls_cert_file: "+certFile+"\n  tls_key_file: "+keyFile+"\n")
	shown := func(pool *x509.CertPool) string {
		t.Helper()
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}}
		resp, err := client.Get("https://" + h.addr + "/health")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.TLS.PeerCertificates[0].Subject.CommonName
	}
	if got := shown(pool); got != "first" {
		t.Errorf("the host shows %q", got)
	}
	d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}, TLSClientConfig: &tls.Config{RootCAs: pool}}
	conn, _, err := d.Dial("wss://"+h.addr+"/ws", http.Header{"Authorization": {"Bearer " + h.key}})
	if err != nil {
		t.Fatal(err)
	}
	var hello protocol.Hello
	if _, raw, err := conn.ReadMessage(); err != nil || json.Unmarshal(raw, &hello) != nil || hello.Type != protocol.TypeHello {
		t.Errorf("over TLS the first frame is %s (%v)", raw, err)
	}
	_ = conn.Close()
	if !strings.Contains(h.log.String(), "ready on https://"+h.addr) || !strings.Contains(h.log.String(), "https://"+h.addr+"/signin?ticket=") {
		t.Errorf("the host announced itself as\n%s", h.log)
	}
	resp, err := http.Get("http://" + h.addr + "/health")
	if err == nil {
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			t.Error("the host answers without TLS too")
		}
	}
	_, _, pool = newCertificate(t, dir, "second")
	if got := shown(pool); got != "second" {
		t.Errorf("after the renewal the host shows %q", got)
	}
	if err := os.WriteFile(certFile, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := shown(pool); got != "second" {
		t.Errorf("with a bad file the host shows %q", got)
	}
	h.told("renewed certificate not taken over") // the log may come after the handshake
}

// fault-R1: with few descriptors, connections that are too many are told so at
// once, and the host and its plugins still have theirs.
func TestFewDescriptorsAreNotTakenFromTheHost(t *testing.T) {
	h := startHostUnder(t, "", quiet, []string{"sh", "-c", `ulimit -n 400; exec "$@"`, "sh"})
	c := h.dial("early")
	const many = 300
	told := 0
	for range many {
		conn, err := net.Dial("tcp", h.addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		// One that is let in is waited for; one that is not has its answer already.
		_ = conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		answer := make([]byte, 12)
		if n, _ := conn.Read(answer); n > 0 {
			if string(answer[:n]) != "HTTP/1.1 503" {
				t.Fatalf("a connection that is too many reads %q", answer[:n])
			}
			told++
		}
	}
	if told == 0 {
		t.Errorf("of %d connections none was told that it is too many", many)
	}
	if got := c.ask("play hangman"); got.done.State != "answered" {
		t.Errorf("meanwhile: %+v", got.done)
	}
	if strings.Contains(h.log.String(), "too many open files") {
		t.Error("the host ran out of descriptors")
	}
}
