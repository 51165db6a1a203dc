package telemetry

import (
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Metrics counts and times what the host does. No method takes what a client
// chooses as a label: a value outside of its label's set is counted as "other".
// Safe for concurrent use.
type Metrics struct {
	wsActive, buildInfo, serviceStatus, pluginState, queueDepth  *prometheus.GaugeVec
	wsTotal, wsMessages, chatRequests, chatErrors, rateLimitHits *prometheus.CounterVec
	httpRequests, panics, logLost, contextDropped                *prometheus.CounterVec
	pluginRestarts                                               *prometheus.CounterVec
	llmSeconds, serviceTime, turnSeconds, firstToken             *prometheus.HistogramVec
	httpSeconds, pluginCalls, intentMatch                        *prometheus.HistogramVec

	modelRequests, modelTokens, modelCost, noticesTotal *prometheus.CounterVec

	memoryOperations *prometheus.CounterVec

	framesOut prometheus.Counter // of wsMessages: each token is one

	services, routes, queues *learnt
	providers, models        *learnt
	tools                    map[string]*learnt // by plugin; those of unknown plugins are "other"
}

// NewMetrics registers the host's metrics, and those of Go and of the process.
// The plugins are those that may stand in a label. It panics when the registerer
// has some of the families already.
func NewMetrics(reg prometheus.Registerer, version string, plugins []string) *Metrics {
	m := &Metrics{
		wsActive: gauges(reg, wsActive), buildInfo: gauges(reg, buildInfo), serviceStatus: gauges(reg, serviceStatus),
		pluginState: gauges(reg, pluginState), queueDepth: gauges(reg, queueDepth),
		wsTotal: counters(reg, wsTotal), wsMessages: counters(reg, wsMessages), chatRequests: counters(reg, chatRequests),
		chatErrors: counters(reg, chatErrors), rateLimitHits: counters(reg, rateLimitHits),
		httpRequests: counters(reg, httpRequests), panics: counters(reg, panics), logLost: counters(reg, logLost), contextDropped: counters(reg, contextDropped), pluginRestarts: counters(reg, pluginRestarts),
		llmSeconds: histograms(reg, llmSeconds), serviceTime: histograms(reg, serviceTime), turnSeconds: histograms(reg, turnSeconds),
		firstToken: histograms(reg, firstToken), httpSeconds: histograms(reg, httpSeconds), pluginCalls: histograms(reg, pluginCalls),
		intentMatch: histograms(reg, intentMatch),

		memoryOperations: counters(reg, memoryOperations),
		noticesTotal:     counters(reg, noticesTotal), modelRequests: counters(reg, modelRequests), modelTokens: counters(reg, modelTokens), modelCost: counters(reg, modelCost),
		providers: newLearnt(maxProviders), models: newLearnt(maxModels),

		services: newLearnt(maxServices), routes: newLearnt(maxRoutes), queues: newLearnt(maxQueues),
		tools: map[string]*learnt{},
	}
	for _, p := range plugins[:min(len(plugins), maxPlugins)] {
		m.tools[p] = newLearnt(maxTools)
	}
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.buildInfo.WithLabelValues(version, runtime.Version()).Set(1)
	m.wsActive.WithLabelValues().Set(0)
	m.framesOut = m.wsMessages.WithLabelValues("out", "ok")
	m.begin(plugins)
	return m
}

// begin makes the series whose labels are known beforehand: to Prometheus, a
// series that appears with its first event has never risen.
func (m *Metrics) begin(plugins []string) {
	for v, f := range map[*prometheus.CounterVec]family{
		m.wsTotal: wsTotal, m.wsMessages: wsMessages, m.chatRequests: chatRequests, m.chatErrors: chatErrors, m.rateLimitHits: rateLimitHits,
		m.panics: panics, m.logLost: logLost, m.contextDropped: contextDropped, m.noticesTotal: noticesTotal, m.memoryOperations: memoryOperations,
	} {
		for _, values := range combinations(f.labels) {
			v.WithLabelValues(values...)
		}
	}
	for _, p := range plugins {
		m.pluginRestarts.WithLabelValues(m.plugin(p))
	}
}

// combinations lists all values of labels together.
func combinations(labels []label) [][]string {
	all := [][]string{nil}
	for _, l := range labels {
		var longer [][]string
		for _, head := range all {
			for _, v := range l.values {
				longer = append(longer, append(slices.Clone(head), v))
			}
		}
		all = longer
	}
	return all
}

func gauges(reg prometheus.Registerer, f family) *prometheus.GaugeVec {
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: f.name, Help: f.help}, f.labelNames())
	reg.MustRegister(v)
	return v
}

func counters(reg prometheus.Registerer, f family) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: f.name, Help: f.help}, f.labelNames())
	reg.MustRegister(v)
	return v
}

func histograms(reg prometheus.Registerer, f family) *prometheus.HistogramVec {
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: f.name, Help: f.help, Buckets: f.buckets}, f.labelNames())
	reg.MustRegister(v)
	return v
}

