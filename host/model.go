package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/ollama"
	"github.com/jarvis-host/jarvis/host/llm/openai"
	"github.com/jarvis-host/jarvis/host/telemetry"
)

// Bounds of a provider that the configuration leaves out.
const (
	defaultConcurrency = 256
	defaultQueue       = 256
)

// model is the way to language models that the configuration names: the router
// with its figures, the account of what is spent, and the servers behind it.
type model struct {
	*llm.Router
	metrics *telemetry.Metrics
	account *llm.Account
	zone    atomic.Pointer[time.Location]

	mu      sync.Mutex
	servers map[string]*server
}

// server is a provider as it was configured.
type server struct {
	cfg   config.ProviderConfig
	lane  *llm.Lane
	close func()
}

// newModel makes the way to the models of a configuration.
func newModel(c *config.Config, ledger llm.Ledger, metrics *telemetry.Metrics, log hclog.Logger) (*model, error) {
	m := &model{metrics: metrics, servers: map[string]*server{}}
	m.zone.Store(zone(c.TimeZone))
	m.Router = llm.NewRouter(nil, llm.RouterOptions{Now: m.now})
	m.account = llm.NewAccount(llm.AccountOptions{Ledger: ledger, Now: m.now, Failed: func(err error) {
		log.Warn("usage of models not written down", telemetry.KeyError, err)
	}})
	return m, m.Configure(c)
}

func (m *model) now() time.Time { return time.Now().In(m.zone.Load()) }

// Configure takes over another configuration, from the next request on. Servers
// whose sections did not change keep their connections, queues and health.
// Nothing changes when it fails.
func (m *model) Configure(c *config.Config) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	servers := map[string]*server{}
	for name, p := range providersOf(c) {
		s := m.servers[name]
		if s == nil || !reflect.DeepEqual(s.cfg, p) {
			var err error
			if s, err = m.server(name, p); err != nil {
				return fmt.Errorf("%w: %w", ErrConfig, err)
			}
		}
		servers[name] = s
	}
	m.zone.Store(zone(c.TimeZone))
	m.account.SetBudget(llm.Budget{Tokens: c.LLM.Budget.Tokens, Cost: c.LLM.Budget.Cost})
	m.Router.Configure(tableOf(&c.LLM, servers))
	for name, old := range m.servers {
		if servers[name] != old {
			old.close()
		}
	}
	m.servers = servers
	return nil
}

// providersOf are the configured providers, the short form's among them.
func providersOf(c *config.Config) map[string]config.ProviderConfig {
	all := map[string]config.ProviderConfig{}
	if o := c.LLM.Ollama; o.URL != "" {
		all[config.ShortName] = config.ProviderConfig{
			Kind: "ollama", URL: o.URL, Window: o.NumCtx, KeepAlive: o.KeepAlive, Concurrency: o.Concurrency,
			FirstToken: o.FirstToken, BetweenTokens: o.BetweenTokens, Total: o.Total,
		}
	}
	for name, p := range c.LLM.Providers {
		all[name] = p
	}
	return all
}

// server makes a provider with all that bounds it; nothing is connected yet.
func (m *model) server(name string, p config.ProviderConfig) (*server, error) {
	client, err := clientOf(name, p)
	if err != nil {
		return nil, fmt.Errorf("llm.providers.%s: %w", name, err)
	}
	limits := llm.DefaultLimits()
	limits.FirstToken = cmp.Or(p.FirstToken, limits.FirstToken)
	limits.BetweenTokens = cmp.Or(p.BetweenTokens, limits.BetweenTokens)
	limits.Answer = cmp.Or(p.Total, limits.Answer)
	lane := llm.NewLane(llm.NewGuard(client, limits), llm.LaneOptions{
		Concurrency: cmp.Or(p.Concurrency, defaultConcurrency), Queue: cmp.Or(p.Queue, defaultQueue),
		Price:   llm.Price{Prompt: p.PricePrompt, Answer: p.PriceAnswer},
		Waiting: func(n int) { m.metrics.QueueDepth("model:"+name, n) },
		Spent: func(user string, u llm.Usage) {
			m.account.Spend(user, u)
			m.metrics.ModelTokens(u.Provider, u.Model, u.PromptTokens, u.CompletionTokens, u.Cost)
		},
	})
	return &server{cfg: p, lane: lane, close: client.Close}, nil
}

// client is a provider that holds connections.
type client interface {
	llm.Provider
	Close()
}

