package ollama

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/jarvis-host/jarvis/host/llm"
)

const (
	// maxReply bounds the reply to a question about models; descriptions hold
	// lists of tensors and licences.
	maxReply = 16 << 20
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
	err := p.do(ctx, call{
		method: http.MethodPost, path: "/api/show", model: m.Name,
		body: struct {
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
	if short, latest := strings.CutSuffix(m.Name, ":latest"); latest {
		out.Aliases = []string{short}
	}
	return out
}

func (p *Provider) get(ctx context.Context, path string, reply any) error {
	return p.do(ctx, call{method: http.MethodGet, path: path}, reply)
}

// do makes a request and reads its one JSON reply.
func (p *Provider) do(ctx context.Context, q call, reply any) error {
	resp, err := p.send(ctx, q)
	if err != nil {
		return err
	}
	defer func() {
		drain(resp.Body)
		_ = resp.Body.Close()
	}()
	body := io.LimitReader(resp.Body, maxReply)
	if err := json.UnmarshalRead(body, reply, lenient); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("read %s reply: %w", q.path, context.Cause(ctx))
		}
		return &llm.Error{
			Class: llm.Internal, Status: resp.StatusCode, Provider: p.Name(),
			Message: fmt.Sprintf("%s did not reply with what Ollama does", q.path), Err: err,
		}
	}
	return nil
}
