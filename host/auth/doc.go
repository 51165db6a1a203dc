// Package auth knows who is at the door: end users and their roles, the keys
// that stand for them, the tickets that a browser signs in with. Identity comes
// from a credential, never from a message.
package auth