func clientOf(name string, p config.ProviderConfig) (client, error) {
	if p.Kind == "openai" {
		return openai.New(openai.Config{
			Name: name, URL: p.URL, Key: p.Key.Reveal(), Window: p.Window, MaxTokens: p.MaxTokens,
			ConnectTimeout: p.Connect, HeaderTimeout: headerTimeout(p), Concurrency: p.Concurrency,
		})
	}
	return ollama.New(ollama.Config{
		Name: name, URL: p.URL, Key: p.Key.Reveal(), NumCtx: p.Window, MaxTokens: p.MaxTokens, KeepAlive: p.KeepAlive,
		ConnectTimeout: p.Connect, HeaderTimeout: headerTimeout(p), Concurrency: p.Concurrency,
	})
}

// headerTimeout is longer than the guard's own, which tells more.
func headerTimeout(p config.ProviderConfig) time.Duration {
	return cmp.Or(p.FirstToken, llm.DefaultLimits().FirstToken) + 30*time.Second
}

// tableOf are the routes in their order, then the models that users may choose.
func tableOf(c *config.LLMConfig, servers map[string]*server) llm.Table {
	var t llm.Table
	for _, name := range routeOrder(c) {
		if name == config.ShortName && c.Ollama.URL != "" {
			t.Routes = append(t.Routes, llm.Route{Name: c.Ollama.Model, Provider: servers[name].lane, Model: c.Ollama.Model})
			continue
		}
		r := c.Routes[name]
		t.Routes = append(t.Routes, llm.Route{Name: name, Provider: servers[r.Provider].lane, Model: r.Model, When: whenOf(r)})
	}
	for _, name := range slices.Sorted(maps.Keys(c.Providers)) {
		for _, wanted := range c.Providers[name].Models {
			t.Routes = append(t.Routes, llm.Route{
				Name: name + "/" + wanted, Provider: servers[name].lane, Model: wanted, When: llm.When{Chosen: true},
			})
		}
	}
	if c.Embedding.Model != "" {
		t.Embed = llm.Route{Provider: servers[c.Embedding.Provider].lane, Model: c.Embedding.Model}
	}
	return t
}

// routeOrder is the names of all routes: those that the operator has put into
// an order, then the others, then the short form.
func routeOrder(c *config.LLMConfig) []string {
	order := slices.Clone(c.Order)
	rest := slices.Sorted(maps.Keys(c.Routes))
	if c.Ollama.URL != "" {
		rest = append(rest, config.ShortName)
	}
	for _, name := range rest {
		if !slices.Contains(order, name) {
			order = append(order, name)
		}
	}
	return slices.DeleteFunc(order, func(name string) bool {
		_, ok := c.Routes[name]
		return !ok && (name != config.ShortName || c.Ollama.URL == "")
	})
}

func whenOf(r config.ModelRouteConfig) llm.When {
	from, to, _ := r.TimeOfDay() // checked by the configuration
	need := map[string]llm.Need{"needed": llm.Needed, "none": llm.Missing}[r.Tools]
	return llm.When{
		Langs: r.Languages, Roles: r.Roles, MinTokens: r.MinTokens, MaxTokens: r.MaxTokens, Tools: need,
		From: from, To: to, Chosen: r.OnRequest,
	}
}

// Stream implements agent.Model.
func (m *model) Stream(ctx context.Context, r llm.Request) iter.Seq2[llm.Event, error] {
	return func(yield func(llm.Event, error) bool) {
		if err := m.account.Allow(ctx, r.User); err != nil {
			m.metrics.ModelRequest("", string(llm.OverBudget))
			yield(nil, err)
			return
		}
		began := time.Now()
		defer func() { m.metrics.Generated(time.Since(began)) }()
		provider, outcome := "", "cancelled"
		defer func() { m.metrics.ModelRequest(provider, outcome) }()
		for ev, err := range m.Router.Stream(ctx, r) {
			if f, last := ev.(llm.Finish); last {
				provider, outcome = f.Usage.Provider, "ok"
			}
			if e, ok := errors.AsType[*llm.Error](err); ok {
				provider, outcome = e.Provider, string(e.Class)
			}
			if !yield(ev, err) {
				return
			}
		}
	}
}

// Embed implements llm.Embedder.
func (m *model) Embed(ctx context.Context, r llm.EmbedRequest) (llm.Embeddings, error) {
	if err := m.account.Allow(ctx, r.User); err != nil {
		return llm.Embeddings{}, err
	}
	return m.Router.Embed(ctx, r)
}

// name is the model that answers now, or nothing.
func (m *model) name() string {
	h, ok := m.Ready()
	if !ok {
		return ""
	}
	return h.Model
}

// close lets go of all connections and writes down what was spent.
func (m *model) close(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.servers {
		s.close()
	}
	return m.account.Flush(ctx)
}
