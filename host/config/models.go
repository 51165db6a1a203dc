package config

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// LLMConfig is where language models are, and which of them answers what. The
// short form, llm.ollama, is enough for one model on one Ollama server.
type LLMConfig struct {
	// Order are the names of routes, the preferred one first. The first that fits
	// an utterance and can answer does; the next one takes over when it can't.
	// Routes that are not listed follow by their names. The short form's route is
	// called ollama.
	Order []string `koanf:"order"`
	// PromptsDir is a folder with what models are told before a conversation, by
	// language, in place of what is built in: fr.txt, en.txt. A change counts
	// from the next answer on.
	PromptsDir string `koanf:"prompts_dir" path:"true"`

	Ollama    OllamaConfig                `koanf:"ollama"`
	Providers map[string]ProviderConfig   `koanf:"providers"`
	Routes    map[string]ModelRouteConfig `koanf:"routes"`
	Embedding EmbeddingConfig             `koanf:"embedding"`
	Budget    BudgetConfig                `koanf:"budget"`
}

// OllamaConfig is an Ollama server, in short. The host works without one.
type OllamaConfig struct {
	// URL is the server's address; empty is no model at all. When llm.routes has
	// routes, only an address that is set counts, not the one that is built in.
	URL string `koanf:"url"`
	// Model is the model's name, as `ollama list` prints it.
	Model string `koanf:"model"`
	// NumCtx is the model's context window in tokens. It is sent with every
	// request; more needs more memory.
	NumCtx int `koanf:"num_ctx" min:"512" max:"1048576"`
	// KeepAlive is how long the server keeps the model in memory after an
	// answer; 0s leaves it to the server, a negative duration is for ever.
	KeepAlive time.Duration `koanf:"keep_alive"`
	// Concurrency is how many answers are asked for at a time. With the server's
	// own OLLAMA_NUM_PARALLEL, those that wait are told their position.
	Concurrency int `koanf:"concurrency" min:"1" max:"10000"`
	// FirstToken is how long the first piece of an answer may take, the loading
	// of the model included.
	FirstToken time.Duration `koanf:"first_token" min:"1s" max:"30m"`
	// BetweenTokens is how long each later piece may take.
	BetweenTokens time.Duration `koanf:"between_tokens" min:"1s" max:"30m"`
	// Total is how long a whole answer may take.
	Total time.Duration `koanf:"total" min:"1s" max:"1h"`
}

// ProviderConfig is one server of language models, under a name of your choice.
type ProviderConfig struct {
	// Kind is the protocol that the server speaks: ollama, or openai, which
	// llama.cpp, vLLM, LM Studio, OpenRouter and others speak too.
	Kind string `koanf:"kind" enum:"ollama,openai"`
	// URL is the server's address, such as http://127.0.0.1:11434 or
	// https://openrouter.ai/api/v1.
	URL string `koanf:"url"`
	// Key is sent to the server with every request, as env:NAME to take it from
	// the environment, file:PATH from a file, or secret:NAME from the service
	// manager.
	Key Secret `koanf:"key"`
	// KeyFile is a file that holds the key, and that only its owner can read.
	KeyFile string `koanf:"key_file" path:"true"`
	// Models are further models that users may choose by the provider's name, a
	// stroke and the model's, such as cloud/gpt-large.
	Models []string `koanf:"models"`
	// Window is the context of its models, prompt and answer together, in tokens.
	// It is sent to Ollama (8192 when 0); of other servers it is found out where
	// they tell.
	Window int `koanf:"window" min:"512" max:"10000000"`
	// MaxTokens bounds an answer, in tokens; 2048 when 0.
	MaxTokens int `koanf:"max_tokens" min:"1" max:"1000000"`
	// KeepAlive is how long an Ollama server keeps a model in memory after an
	// answer; 0s leaves it to the server, a negative duration is for ever.
	KeepAlive time.Duration `koanf:"keep_alive"`
	// Concurrency is how many answers are asked for at a time; 256 when 0.
	Concurrency int `koanf:"concurrency" min:"1" max:"10000"`
	// Queue is how many more may wait, who are told their position; 256 when 0.
	Queue int `koanf:"queue" min:"1" max:"10000"`
	// PricePrompt is what a million tokens of prompts cost, in the currency of the
	// budget.
	PricePrompt float64 `koanf:"price_prompt" min:"0" max:"1000000"`
	// PriceAnswer is what a million tokens of answers cost.
	PriceAnswer float64 `koanf:"price_answer" min:"0" max:"1000000"`
	// Connect is how long connecting may take; 2s when 0.
	Connect time.Duration `koanf:"connect" min:"10ms" max:"1m"`
	// FirstToken is how long the first piece of an answer may take; 1m when 0.
	FirstToken time.Duration `koanf:"first_token" min:"1s" max:"30m"`
	// BetweenTokens is how long each later piece may take; 15s when 0.
	BetweenTokens time.Duration `koanf:"between_tokens" min:"1s" max:"30m"`
	// Total is how long a whole answer may take; 5m when 0.
	Total time.Duration `koanf:"total" min:"1s" max:"1h"`
}

