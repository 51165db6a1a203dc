package doctor

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
)

func never(context.Context, string) bool { return false }

// found is a server whose probe finds something, and the model asked for.
func found(info llm.Info, err error) Server {
	u, _ := url.Parse("http://127.0.0.1:11434")
	p := &llmtest.Provider{ID: "local", Found: func(context.Context) (llm.Info, error) { return info, err }}
	return Server{Provider: p, Ollama: true, URL: u, Models: []string{"toy"}}
}

func TestModelsAreLookedAtFromEverySide(t *testing.T) { // O10, O11
	all := []llm.Capability{llm.CanChat, llm.CanTools, llm.CanEmbed}
	info := func(version string, m llm.ModelInfo) llm.Info {
		m.Name = "toy"
		return llm.Info{Version: version, Fetch: "ollama pull", Models: []llm.ModelInfo{m}}
	}
	good := info("0.24.0", llm.ModelInfo{Capabilities: all, Window: 8192})
	for name, c := range map[string]struct {
		s    Server
		want []string
	}{
		"good":         {found(good, nil), []string{"ok model_server", "ok model_present", "ok model_window_good"}},
		"unreachable":  {found(llm.Info{}, &llm.Error{Class: llm.Unreachable}), []string{"failure model_unreachable"}},
		"slow":         {found(llm.Info{}, &llm.Error{Class: llm.Timeout}), []string{"failure model_unreachable"}},
		"a wrong key":  {found(llm.Info{}, &llm.Error{Class: llm.Unauthorized}), []string{"failure model_key_refused"}},
		"another kind": {found(llm.Info{}, &llm.Error{Class: llm.Internal}), []string{"failure model_other"}},
		"old": {found(info("0.8.9", llm.ModelInfo{Capabilities: all, Window: 8192}), nil), []string{
			"ok model_server", "warning model_old", "ok model_present", "ok model_window_good",
		}},
		"no version": {found(info("", llm.ModelInfo{Capabilities: all, Window: 8192}), nil), []string{
			"ok model_server_plain", "ok model_present", "ok model_window_good",
		}},
		"missing":            {found(llm.Info{Version: "0.24.0", Fetch: "ollama pull"}, nil), []string{"ok model_server", "failure model_missing"}},
		"missing, elsewhere": {found(llm.Info{Version: "1"}, nil), []string{"ok model_server", "failure model_missing_elsewhere"}},
		"takes any":          {found(llm.Info{Open: true}, nil), []string{"ok model_server_plain", "ok model_present", "warning model_window_unknown"}},
		"no tools": {found(info("0.24.0", llm.ModelInfo{Capabilities: all[:1], Window: 8192}), nil), []string{
			"ok model_server", "ok model_present", "warning model_no_tools", "ok model_window_good",
		}},
		"no chat": {found(info("0.24.0", llm.ModelInfo{Capabilities: all[2:], Window: 8192}), nil), []string{
			"ok model_server", "ok model_present", "failure model_no_chat",
		}},
		"small window": {found(info("0.24.0", llm.ModelInfo{Capabilities: all, Window: 2048}), nil), []string{
			"ok model_server", "ok model_present", "failure model_window_small",
		}},
		"loaded small": {found(info("0.24.0", llm.ModelInfo{Capabilities: all, Window: 8192, Loaded: 2048}), nil), []string{
			"ok model_server", "ok model_present", "warning model_window_loaded",
		}},
	} {
		t.Run(name, func(t *testing.T) { wantKeys(t, models(c.s, 3000, never), c.want...) })
	}
	s := found(good, nil)
	s.Embedding = "toy"
	wantKeys(t, models(s, 1, never), "ok model_server", "ok model_present", "ok model_window_good", "ok model_present")
	s.Embedding = "other"
	wantKeys(t, models(s, 1, never), "ok model_server", "ok model_present", "ok model_window_good", "failure model_missing")
}

func TestAServerThatListensForEveryoneIsToldOf(t *testing.T) { // O10
	if !elsewhere(t) {
		t.Skip("this machine has no address but its own")
	}
	var asked string
	open := func(_ context.Context, addr string) bool { asked = addr; return true }
	s := found(llm.Info{Version: "0.24.0", Open: true}, nil)
	s.Models = nil
	wantKeys(t, models(s, 1, open), "ok model_server", "warning model_exposed")
	if !strings.HasSuffix(asked, ":11434") || strings.HasPrefix(asked, "127.") {
		t.Errorf("asked at %s", asked)
	}
	s.Ollama = false
	wantKeys(t, models(s, 1, open), "ok model_server")
}

func TestAKeyInTheClearIsToldOf(t *testing.T) {
	s := found(llm.Info{Version: "1.0.0", Open: true}, nil)
	s.Models, s.HasKey, s.Ollama = nil, true, false
	wantKeys(t, models(s, 1, never), "ok model_server")
	s.URL, _ = url.Parse("http://models.example/v1")
	wantKeys(t, models(s, 1, never), "ok model_server", "warning model_key_bare")
	s.URL, _ = url.Parse("https://models.example/v1")
	wantKeys(t, models(s, 1, never), "ok model_server")
}

func TestVersionsAreCompared(t *testing.T) {
	for version, want := range map[string]bool{
		"0.8.12": true, "0.9.0": false, "0.10.0": false, "v0.5.1-rc2": true, "1.0": false, "0.0.0": false, "dev": false, "": false,
	} {
		if got := older(version, oldestOllama); got != want {
			t.Errorf("%q: %v", version, got)
		}
	}
}

func TestAnAddressWhereSomeoneListensIsReachable(t *testing.T) {
	srv := llmtest.New(t)
	addr := strings.TrimPrefix(srv.URL(), "http://")
	if !reachable(t.Context(), addr) {
		t.Error("the server is not reached")
	}
	_ = srv.Close()
	if reachable(t.Context(), addr) {
		t.Error("a closed server is reached")
	}
}
