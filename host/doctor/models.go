package doctor

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
)

// Server is a server of language models to look at.
type Server struct {
	llm.Provider
	// Ollama says that it is one; others speak OpenAI's protocol.
	Ollama bool
	URL    *url.URL
	HasKey bool
	// Models are those that are asked to chat, Embedding the one that makes
	// embeddings.
	Models    []string
	Embedding string
}

// probeTimeout bounds what is asked of one server.
const probeTimeout = 10 * time.Second

// oldestOllama is the oldest version that does all that is asked of it: before
// it, a model that can think can't be told not to.
const oldestOllama = "0.9.0"

// Models checks one server. Needed is how many tokens the window of a model has
// to have for the prompt, the tools and an answer.
func Models(s Server, needed int) Check { return models(s, needed, reachable) }

func models(s Server, needed int, reach func(ctx context.Context, addr string) bool) Check {
	return func(ctx context.Context) []Finding {
		ctx, cancel := context.WithTimeout(ctx, probeTimeout)
		defer cancel()
		m := look{s: s, needed: needed}
		info, err := s.Probe(ctx)
		if err != nil {
			m.failed(err)
			return m.found
		}
		if info.Version == "" {
			m.add("server", Good, "doctor.model_server_plain", s.Name(), s.URL.Redacted())
		} else {
			m.add("server", Good, "doctor.model_server", s.Name(), s.URL.Redacted(), info.Version)
		}
		if s.Ollama && older(info.Version, oldestOllama) {
			m.add("version", Warn, "doctor.model_old", s.Name(), info.Version, oldestOllama)
		}
		if s.HasKey && s.URL.Scheme == "http" && !isLoopback(s.URL.Hostname()) {
			m.add("key", Warn, "doctor.model_key_bare", s.Name())
		}
		m.exposed(ctx, reach)
		for _, name := range s.Models {
			m.model(info, name)
		}
		if s.Embedding != "" {
			m.embedding(info)
		}
		return m.found
	}
}

// look is what is found at one server.
type look struct {
	s      Server
	needed int
	found  []Finding
}

func (m *look) add(what string, level Level, key string, args ...any) {
	m.found = append(m.found, Finding{Check: "model_" + what, Level: level, Subject: m.s.Name(), Key: key, Args: args})
}

// failed tells why the server could not be asked.
func (m *look) failed(err error) {
	key, reason := "doctor.model_unreachable", err.Error()
	if e, ok := errors.AsType[*llm.Error](err); ok {
		reason = e.Message
		switch e.Class {
		case llm.Unauthorized:
			key = "doctor.model_key_refused"
		case llm.Refused, llm.Internal:
			key = "doctor.model_other"
		default:
		}
	}
	m.add("server", Fail, key, m.s.Name(), m.s.URL.Redacted(), reason)
}

// model checks that a model is there and big enough.
func (m *look) model(info llm.Info, name string) {
	found, ok := info.Find(name)
	if !ok && !info.Open {
		m.missing(info, name)
		return
	}
	m.add("present", Good, "doctor.model_present", m.s.Name(), name)
	if !found.Can(llm.CanChat) {
		m.add("chat", Fail, "doctor.model_no_chat", name)
		return
	}
	if !found.Can(llm.CanTools) {
		m.add("tools", Warn, "doctor.model_no_tools", name)
	}
	switch window := found.Window; {
	case window == 0:
		m.add("window", Warn, "doctor.model_window_unknown", name, m.needed)
	case window < m.needed:
		m.add("window", Fail, "doctor.model_window_small", name, window, m.needed)
	case found.Loaded > 0 && found.Loaded < m.needed:
		m.add("window", Warn, "doctor.model_window_loaded", name, found.Loaded, m.needed)
	default:
		m.add("window", Good, "doctor.model_window_good", name, window)
	}
}

func (m *look) missing(info llm.Info, name string) {
	f := Finding{
		Check: "model_present", Level: Fail, Subject: m.s.Name(), Key: "doctor.model_missing_elsewhere", Args: []any{m.s.Name(), name},
	}
	if info.Fetch != "" {
		f.Key, f.Missing = "doctor.model_missing", name
		f.Args = append(f.Args, info.Fetch+" "+name)
	}
	m.found = append(m.found, f)
}

func (m *look) embedding(info llm.Info) {
	found, ok := info.Find(m.s.Embedding)
	switch {
	case !ok && !info.Open:
		m.missing(info, m.s.Embedding)
	case !found.Can(llm.CanEmbed):
		m.add("embedding", Fail, "doctor.model_no_embed", m.s.Embedding)
	default:
		m.add("embedding", Good, "doctor.model_present", m.s.Name(), m.s.Embedding)
	}
}

// exposed looks whether an Ollama server on this machine listens for others:
// whoever reaches it can use, replace and remove its models.
func (m *look) exposed(ctx context.Context, reach func(ctx context.Context, addr string) bool) {
	if !m.s.Ollama || !isLoopback(m.s.URL.Hostname()) {
		return
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return
	}
	for _, a := range addrs {
		ip, ok := a.(*net.IPNet)
		if !ok || ip.IP.IsLoopback() || ip.IP.IsLinkLocalUnicast() {
			continue
		}
		if at := net.JoinHostPort(ip.IP.String(), m.s.URL.Port()); reach(ctx, at) {
			m.add("exposed", Warn, "doctor.model_exposed", m.s.Name(), at)
			return
		}
	}
}

// reachable reports whether an Ollama server answers at an address.
func reachable(ctx context.Context, addr string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/api/version", nil)
	if err != nil {
		return false
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return true // even a refusal shows that it listens there
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// older reports whether a version comes before another. What is no version is
// not older.
func older(version, than string) bool {
	a, ok := numbers(version)
	b, _ := numbers(than)
	if !ok {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

// numbers reads the three numbers of a version; what follows them is left out.
func numbers(version string) (out [3]int, ok bool) {
	version, _, _ = strings.Cut(strings.TrimPrefix(version, "v"), "-")
	parts := strings.SplitN(version, ".", 3)
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil {
			return out, false
		}
		out[i] = n
	}
	return out, len(parts) > 1 && out != [3]int{} // a build of one's own says 0.0.0
}
