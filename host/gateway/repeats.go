package gateway

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"sync"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// Bounds of the idempotency keys that are remembered.
const (
	maxRepeats  = 10_000
	repeatsLive = 24 * time.Hour
	maxKey      = 256 // bytes of an Idempotency-Key
)

// repeats remembers which session an Idempotency-Key spoke in: the session
// itself knows the utterance, by the id that the key becomes. The zero value
// is empty and ready.
type repeats struct {
	mu    sync.Mutex
	first map[repeatKey]*repeat
}

// repeatKey is a user's key: of two users the same key means two things.
type repeatKey struct{ user, key string }

// repeat is the first use of a key. Whoever holds its lock may say it.
type repeat struct {
	sync.Mutex
	body    [sha256.Size]byte
	session string // empty while nothing was accepted
	done    bool   // it succeeded, of a request whose answer says no more
	at      time.Time
}

// clientID is the message id that an idempotency key becomes.
func clientID(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "i-" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// use returns the first use of a key, locked. The same key with another body
// is a conflict.
func (r *repeats) use(user, key string, body []byte, now time.Time) (*repeat, error) {
	if len(key) > maxKey {
		return nil, &protocol.Problem{Code: protocol.Invalid, Field: "Idempotency-Key", Text: protocol.WordTooLong, Args: []any{"Idempotency-Key", maxKey, len(key)}}
	}
	k := repeatKey{user, key}
	r.mu.Lock()
	found := r.first[k]
	if found == nil {
		found = &repeat{body: sha256.Sum256(body), at: now}
		if r.first == nil {
			r.first = map[repeatKey]*repeat{}
		}
		r.makeRoom(now)
		r.first[k] = found
	}
	r.mu.Unlock()
	found.Lock()
	if found.body != sha256.Sum256(body) {
		found.Unlock()
		return nil, &protocol.Problem{Code: protocol.Conflict, Field: "Idempotency-Key", Text: protocol.WordReused, Err: errors.New("reused with another body")}
	}
	return found, nil
}

// makeRoom needs r.mu. It forgets old keys, and any one when there are none.
func (r *repeats) makeRoom(now time.Time) {
	if len(r.first) < maxRepeats {
		return
	}
	for k, v := range r.first {
		if now.Sub(v.at) > repeatsLive {
			delete(r.first, k)
		}
	}
	for k := range r.first {
		if len(r.first) < maxRepeats {
			return
		}
		delete(r.first, k)
	}
}
