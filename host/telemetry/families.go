package telemetry

// kind is what a metric family measures.
type kind string

const (
	counter   kind = "counter"
	gauge     kind = "gauge"
	histogram kind = "histogram"
)

// label is a label with its closed set of values; any other value becomes
// "other". Where the set is not known beforehand, the first Most values make
// it.
type label struct {
	name   string
	values []string
	most   int
}

// family is one metric family, as it is registered and as it is documented.
type family struct {
	name    string
	kind    kind
	help    string
	labels  []label
	buckets []float64
}

// other stands for every value of a label that is outside of its set.
const other = "other"

// codes are the error table's, with ok for what went well.
var codes = []string{
	"ok", "invalid", "unauthenticated", "forbidden", "not_found", "timeout", "conflict", "too_large", "unsupported", "rate_limited", "internal",
	"unavailable", "busy",
}

// pluginStates are the values of jarvis_plugin_state, by number.
var pluginStates = []string{
	"disabled", "blocked", "idle", "starting", "ready", "degraded", "crashed", "backoff", "quarantined", "draining", "upgrading",
}

var (
	answerBuckets  = []float64{.1, .2, .5, 1, 2, 5, 10, 30, 60}
	serviceBuckets = []float64{.01, .05, .1, .2, .5, 1, 2, 5}
	turnBuckets    = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}
	quickBuckets   = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	matchBuckets   = []float64{.00001, .000025, .00005, .0001, .00025, .0005, .001, .005, .01, .05}
)

// Bounds of the sets that are learnt while running.
const (
	maxPlugins   = 64
	maxTools     = 64
	maxServices  = 64
	maxRoutes    = 128
	maxQueues    = 16
	maxProviders = 8
	maxModels    = 24
)