// Connected counts WebSocket connections that were opened, or closed when delta
// is negative.
func (m *Metrics) Connected(delta int) { m.wsActive.WithLabelValues().Add(float64(delta)) }

// Connection counts a WebSocket handshake: accepted, or a code of the error
// table.
func (m *Metrics) Connection(status string) {
	m.wsTotal.WithLabelValues(wsTotal.value(0, status)).Inc()
}

// Message counts a frame: in or out; ok, or a code of the error table.
func (m *Metrics) Message(direction, status string) {
	if direction == "out" && status == "ok" {
		m.framesOut.Inc()
		return
	}
	m.wsMessages.WithLabelValues(wsMessages.value(0, direction), wsMessages.value(1, status)).Inc()
}

// Chat counts an utterance: ok, or a code of the error table.
func (m *Metrics) Chat(secure bool, status string) {
	m.chatRequests.WithLabelValues(strconv.FormatBool(secure), chatRequests.value(1, status)).Inc()
}

// ChatError counts an utterance that failed, by stage: validation, accept or
// answer.
func (m *Metrics) ChatError(stage string) {
	m.chatErrors.WithLabelValues(chatErrors.value(0, stage)).Inc()
}

// RateLimited counts a request over a limit, of chat or of ws.
func (m *Metrics) RateLimited(endpoint, clientType string) {
	m.rateLimitHits.WithLabelValues(rateLimitHits.value(0, endpoint), rateLimitHits.value(1, clientType)).Inc()
}

// Request counts and times an HTTP request by its route's pattern.
func (m *Metrics) Request(route, method string, status int, took time.Duration) {
	route = m.routes.value(route)
	code := other
	if status >= 100 && status <= 599 {
		code = strconv.Itoa(status)
	}
	m.httpRequests.WithLabelValues(route, httpRequests.value(1, method), code).Inc()
	m.httpSeconds.WithLabelValues(route).Observe(took.Seconds())
}

// Panic counts a panic that was caught.
func (m *Metrics) Panic() { m.panics.WithLabelValues().Inc() }

// LogLost counts records of the log that could not be written.
func (m *Metrics) LogLost(records int) { m.logLost.WithLabelValues().Add(float64(records)) }

// ContextDropped counts messages that a model's window had no room for.
func (m *Metrics) ContextDropped(messages int) {
	m.contextDropped.WithLabelValues().Add(float64(messages))
}

// Generated times one answer of a language model.
func (m *Metrics) Generated(took time.Duration) {
	m.llmSeconds.WithLabelValues().Observe(took.Seconds())
}

// ServiceHealth keeps how a service is. The time that its probe took is left
// out when it is zero: nothing was asked.
func (m *Metrics) ServiceHealth(service string, works bool, took time.Duration) {
	service = m.services.value(service)
	up := 0.0
	if works {
		up = 1
	}
	m.serviceStatus.WithLabelValues(service).Set(up)
	if took > 0 {
		m.serviceTime.WithLabelValues(service).Observe(took.Seconds())
	}
}

// TurnDone times a whole turn by who answered it.
func (m *Metrics) TurnDone(source string, took time.Duration) {
	m.turnSeconds.WithLabelValues(turnSeconds.value(0, source)).Observe(took.Seconds())
}

// FirstToken times the first piece of an answer.
func (m *Metrics) FirstToken(took time.Duration) {
	m.firstToken.WithLabelValues().Observe(took.Seconds())
}

// PluginState keeps the state that a plugin is in.
func (m *Metrics) PluginState(plugin, state string) {
	m.pluginState.WithLabelValues(m.plugin(plugin)).Set(float64(slices.Index(pluginStates, state)))
}

// PluginCall times a call of a plugin's tool.
func (m *Metrics) PluginCall(plugin, tool string, took time.Duration) {
	known := m.tools[plugin]
	if known == nil {
		plugin, tool = other, other
	} else {
		tool = known.value(tool)
	}
	m.pluginCalls.WithLabelValues(plugin, tool).Observe(took.Seconds())
}

// PluginRestarts counts a restart of a plugin's process.
func (m *Metrics) PluginRestarts(plugin string) {
	m.pluginRestarts.WithLabelValues(m.plugin(plugin)).Inc()
}

// IntentMatched times the matching of an utterance with the plugins' sentences.
func (m *Metrics) IntentMatched(took time.Duration) {
	m.intentMatch.WithLabelValues().Observe(took.Seconds())
}

// QueueDepth keeps how much waits in a queue.
func (m *Metrics) QueueDepth(queue string, waiting int) {
	m.queueDepth.WithLabelValues(m.queues.value(queue)).Set(float64(waiting))
}

// plugin is a plugin's id if it is known.
func (m *Metrics) plugin(id string) string {
	if m.tools[id] == nil {
		return other
	}
	return id
}

// Notices counts a notice that became sent, repeated, acknowledged or
// withdrawn.
func (m *Metrics) Notices(state string) {
	m.noticesTotal.WithLabelValues(noticesTotal.value(0, state)).Inc()
}
