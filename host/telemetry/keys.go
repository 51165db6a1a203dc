package telemetry

// The keys of the fields of log records.
const (
	KeyAddr      = "addr"        // address that the host listens on
	KeyCall      = "call"        // id of a tool call
	KeyCode      = "code"        // of the error table, or a close code
	KeyDuration  = "duration_ms" // whole milliseconds
	KeyError     = "error"       // what went wrong, for the operator
	KeyNeed      = "need"        // what a plugin asked for
	KeyNew       = "new"         // what a setting is now, secrets masked
	KeyOld       = "old"         // what a setting was before
	KeySetting   = "setting"     // key of the configuration
	KeyFile      = "file"        // a path
	KeyMethod    = "method"      // of an HTTP request, or of a service for plugins
	KeyModel     = "model"       // name of a language model
	KeyPID       = "pid"         // of a plugin's process
	KeyPlugin    = "plugin"      // id of a plugin
	KeyReason    = "reason"      // why a state was entered
	KeyRequestID = "request_id"  // ties the records of one request together
	KeyRoute     = "route"       // pattern of a route, never the path itself
	KeySchedule  = "schedule"    // a plugin's name for a plan
	KeyService   = "service"     // name of a health check
	KeySession   = "session"     // id of a session
	KeySource    = "source"      // who answered a turn
	KeyStack     = "stack"       // of a panic
	KeyState     = "state"       // of a plugin, a turn or a tool call
	KeyStatus    = "status"      // of an HTTP response
	KeyTool      = "tool"        // name of a tool
	KeyTraceID   = "trace_id"    // of the trace that a client began
	KeyTries     = "tries"       // how often
	KeyTurn      = "turn"        // id of a turn
	KeyTurns     = "turns"       // how many
	KeyUser      = "user"        // id of a user, never the name
	KeyUtterance = "utterance"   // made up from two plugins' sentences, never said by anyone
	KeyVersion   = "version"     // of the host or of a plugin
)

// PluginPrefix begins the keys of what a plugin logged with names of its own: no
// plugin passes what it says off as the host's.
const PluginPrefix = "plugin."

// PluginKeys are those that a plugin's lines have in common with the host's.
func PluginKeys() []string {
	return []string{KeyCall, KeyError, KeyRequestID, KeyStack, KeyTool, KeyTraceID}
}

// Keys lists them all.
func Keys() []string {
	return []string{
		KeyAddr, KeyCall, KeyCode, KeyDuration, KeyError, KeyFile, KeyMethod, KeyModel, KeyNeed, KeyNew, KeyOld, KeyPID, KeyPlugin, KeyReason, KeyRequestID,
		KeyRoute, KeySchedule, KeyService, KeySession, KeySetting, KeySource, KeyStack, KeyState, KeyStatus, KeyTool, KeyTraceID, KeyTries, KeyTurn, KeyTurns, KeyUser, KeyUtterance, KeyVersion,
	}
}
