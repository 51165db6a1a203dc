// Package session owns conversations: it accepts utterances durably, runs one
// turn at a time, keeps history and sequence numbers, and brings a client that
// comes back exactly what it missed.
package session