// The families. Names, labels and buckets are a promise to dashboards.
var (
	wsActive = family{"ws_active_connections", gauge, "WebSocket connections that are open.", nil, nil}
	wsTotal  = family{"ws_connections_total", counter, "WebSocket handshakes, by outcome.", []label{
		{name: "status", values: append([]string{"accepted"}, codes[1:]...)},
	}, nil}
	wsMessages = family{"ws_messages_total", counter, "WebSocket frames, by direction and outcome.", []label{
		{name: "direction", values: []string{"in", "out"}}, {name: "status", values: codes},
	}, nil}
	chatRequests = family{"chat_requests_total", counter, "Utterances, by outcome; secure is whether TLS reached the host or a trusted proxy.", []label{
		{name: "secure", values: []string{"true", "false"}}, {name: "status", values: codes},
	}, nil}
	chatErrors = family{"chat_errors_total", counter, "Utterances that failed, by the stage that failed them.", []label{
		{name: "stage", values: []string{"validation", "accept", "answer"}},
	}, nil}
	rateLimitHits = family{"rate_limit_hits_total", counter, "Requests over a limit.", []label{
		{name: "endpoint", values: []string{"chat", "ws", "auth"}},
		{name: "client_type", values: []string{"address", "user", "guest", "operator", "service", "scraper"}},
	}, nil}
	llmSeconds    = family{"llm_generate_seconds", histogram, "Time that a language model took for one answer.", nil, answerBuckets}
	serviceStatus = family{"service_health_status", gauge, "Whether a service works: 1 or 0.", []label{{name: "service", most: maxServices}}, nil}
	serviceTime   = family{"service_response_seconds", histogram, "Time that a health probe of a service took.", []label{
		{name: "service", most: maxServices},
	}, serviceBuckets}
	buildInfo = family{"jarvis_build_info", gauge, "Always 1; the labels say what runs.", []label{
		{name: "version", most: 1}, {name: "goversion", most: 1},
	}, nil}
	turnSeconds = family{"jarvis_turn_seconds", histogram, "Time from an utterance to the end of its answer, by who answered.", []label{
		{name: "source", values: []string{"intent", "dialogue", "model", "memory", "host"}},
	}, turnBuckets}
	firstToken   = family{"jarvis_first_token_seconds", histogram, "Time from an utterance to the first piece of its answer.", nil, turnBuckets}
	httpRequests = family{"jarvis_http_requests_total", counter, "HTTP requests, by the route's pattern.", []label{
		{name: "route", most: maxRoutes},
		{name: "method", values: []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}},
		{name: "code", most: 500},
	}, nil}
	httpSeconds = family{"jarvis_http_request_seconds", histogram, "Time of HTTP requests, by the route's pattern.", []label{
		{name: "route", most: maxRoutes},
	}, quickBuckets}
	contextDropped = family{"jarvis_context_dropped_messages_total", counter, "Messages of conversations that did not fit a language model's window.", nil, nil}
	panics         = family{"jarvis_panics_total", counter, "Panics that were caught; each is a fault to report.", nil, nil}
	logLost        = family{"jarvis_log_lost_total", counter, "Records of the log that could not be written.", nil, nil}
	pluginState    = family{"jarvis_plugin_state", gauge, "State of a plugin, by the numbers below.", []label{{name: "plugin", most: maxPlugins}}, nil}
	pluginCalls    = family{"jarvis_plugin_call_seconds", histogram, "Time of calls to plugins' tools.", []label{
		{name: "plugin", most: maxPlugins}, {name: "tool", most: maxTools},
	}, quickBuckets}
	pluginRestarts = family{"jarvis_plugin_restarts_total", counter, "Restarts of a plugin's process.", []label{{name: "plugin", most: maxPlugins}}, nil}
	intentMatch    = family{"jarvis_intent_match_seconds", histogram, "Time to match an utterance with the plugins' sentences.", nil, matchBuckets}
	modelRequests  = family{"jarvis_llm_requests_total", counter, "Requests to language models, by who answered or failed last, and how.", []label{
		{name: "provider", most: maxProviders},
		{name: "outcome", values: []string{
			"ok", "cancelled", "unreachable", "not_found", "overloaded", "refused", "unauthorized", "interrupted", "timeout", "too_large",
			"limit", "resting", "no_route", "budget", "internal",
		}},
	}, nil}
	modelTokens = family{"jarvis_llm_tokens_total", counter, "Tokens that language models have read and written.", []label{
		{name: "provider", most: maxProviders}, {name: "model", most: maxModels}, {name: "kind", values: []string{"prompt", "completion"}},
	}, nil}
	modelCost = family{"jarvis_llm_cost_total", counter, "What language models have cost, in the currency of their prices.", []label{
		{name: "provider", most: maxProviders}, {name: "model", most: maxModels},
	}, nil}
	noticesTotal = family{"jarvis_notices_total", counter, "Notices to end users, by what became of them.", []label{
		{name: "state", values: []string{"sent", "repeated", "acknowledged", "withdrawn"}},
	}, nil}
	memoryOperations = family{"memory_operations_total", counter, "Reads and writes of memories, by outcome.", []label{
		{name: "operation", values: []string{"remember", "recall", "search", "list", "edit", "forget", "export", "import", "consolidate", "absorb", "index", "reindex"}},
		{name: "status", values: []string{"ok", "error"}},
	}, nil}
	queueDepth = family{"jarvis_queue_depth", gauge, "What waits in a queue.", []label{{name: "queue", most: maxQueues}}, nil}
)

// families lists them in the order of the documentation.
func families() []family {
	return []family{
		wsActive, wsTotal, wsMessages, chatRequests, chatErrors, rateLimitHits, llmSeconds, serviceStatus, serviceTime, buildInfo,
		turnSeconds, firstToken, httpRequests, httpSeconds, panics, logLost, contextDropped, pluginState, pluginCalls, pluginRestarts, intentMatch, queueDepth,
		noticesTotal, modelRequests, modelTokens, modelCost, memoryOperations,
	}
}
