// Package protocol is what the host speaks with its clients: the frames of the
// WebSocket subprotocol jarvis.v1, the close codes and the one table of
// errors. It imports nothing but the standard library.
package protocol

// Subprotocol is the WebSocket subprotocol of these frames.
const Subprotocol = "jarvis.v1"

// Bounds of what a client may send.
const (
	MaxText     = 4096     // code points of one utterance
	MaxFrame    = 64 << 10 // bytes of one frame
	MaxClientID = 64       // bytes of a client's message id
)

// Version is the protocol's version, told in hello.
const Version = 1