// ModelRouteConfig is a model of a provider and what it is for, under a name of
// your choice. Conditions that are not set fit everything; all that are set
// have to hold.
type ModelRouteConfig struct {
	// Provider is the name of a section of llm.providers, or ollama for the short
	// form's server.
	Provider string `koanf:"provider"`
	// Model is the model's name, as the server has it.
	Model string `koanf:"model"`
	// Languages are those of utterances.
	Languages []string `koanf:"languages"`
	// Roles are those of end users: operator, user, guest, service. They hold
	// even when the end user chose the route.
	Roles []string `koanf:"roles"`
	// MinTokens is how long the prompt is at least, in tokens, roughly: a model
	// for long conversations.
	MinTokens int `koanf:"min_tokens" min:"0" max:"10000000"`
	// MaxTokens is how long the prompt is at most, in tokens, roughly.
	MaxTokens int `koanf:"max_tokens" min:"0" max:"10000000"`
	// Tools is needed for utterances that may need a tool, none for those that
	// don't.
	Tools string `koanf:"tools" enum:"any,needed,none"`
	// Hours are the time of day, such as 22:00-06:30.
	Hours string `koanf:"hours"`
	// OnRequest keeps the route for users that choose it by its name.
	OnRequest bool `koanf:"on_request"`
}

// EmbeddingConfig is the model that turns texts into vectors, by which memories
// and documents are found by their meaning. Without one they are found by their
// words.
type EmbeddingConfig struct {
	// Provider is the name of a section of llm.providers, or ollama for the short
	// form's server.
	Provider string `koanf:"provider"`
	// Model is the model's name, such as nomic-embed-text; empty is none.
	Model string `koanf:"model"`
}

// BudgetConfig is what each user may spend on models in a day, midnight to
// midnight of time_zone. Answers without a model go on.
type BudgetConfig struct {
	// Tokens is how many tokens, prompts and answers together; 0 is no bound.
	Tokens int `koanf:"tokens" min:"0" max:"2000000000"`
	// Cost is how much money, in the currency of the providers' prices; 0 is no
	// bound.
	Cost float64 `koanf:"cost" min:"0" max:"1000000"`
}

// ShortName is the name of the short form's provider and route.
const ShortName = "ollama"

func defaultModels() LLMConfig {
	return LLMConfig{
		Ollama: OllamaConfig{
			URL: "http://127.0.0.1:11434", Model: "llama3.2:1b", NumCtx: 8192, KeepAlive: 5 * time.Minute, Concurrency: 256,
			FirstToken: time.Minute, BetweenTokens: 15 * time.Second, Total: 5 * time.Minute,
		},
		Embedding: EmbeddingConfig{Provider: ShortName},
	}
}

// clone is a copy that shares nothing.
func (c LLMConfig) clone() LLMConfig {
	c.Order = slices.Clone(c.Order)
	c.Providers, c.Routes = maps.Clone(c.Providers), maps.Clone(c.Routes)
	for name, p := range c.Providers {
		p.Models = slices.Clone(p.Models)
		c.Providers[name] = p
	}
	for name, r := range c.Routes {
		r.Languages, r.Roles = slices.Clone(r.Languages), slices.Clone(r.Roles)
		c.Routes[name] = r
	}
	return c
}

var modelName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

const modelNameWant = "a name of small letters, digits, - and _"

// settleModels drops the built-in short form beside routes of the operator's.
func (l *loader) settleModels(c *LLMConfig) {
	if len(c.Routes) > 0 && l.originOf("llm.ollama.url").layer == LayerDefault {
		c.Ollama.URL = ""
	}
	for name, p := range c.Providers {
		p.KeyFile = l.path(p.KeyFile)
		c.Providers[name] = p
	}
}

// models checks where models are.
func (l *loader) models(c *LLMConfig) {
	l.ollama(&c.Ollama)
	for _, name := range sortedKeys(c.Providers) {
		c.Providers[name] = l.provider(name, c.Providers[name])
	}
	for _, name := range sortedKeys(c.Routes) {
		l.modelRoute(c, name)
	}
	known := append(sortedKeys(c.Routes), ShortName)
	for i, name := range c.Order {
		switch {
		case !slices.Contains(known, name):
			l.at("llm.order", quote(name), "the name of a route", suggestion(name, known))
		case slices.Index(c.Order, name) < i:
			l.at("llm.order", quote(name)+" twice", "each route once", "")
		}
	}
	if c.Embedding.Model != "" {
		l.providerName(c, "llm.embedding.provider", c.Embedding.Provider)
	}
}

