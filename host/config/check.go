package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// check finds what is wrong with values that are well-formed by themselves.
func (l *loader) check(c *Config) {
	l.operatorKey(c)
	if c.DataDir == "" {
		l.at("data_dir", "nothing", "a folder", "")
	}
	if _, err := time.LoadLocation(c.TimeZone); err != nil {
		l.at("time_zone", quote(c.TimeZone), "a time zone such as Europe/Paris", "")
	}
	l.gateway(&c.Gateway)
	l.models(&c.LLM)
	l.qdrant(&c.Memory.Qdrant)
	l.folder("plugins_dir", c.PluginsDir)
	for _, id := range sortedKeys(c.Plugins) {
		c.Plugins[id] = l.plugin(id, c.Plugins[id])
	}
}

func (l *loader) gateway(g *GatewayConfig) {
	if _, port, err := net.SplitHostPort(g.Listen); err != nil || !isPort(port) {
		hint := ""
		if isPort(g.Listen) {
			hint = "write :" + g.Listen + " for every address, or 127.0.0.1:" + g.Listen
		}
		l.at("gateway.listen", quote(g.Listen), "address:port, such as 127.0.0.1:8080", hint)
	}
	for _, h := range g.AllowedHosts {
		if !hostName.MatchString(h) {
			l.at("gateway.allowed_hosts", quote(h), "a name such as jarvis.example, or jarvis.example:8443", "")
		}
	}
	for _, o := range g.AllowedOrigins {
		l.allowedOrigin(o)
	}
	for _, p := range g.TrustedProxies {
		if _, err := Network(p); err != nil {
			l.at("gateway.trusted_proxies", quote(p), "an address such as 10.0.0.2, or a network such as 172.16.0.0/12", "")
		}
	}
	switch {
	case g.TLSCertFile == "" && g.TLSKeyFile != "":
		l.at("gateway.tls_cert_file", "nothing", "the certificate that gateway.tls_key_file belongs to", "")
	case g.TLSCertFile != "" && g.TLSKeyFile == "":
		l.at("gateway.tls_key_file", "nothing", "the key of gateway.tls_cert_file", "")
	}
}

// Network reads an address, or a network in the notation of RFC 4632.
func Network(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("read network: %w", err)
	}
	return p.Masked(), nil
}

var hostName = regexp.MustCompile(`^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$`)

func isPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 0 && n <= 65535
}

func (l *loader) allowedOrigin(o string) {
	const key, want = "gateway.allowed_origins", "an origin such as https://jarvis.example"
	u, err := url.Parse(o)
	switch {
	case o == "*":
		l.at(key, quote(o), want, "any page in the world could then act for the end user; name the pages that may")
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || !hostName.MatchString(u.Host):
		l.at(key, quote(o), want, "")
	case u.Scheme+"://"+u.Host != o:
		l.at(key, quote(o), want, "write "+u.Scheme+"://"+u.Host)
	}
}

// folder checks a folder that must be there, if one is named.
func (l *loader) folder(key, path string) {
	if path == "" {
		return
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		l.at(key, quote(path), "a folder that is there", "")
	}
}

// grant is what an operator allows: a tool by its name, all tools, or a need as
// the plugin's manifest has it, such as "net api.example.com:443".
var grant = regexp.MustCompile(`^(?:\*|[A-Za-z0-9_.-]{1,64}|[a-z]{1,16} \S{1,256})$`)

var pluginName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// plugin checks a plugin's section and completes its own configuration.
func (l *loader) plugin(id string, p PluginConfig) PluginConfig {
	key := "plugins." + id
	if strings.ContainsRune(p.Path, filepath.Separator) {
		if info, err := os.Stat(p.Path); err != nil || !info.Mode().IsRegular() {
			l.at(key+".path", quote(p.Path), "a program that is there", "")
		}
	}
	if p.Kind != "" && !pluginName.MatchString(p.Kind) {
		l.at(key+".kind", quote(p.Kind), "the name of a plugin, such as mcp", "")
	}
	for _, g := range p.Grants {
		if !grant.MatchString(g) {
			l.at(key+".grants", quote(g), "the name of a tool, *, or a need such as net api.example.com:443", "")
		} else if scope, ok := strings.CutPrefix(g, "net "); ok && !strings.HasPrefix(scope, "config:") {
			if host, port, err := net.SplitHostPort(scope); err != nil || host == "" || port == "" {
				l.at(key+".grants", quote(g), "a need with host and port, such as net api.example.com:443", "")
			}
		}
	}
	if p.ConfigFile != "" {
		l.watched = append(l.watched, p.ConfigFile)
		raw, err := readBounded(p.ConfigFile)
		if err != nil {
			l.at(key+".config_file", quote(p.ConfigFile)+" "+reason(err), "a file that can be read", "")
		} else if _, _, problems := parseYAML(p.ConfigFile, raw); len(problems) > 0 {
			l.at(key+".config_file", problems[0].Where+": "+problems[0].Value, problems[0].Expected, problems[0].Hint)
		}
	}
	if p.Config != nil {
		p.Config, _ = l.resolve(key+".config", p.Config).(map[string]any)
	}
	p.Secrets = l.pluginSecrets(key+".secrets", p.Secrets)
	return p
}
