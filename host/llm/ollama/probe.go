package ollama

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/remote"
)

const (
	// maxShown bounds how many models one probe asks the details of.
	maxShown = 64
)

// listed is a model in the replies of /api/tags and /api/ps.
type listed struct {
	Name          string           `json:"name"`
	Model         string           `json:"model"`
	Digest        string           `json:"digest"`
	Capabilities  []llm.Capability `json:"capabilities"`
	ContextLength int              `json:"context_length"` // /api/ps: of the loaded copy
}

type models struct {
	Models []listed `json:"models"`
}

// details are what /api/show adds. They belong to a digest and never change.
type details struct {
	capabilities []llm.Capability
	context      int
}

// Probe implements [llm.Provider].
func (p *Provider) Probe(ctx context.Context) (llm.Info, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, p.cfg.ProbeTimeout, &llm.Error{
		Class: llm.Timeout, Provider: p.Name(), Message: fmt.Sprintf("no answer to a probe within %s", p.cfg.ProbeTimeout),
	})
	defer cancel()
	var version struct {
		Version string `json:"version"`
	}
	var tags models
	if err := p.get(ctx, "/api/version", &version); err != nil {
		return llm.Info{}, err
	}
	if err := p.get(ctx, "/api/tags", &tags); err != nil {
		return llm.Info{}, err
	}
	loaded, err := p.loaded(ctx)
	if err != nil {
		return llm.Info{}, err
	}
	info := llm.Info{Version: version.Version, Fetch: fetch}
	known := map[string]details{}
	for i, m := range tags.Models {
		d, err := p.details(ctx, m, i < maxShown)
		if err != nil {
			return llm.Info{}, err
		}
		known[m.Digest] = d
		info.Models = append(info.Models, p.describe(m, d, loaded[m.Name]))
	}
	p.remember(known)
	return info, nil
}

// loaded returns the context sizes of the models in memory. Old servers can't
// tell.
func (p *Provider) loaded(ctx context.Context) (map[string]int, error) {
	var ps models
	err := p.get(ctx, "/api/ps", &ps)
	if e, ok := errors.AsType[*llm.Error](err); ok && e.Class == llm.Refused {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	sizes := map[string]int{}
	for _, m := range ps.Models {
		sizes[m.Name] = m.ContextLength
	}
	return sizes, nil
}

// details returns what is known of a model, and asks for it if it may.
func (p *Provider) details(ctx context.Context, m listed, ask bool) (details, error) {
	p.mu.Lock()
	d, known := p.shown[m.Digest]
	p.mu.Unlock()
	if known || !ask {
		return d, nil
	}
	var reply struct {
		Capabilities []llm.Capability          `json:"capabilities"`
		ModelInfo    map[string]jsontext.Value `json:"model_info"`
	}
	err := p.client.Do(ctx, remote.Call{
		Path: "/api/show", Model: m.Name,
		Body: struct {
			Model string `json:"model"`
		}{m.Name},
	}, &reply)
	if e, ok := errors.AsType[*llm.Error](err); ok && (e.Class == llm.NotFound || e.Class == llm.Internal) {
		return details{}, nil // removed meanwhile, or damaged: it is listed all the same
	}
	return details{capabilities: reply.Capabilities, context: contextLength(reply.ModelInfo)}, err
}

// contextLength finds "<architecture>.context_length".
func contextLength(info map[string]jsontext.Value) int {
	var arch string
	_ = json.Unmarshal(info["general.architecture"], &arch)
	var n int
	_ = json.Unmarshal(info[arch+".context_length"], &n)
	return max(n, 0)
}

// remember keeps the details of the models that are there now.
func (p *Provider) remember(known map[string]details) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for digest, d := range known {
		if digest == "" || d.capabilities == nil {
			delete(known, digest)
		}
	}
	p.shown = known
}

func (p *Provider) describe(m listed, d details, loaded int) llm.ModelInfo {
	out := llm.ModelInfo{
		Name: m.Name, Capabilities: slices.Concat(m.Capabilities, d.capabilities),
		ContextLength: d.context, Window: p.cfg.NumCtx, Loaded: loaded,
	}
	if d.capabilities != nil {
		out.Capabilities = d.capabilities
	}
	if d.context > 0 {
		out.Window = min(out.Window, d.context)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	// Once the model has answered us, its copy in memory has the size that we ask
	// for, or what the server allows.
	if loaded > 0 && p.asked[m.Name] {
		out.Window = min(out.Window, loaded)
	}
	if short, latest := strings.CutSuffix(m.Name, ":latest"); latest {
		out.Aliases = []string{short}
	}
	return out
}

func (p *Provider) get(ctx context.Context, path string, reply any) error {
	return p.client.Do(ctx, remote.Call{Path: path}, reply)
}

// answered notes that a model is in memory with the context size of ours.
func (p *Provider) answered(model string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked[full(model)] = true
}

// full is a model's name with its tag.
func full(name string) string {
	if strings.Contains(name, ":") {
		return name
	}
	return name + ":latest"
}