func suggestion(name string, known []string) string {
	if near := Nearest(name, known); near != "" {
		return "did you mean " + near + "?"
	}
	return "there are " + strings.Join(known, ", ")
}

// providerName checks the name of a provider.
func (l *loader) providerName(c *LLMConfig, key, name string) {
	known := sortedKeys(c.Providers)
	if c.Ollama.URL != "" && !slices.Contains(known, ShortName) {
		known = append(known, ShortName)
	}
	switch {
	case slices.Contains(known, name):
	case len(known) == 0:
		l.at(key, quote(name), "the name of a provider", "llm.providers has none, and llm.ollama.url is not set")
	default:
		l.at(key, quote(name), "the name of a provider", suggestion(name, known))
	}
}

func (l *loader) ollama(o *OllamaConfig) {
	if o.URL != "" {
		l.serverURL("llm.ollama.url", o.URL)
		l.modelOf("llm.ollama.model", o.Model)
	}
	if o.Total < o.FirstToken {
		l.at("llm.ollama.total", o.Total.String(), "at least llm.ollama.first_token, "+o.FirstToken.String(), "")
	}
}

// serverURL checks the address of a server of models.
func (l *loader) serverURL(key, text string) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		hint := ""
		if h, err := ollamaHost(text); err == nil && text != "" && !strings.Contains(text, "://") {
			hint = "did you mean " + h + "?"
		}
		l.at(key, quote(text), "an address such as http://127.0.0.1:11434", hint)
	case u.User != nil:
		l.at(key, masked, "an address without a name and password in it", "")
	case u.RawQuery != "" || u.Fragment != "":
		l.at(key, quote(u.Redacted()), "an address without a query", "")
	}
}

func (l *loader) modelOf(key, name string) {
	if name == "" || strings.ContainsAny(name, " \t\n") {
		l.at(key, quote(name), "a model's name, such as llama3.2:1b", "")
	}
}

// provider checks a server's section and reads its key.
func (l *loader) provider(name string, p ProviderConfig) ProviderConfig {
	key := "llm.providers." + name
	if p.Kind == "" {
		l.at(key+".kind", "nothing", "one of ollama, openai", "")
	}
	l.serverURL(key+".url", p.URL)
	for _, m := range p.Models {
		l.modelOf(key+".models", m)
	}
	if p.KeyFile == "" {
		return p
	}
	if !p.Key.IsZero() {
		l.at(key+".key_file", quote(p.KeyFile), "one source of the key", key+".key is set too ("+l.originOf(key+".key").where+")")
		return p
	}
	if text, ok := l.privateFile(key+".key_file", p.KeyFile); ok {
		p.Key = NewSecret(text)
		l.know(key+".key_file", text)
	}
	return p
}

func (l *loader) modelRoute(c *LLMConfig, name string) {
	key, r := "llm.routes."+name, c.Routes[name]
	if name == ShortName && c.Ollama.URL != "" {
		l.at(key, "a route called "+ShortName, "another name", "the short form's route is called so; set llm.ollama.url to nothing to have the name")
	}
	l.providerName(c, key+".provider", r.Provider)
	l.modelOf(key+".model", r.Model)
	for _, lang := range r.Languages {
		if lang != "fr" && lang != "en" {
			l.at(key+".languages", quote(lang), "fr or en", "")
		}
	}
	for _, role := range r.Roles {
		if roles := []string{"operator", "user", "guest", "service"}; !slices.Contains(roles, role) {
			l.at(key+".roles", quote(role), "one of "+strings.Join(roles, ", "), "")
		}
	}
	if r.MaxTokens > 0 && r.MaxTokens < r.MinTokens {
		l.at(key+".max_tokens", fmt.Sprint(r.MaxTokens), fmt.Sprintf("at least min_tokens, %d", r.MinTokens), "")
	}
	if _, _, err := r.TimeOfDay(); err != nil {
		l.at(key+".hours", quote(r.Hours), "two times such as 22:00-06:30", "")
	}
}

// TimeOfDay reads the route's hours, since midnight; both are zero when it has
// none.
func (r ModelRouteConfig) TimeOfDay() (from, to time.Duration, err error) {
	if r.Hours == "" {
		return 0, 0, nil
	}
	first, second, ok := strings.Cut(r.Hours, "-")
	if !ok {
		return 0, 0, fmt.Errorf("hours %q: expected two times", r.Hours)
	}
	if from, err = clock(first); err != nil {
		return 0, 0, err
	}
	to, err = clock(second)
	return from, to, err
}

// clock reads a time of day; 24:00 is the day's end.
func clock(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	if s == "24:00" {
		return 24 * time.Hour, nil
	}
	at, err := time.Parse("15:04", s)
	if err != nil {
		return 0, fmt.Errorf("time of day %q: expected hours and minutes", s)
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, nil
}
