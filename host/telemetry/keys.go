package telemetry

// The keys of the fields of log records.
const (
	KeyAddr      = "addr"        // address that the host listens on
	KeyCall      = "call"        // id of a tool call
	KeyCode      = "code"        // of the error table, or a close code
	KeyDuration  = "duration_ms" // whole milliseconds
	KeyError     = "error"       // what went wrong, for the operator
	KeyNew       = "new"         // what a setting is now, secrets masked
	KeyOld       = "old"         // what a setting was before
	KeySetting   = "setting"     // key of the configuration
	KeyMethod    = "method"      // of an HTTP request
	KeyModel     = "model"       // name of a language model
	KeyPID       = "pid"         // of a plugin's process
	KeyPlugin    = "plugin"      // id of a plugin
	KeyReason    = "reason"      // why a state was entered
	KeyRequestID = "request_id"  // ties the records of one request together
	KeyRoute     = "route"       // pattern of a route, never the path itself
	KeyService   = "service"     // name of a health check
	KeySession   = "session"     // id of a session
	KeySource    = "source"      // who answered a turn
	KeyStack     = "stack"       // of a panic
	KeyState     = "state"       // of a plugin, a turn or a tool call
	KeyStatus    = "status"      // of an HTTP response
	KeyTool      = "tool"        // name of a tool
	KeyTurn      = "turn"        // id of a turn
	KeyUser      = "user"        // id of a user, never the name
	KeyUtterance = "utterance"   // made up from two plugins' sentences, never said by anyone
	KeyVersion   = "version"     // of the host or of a plugin
)

// Keys lists them all.
func Keys() []string {
	return []string{
		KeyAddr, KeyCall, KeyCode, KeyDuration, KeyError, KeyMethod, KeyModel, KeyNew, KeyOld, KeyPID, KeyPlugin, KeyReason, KeyRequestID,
		KeyRoute, KeyService, KeySession, KeySetting, KeySource, KeyStack, KeyState, KeyStatus, KeyTool, KeyTurn, KeyUser, KeyUtterance, KeyVersion,
	}
}
