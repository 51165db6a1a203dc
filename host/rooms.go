package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/agent"
	"github.com/jarvis-host/jarvis/host/builtin"
	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/dialog"
	"github.com/jarvis-host/jarvis/host/effect"
	"github.com/jarvis-host/jarvis/host/gateway"
	"github.com/jarvis-host/jarvis/host/limit"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/scrub"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/supervisor"
	"github.com/jarvis-host/jarvis/host/telemetry"
	"github.com/jarvis-host/jarvis/host/texts"
	"github.com/jarvis-host/jarvis/host/tool"
	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/host/web"
	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/launch"
)

// Bounds of a turn.
const (
	questionTTL = 2 * time.Minute
	maxSteps    = 4 // times that a model is asked in a turn
	maxCalls    = 8 // tool calls that it may make
	maxTurn     = 10 * time.Minute
)

// newPlugins makes the supervisor and the tools around it.
func (h *Host) newPlugins(plugins []supervisor.Config) {
	h.catalogue = tool.NewCatalogue()
	h.plugins = supervisor.New(supervisor.Options{
		Plugins: plugins, DataDir: h.cfg.DataDir, Shim: []string{h.o.Program, "__exec"},
		HostVersion: h.o.Version, AutoMTLS: true, Log: h.pluginLog, OnChange: h.rebuild, Services: admission{h.desk},
		Observe: supervisor.Observe{
			State:   h.pluginState,
			Restart: h.metrics.PluginRestarts,
			Call: func(plugin, name string, took time.Duration, _ sdk.Code) {
				h.metrics.PluginCall(plugin, name, took)
			},
		},
	})
	h.providers = &providers{plugins: h.plugins, scrubber: h.scrubber}
	h.recordCalls()
	h.providers.builtin = builtin.New(builtin.Options{
		ID: tool.BuiltinPlugin, Version: h.o.Version, Now: time.Now, Words: texts.Get,
		FormatTime: texts.FormatTime, FormatDate: texts.FormatDate, Manifests: h.offered, Remembers: h.cfg.Memory.Enabled,
		Undo: h.undo, Deeds: h.deeds,
	})
}

// pluginLog puts what a plugin logs into the host's log, under its name.
func (h *Host) pluginLog(plugin string, line launch.Line) {
	args := []any{telemetry.KeyPlugin, plugin}
	for _, name := range slices.Sorted(maps.Keys(line.Fields)) {
		key := name
		if !slices.Contains(telemetry.PluginKeys(), name) {
			key = telemetry.PluginPrefix + name
		}
		args = append(args, key, line.Fields[name])
	}
	lines, _ := h.pluginLines.LoadOrStore(plugin, scrub.NewLines(h.scrubber))
	line.Message = lines.(*scrub.Lines).Scrub(line.Message)
	h.log.Log(line.Level, line.Message, args...)
	h.keepLine(plugin, line)
}

// newConversation makes what turns an utterance into an answer.
func (h *Host) newConversation(c *config.Config) error {
	var err error
	if h.prompts, err = agent.LoadPrompts(c.LLM.PromptsDir, agent.Home(c.Home)); err != nil {
		return fmt.Errorf("%w: llm.prompts_dir: %w", ErrConfig, err)
	}
	h.runner = &tool.Runner{
		Catalogue: h.catalogue, Invoker: h.providers, Words: texts.Get, QuestionTTL: questionTTL, Now: time.Now,
		Grants: h.sections.toolGrants, Reviser: h.plugins, Receipts: effect.NewBook(h.accounts.db, h.scrubber, time.Now),
		Failed: func(err error) { h.log.Error("receipt not written", telemetry.KeyError, err) },
	}
	mind := &agent.Agent{
		Model: h.model, Tools: h.runner, Offers: h.catalogue.Offers, Relevance: agent.NewRelevance(), Prompts: h.prompts,
		Words: texts.Get, FormatDate: texts.FormatDate, FormatTime: texts.FormatTime, Now: time.Now,
		Window: c.LLM.Ollama.NumCtx, MaxSteps: maxSteps, MaxCalls: maxCalls, MaxTime: maxTurn, Log: h.note,
		Dropped: h.metrics.ContextDropped,
	}
	stages := &dialog.Dialog{
		Tools: h.runner, Sentences: h.catalogue, Agent: mind, Words: texts.Get, IsStop: texts.IsStop, IsAgain: texts.IsAgain,
		Languages: []string{"fr", "en"}, Now: time.Now, Matched: h.metrics.IntentMatched, Log: h.note,
	}
	if h.memory != nil {
		mind.Memory, mind.RecallWithin, stages.Memory = recaller{h}, c.Memory.RecallWithin, h.talk()
	}
	h.spare = &spare{now: time.Now, watched: h.keeping(discreet{stages, h.scrubber})}
	h.answerer = logged{h.spare, h.log}
	h.sessions = session.New(session.Options{
		Store: h.accounts.db, Answerer: h.answerer, Now: time.Now, Log: h.log, QuestionTTL: questionTTL,
		Detect: h.detect, IsStop: texts.IsStop, ParseReply: parseReply, FailureOf: h.failureOf, Clean: h.scrubber.ScrubKnown,
		FailureText:   func(lang, code string) string { return texts.Get(lang, "error."+code) },
		TurnDone:      func(s turn.Source, took time.Duration) { h.metrics.TurnDone(string(s), took) },
		FirstDelta:    h.metrics.FirstToken,
		QueueDepth:    func(n int) { h.metrics.QueueDepth("turns", n) },
		StopUnwatched: c.Gateway.Unwatched == "stop",
	})
	return nil
}

