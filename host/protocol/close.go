package protocol

// The codes with which the host closes a WebSocket.
const (
	CloseGoingAway   = 1001 // the host stops, after the drain
	CloseProtocol    = 1002
	CloseBinary      = 1003 // binary where text is due
	CloseNotUTF8     = 1007
	ClosePolicy      = 1008 // credential revoked, too many fragments, fragments too slow
	CloseTooBig      = 1009
	CloseInternal    = 1011
	CloseTryLater    = 1013 // too busy or draining
	CloseSlowReader  = 4408 // nothing is lost: resume
	CloseRateLimited = 4429
)
