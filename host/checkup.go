package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/doctor"
	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/ollama"
	"github.com/jarvis-host/jarvis/host/tool"
	"github.com/jarvis-host/jarvis/sdk"
)

// What a model's window has to hold beside the tools, in tokens: instructions
// and what is remembered, a few utterances, and an answer.
const (
	windowInstructions = 600
	windowUtterances   = 800
	windowAnswer       = 1024
	// toolsAtOnce is how many tools a model is shown at a time.
	toolsAtOnce = 5
)

// Checkup returns what a doctor looks at for a configuration, without a host.
// The findings come in this order. What stands in the data directory is only
// read.
func Checkup(ctx context.Context, cfg *config.Snapshot, o Options) []doctor.Check {
	c := cfg.Config()
	manifests, problems := describeAll(ctx, c, o, sectionCheck(ctx, c, o))
	checks := []doctor.Check{
		configured(cfg),
		doctor.DataDir(c.DataDir), doctor.Disk(c.DataDir), doctor.Port(c.Gateway.Listen),
		doctor.Clock(time.Now, knownZone(c), otherClock(c)),
		foundPlugins(manifests, problems), clashCheck(manifests), doctor.Orphans("/proc", programPrefix), keysOf(cfg),
	}
	if c.Memory.Enabled && c.Memory.Qdrant.URL != "" {
		checks = append(checks, indexCheck(c))
	}
	servers, err := serversOf(c)
	if err != nil || len(servers) == 0 {
		return append(checks, noModel(err))
	}
	for _, s := range servers {
		checks = append(checks, doctor.Models(s, neededWindow(manifests)))
	}
	return checks
}

func said(f doctor.Finding) doctor.Check {
	return func(context.Context) []doctor.Finding { return []doctor.Finding{f} }
}

// configured tells of sections that turn a plugin off; anything worse ends
// before a doctor is asked.
func configured(cfg *config.Snapshot) doctor.Check {
	var found []doctor.Finding
	for _, p := range cfg.Problems() {
		found = append(found, doctor.Finding{Check: "config", Level: doctor.Fail, Subject: p.Key, Key: "doctor.plugin_bad", Args: []any{p.String()}})
	}
	if found == nil {
		found = append(found, doctor.Finding{Check: "config", Level: doctor.Good, Key: "doctor.config_good"})
	}
	return func(context.Context) []doctor.Finding { return found }
}

func noModel(err error) doctor.Check {
	if err != nil {
		return said(doctor.Finding{Check: "model_server", Level: doctor.Fail, Key: "doctor.plugin_bad", Args: []any{err.Error()}})
	}
	return said(doctor.Finding{Check: "model_server", Level: doctor.Warn, Key: "doctor.model_none"})
}

// knownZone is the time zone's name, or nothing when it is only assumed.
func knownZone(c *config.Config) string {
	z := zone(c.TimeZone)
	_, err := os.Stat(machineZone)
	if z == time.UTC && c.TimeZone == "" && os.Getenv("TZ") == "" && err != nil {
		return ""
	}
	return z.String()
}

// otherClock reads the time from the answer of a server of models elsewhere.
func otherClock(c *config.Config) func(context.Context) (time.Time, string, bool) {
	return func(ctx context.Context) (time.Time, string, bool) {
		ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		providers := providersOf(c)
		for _, name := range slices.Sorted(maps.Keys(providers)) {
			req, err := http.NewRequestWithContext(ctx, http.MethodHead, providers[name].URL, nil)
			if err != nil {
				continue
			}
			resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
			if err != nil {
				continue
			}
			_ = resp.Body.Close()
			if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
				return at, name, true
			}
		}
		return time.Time{}, "", false
	}
}

// foundPlugins tells which plugins answer, and why others don't.
func foundPlugins(manifests []*sdk.Manifest, problems error) doctor.Check {
	var found []doctor.Finding
	for _, m := range manifests {
		if m.ID != tool.BuiltinPlugin {
			found = append(found, doctor.Finding{
				Check: "plugin", Level: doctor.Good, Subject: m.ID, Key: "doctor.plugin_good", Args: []any{m.ID, m.Version},
			})
		}
	}
	for _, problem := range each(problems) {
		found = append(found, doctor.Finding{Check: "plugin", Level: doctor.Fail, Key: "doctor.plugin_bad", Args: []any{problem.Error()}})
	}
	if len(found) == 0 {
		found = append(found, doctor.Finding{Check: "plugin", Level: doctor.Warn, Key: "doctor.plugins_none"})
	}
	return func(context.Context) []doctor.Finding { return found }
}

// each takes joined errors apart.
func each(err error) []error {
	if err == nil {
		return nil
	}
	many, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var out []error
	for _, e := range many.Unwrap() {
		out = append(out, each(e)...)
	}
	return out
}