// failureOf tells the code of an answerer's error, and its own words for the
// end user, when it has any.
func (h *Host) failureOf(err error) (code, message string) {
	if e, ok := errors.AsType[*sdk.Error](err); ok {
		return string(e.Code), h.scrubber.ScrubKnown(e.Message)
	}
	return string(protocol.CodeOf(err)), ""
}

// detect tells an utterance's language; what can't be told is the end user's
// own, else the configuration's.
func (h *Host) detect(text, own string) string {
	fallback := h.cfg.Language
	if own != "" {
		fallback = own
	}
	if fallback != "fr" {
		fallback = "en"
	}
	return texts.Detect(text, fallback)
}

// parseReply reads an utterance as the answer to a question.
func parseReply(kind turn.QuestionKind, options []turn.Option, _, text string) (string, bool) {
	switch kind {
	case turn.AskConfirm:
		yes, ok := texts.YesNo(text)
		return fmt.Sprint(yes), ok
	case turn.AskChoice:
		return choice(options, text)
	default:
		return strings.TrimSpace(text), true
	}
}

// choice finds the option that a text names: by its number, its value, its
// label, or the one label that holds it.
func choice(options []turn.Option, text string) (string, bool) {
	said := texts.Fold(text)
	var holding []string
	for i, o := range options {
		label := texts.Fold(o.Label)
		if said == fmt.Sprint(i+1) || said == texts.Fold(o.Value) || said == label {
			return o.Value, true
		}
		if said != "" && strings.Contains(" "+label+" ", " "+said+" ") {
			holding = append(holding, o.Value)
		}
	}
	if len(holding) == 1 {
		return holding[0], true
	}
	return "", false
}

// edgeOf is the gateway's part of a configuration.
func (h *Host) edgeOf(c *config.Config) gateway.Config {
	plain, sockets := shareDescriptors(openFiles(), len(c.Plugins))
	return gateway.Config{
		MaxPlain: plain, MaxSockets: sockets,
		TrustedProxies: networks(c.Gateway.TrustedProxies), PerMinute: c.Limits.ChatPerMinute,
		AllowedHosts: c.Gateway.AllowedHosts, AllowedOrigins: c.Gateway.AllowedOrigins,
		MetricsLoopback: c.Metrics.AllowLoopback, Lang: h.detect("", ""), Zone: zone(c.TimeZone), Version: h.o.Version,
	}
}

// limitsOf are the limits of the edge.
func limitsOf(c config.LimitsConfig) limit.Limits {
	return limit.Limits{Chat: c.ChatPerMinute, Users: c.UsersPerAddress, Connects: c.ConnectsPerMinute, Failures: c.FailedSignInsPerMinute}
}

// newGateway makes the edge.
func (h *Host) newGateway(c *config.Config, metrics http.Handler) {
	h.limits = limit.NewEdge(limitsOf(c.Limits), time.Now)
	h.gateway = gateway.New(gateway.Options{
		Sessions: h.sessions, Auth: h.accounts.Service, Words: texts.Get, Log: h.log, Health: h.health,
		Metrics: metrics, Page: http.HandlerFunc(page), Plugins: &operator{h}, Tools: &direct{h}, Receipts: receiptsDoor{h}, Spoken: h.spoken, Doors: slices.Concat(h.mcpDoors(), h.compatDoors()),
		Meter: h.metrics, Notices: noticeDoor{h.notices}, Memories: h.memories(),
		Model: h.model.name, Models: h.modelNames, Now: time.Now, Limiter: h.limits, TLS: tlsOf(h.certificate),
		Config: h.edgeOf(c),
	})
}

// watchServices registers what /ready tells of.
func (h *Host) watchServices() {
	h.health.Register("store", true, h.accounts.db.Able)
	h.health.Register("model", false, func(ctx context.Context) error {
		h.model.Refresh(ctx)
		ready, key, args := h.model.Status()
		if !ready {
			return errors.New(texts.Get("en", key, args...))
		}
		return nil
	})
}

// page serves the chat page and what it loads.
func page(w http.ResponseWriter, r *http.Request) {
	switch name, asset := strings.CutPrefix(r.URL.Path, "/assets/"); {
	case asset:
		web.Asset(name).ServeHTTP(w, r)
	case r.URL.Path == "/":
		web.Page().ServeHTTP(w, r)
	default:
		http.NotFound(w, r)
	}
}

// tend does what has to be done now and then.
func (h *Host) tend(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			h.prune(ctx, time.Now())
		case <-ctx.Done():
			return
		}
	}
}

// sessionIdle is how long values of sessions that are not kept stay.
const sessionIdle = 24 * time.Hour

// prune removes what is too old to be kept. What can't be removed now is tried
// again a minute later.
func (h *Host) prune(ctx context.Context, now time.Time) {
	db := h.accounts.db
	err := errors.Join(
		h.accounts.Prune(ctx), db.PruneValues(ctx, now, now.Add(-sessionIdle)),
		h.runner.Receipts.Prune(ctx), db.PruneRuns(ctx, now.Add(-effect.RunFor)),
	)
	if err != nil {
		h.log.Warn("what is old is not removed", telemetry.KeyError, err)
	}
}

// ModelLine tells the operator in one line whether a model answers.
func (h *Host) ModelLine() string {
	ready, key, args := h.model.Status()
	if ready {
		return "Model: " + h.model.name()
	}
	return texts.Get("en", key, args...)
}
