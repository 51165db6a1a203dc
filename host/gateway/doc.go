// Package gateway is the host's edge: HTTP and WebSocket. It knows who asks,
// checks what they send, and hands it to the rooms behind; what comes back it
// turns into frames, JSON and server-sent events. It decides nothing about
// answers.
//
// A request passes, in this order: request id, framing, Host and Origin, the
// route, the credential, its role, cross-site forgery, the content type, the
// body. Whatever refuses answers with one shape, protocol.Failure, in the end
// user's language.
//
// A WebSocket has one goroutine that reads as long as it lives, and one that
// writes while something waits to be written. All that goes out passes its
// outbox, which is bounded in bytes and joins deltas for a slow reader. One
// sweeper serves the pings, the idle limit and the revoked credentials of all.
package gateway