// soon is how long before its end a key is told of.
const soon = 7 * 24 * time.Hour

// keysOf looks for keys that have expired, or will.
func keysOf(cfg *config.Snapshot) doctor.Check {
	return func(ctx context.Context) []doctor.Finding {
		if !exists(filepath.Join(cfg.Config().DataDir, databaseFile)) {
			return nil
		}
		expired, expiring, err := endingKeys(ctx, cfg, time.Now())
		f := doctor.Finding{Check: "keys", Level: doctor.Good, Key: "doctor.keys_good"}
		switch {
		case err != nil:
			f.Level, f.Key, f.Args = doctor.Fail, "doctor.keys_bad", []any{err.Error()}
		case len(expired) > 0:
			f.Level, f.Key, f.Args = doctor.Warn, "doctor.keys_expired", []any{strings.Join(expired, ", ")}
		case len(expiring) > 0:
			f.Level, f.Key, f.Args = doctor.Warn, "doctor.keys_soon", []any{strings.Join(expiring, ", ")}
		}
		return []doctor.Finding{f}
	}
}

func endingKeys(ctx context.Context, cfg *config.Snapshot, now time.Time) (expired, expiring []string, err error) {
	accounts, err := OpenAccounts(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, accounts.Close()) }()
	users, err := accounts.Users(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, u := range users {
		keys, err := accounts.Keys(ctx, u.ID)
		if err != nil {
			return nil, nil, err
		}
		for _, k := range keys {
			name := u.Name + " " + cmp.Or(k.Label, k.ID)
			switch {
			case k.Kind != auth.KindAPI || !k.Revoked.IsZero() || k.Expires.IsZero():
			case k.Expires.Before(now):
				expired = append(expired, name)
			case k.Expires.Before(now.Add(soon)):
				expiring = append(expiring, name)
			}
		}
	}
	return expired, expiring, nil
}

// serversOf are the configured servers of models with what is asked of them.
func serversOf(c *config.Config) ([]doctor.Server, error) {
	var out []doctor.Server
	providers := providersOf(c)
	for _, name := range slices.Sorted(maps.Keys(providers)) {
		p := providers[name]
		at, err := url.Parse(p.URL)
		if err != nil {
			return nil, fmt.Errorf("llm.providers.%s: %w", name, err)
		}
		client, err := clientOf(name, p)
		if err != nil {
			return nil, fmt.Errorf("llm.providers.%s: %w", name, err)
		}
		s := doctor.Server{Provider: client, Ollama: p.Kind == "ollama", URL: at, HasKey: !p.Key.IsZero(), Models: modelsOf(c, name)}
		if c.LLM.Embedding.Provider == name {
			s.Embedding = c.LLM.Embedding.Model
		}
		out = append(out, s)
	}
	return out, nil
}

// modelsOf are the models that routes ask of a provider.
func modelsOf(c *config.Config, provider string) []string {
	models := slices.Clone(c.LLM.Providers[provider].Models)
	if provider == config.ShortName && c.LLM.Ollama.URL != "" {
		models = append(models, c.LLM.Ollama.Model)
	}
	for _, name := range slices.Sorted(maps.Keys(c.LLM.Routes)) {
		if r := c.LLM.Routes[name]; r.Provider == provider {
			models = append(models, r.Model)
		}
	}
	slices.Sort(models)
	return slices.Compact(models)
}

// neededWindow is how many tokens a prompt with the largest tools, and an answer,
// take.
func neededWindow(manifests []*sdk.Manifest) int {
	var sizes []int
	for _, m := range manifests {
		for _, t := range m.Tools {
			def := llm.ToolDef{Name: m.ID + "__" + t.Name, Description: t.Description, Parameters: t.InputSchema}
			sizes = append(sizes, llm.Request{Tools: []llm.ToolDef{def}}.Tokens())
		}
	}
	slices.Sort(sizes)
	slices.Reverse(sizes)
	needed := windowInstructions + windowUtterances + windowAnswer
	for _, n := range sizes[:min(len(sizes), toolsAtOnce)] {
		needed += n
	}
	return needed
}

// PullModel makes an Ollama server of the configuration get a model, and tells
// how far it has come.
func PullModel(ctx context.Context, cfg *config.Snapshot, provider, model string) (iter.Seq2[ollama.Progress, error], error) {
	p, ok := providersOf(cfg.Config())[provider]
	if !ok || p.Kind != "ollama" {
		return nil, fmt.Errorf("pull %s: %q is no Ollama server of the configuration", model, provider)
	}
	client, err := clientOf(provider, p)
	if err != nil {
		return nil, err
	}
	puller, ok := client.(*ollama.Provider)
	if !ok {
		return nil, fmt.Errorf("pull %s: %s can't", model, provider)
	}
	return puller.Pull(ctx, model), nil
}
