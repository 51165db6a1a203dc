package host

import (
	"crypto/tls"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/telemetry"
)

// certificate is the host's own, as its files have it now: a renewed one counts
// from the next handshake on, and a bad one leaves the last good one in place.
type certificate struct {
	certFile, keyFile string
	log               hclog.Logger

	mu    sync.Mutex
	good  *tls.Certificate
	stamp [2]time.Time // of the files when they were read last
}

// newCertificate reads the files; without a file there is none.
func newCertificate(certFile, keyFile string, log hclog.Logger) (*certificate, error) {
	if certFile == "" {
		return nil, nil
	}
	info, err := os.Stat(keyFile)
	if err != nil {
		return nil, fmt.Errorf("gateway.tls_key_file: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("gateway.tls_key_file: %s has mode %04o, expected 0600: others must not read it", keyFile, mode)
	}
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	if err := c.read(); err != nil {
		return nil, err
	}
	return c, nil
}

// read takes over the files if they changed since they were read last.
func (c *certificate) read() error {
	var now [2]time.Time
	for i, f := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(f)
		if err != nil {
			return fmt.Errorf("read certificate: %w", err)
		}
		now[i] = info.ModTime()
	}
	if c.good != nil && now == c.stamp {
		return nil
	}
	c.stamp = now // what is bad is complained of once
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("gateway.tls_cert_file: %w", err)
	}
	c.good = &pair
	return nil
}

// current is what a handshake shows.
func (c *certificate) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.read(); err != nil {
		c.log.Warn("renewed certificate not taken over", telemetry.KeyError, err)
	}
	return c.good, nil
}

// tlsOf is how the gateway speaks TLS, nil when it does not.
func tlsOf(c *certificate) *tls.Config {
	if c == nil {
		return nil
	}
	return &tls.Config{GetCertificate: c.current, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
}

// networks reads what the configuration has checked already.
func networks(list []string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		if p, err := config.Network(s); err == nil {
			out = append(out, p)
		}
	}
	return out
}
