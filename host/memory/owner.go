package memory

import (
	"errors"
	"unicode/utf8"
)

// Owner is the end user whose memory is meant. Every method of a [Store] takes
// one, and only [OwnerOf] makes one, so that a query without an owner cannot be
// written.
type Owner struct{ user string }

// maxOwner is the longest name of an owner, in bytes.
const maxOwner = 256

// ErrOwner says that a name cannot own a memory.
var ErrOwner = errors.New("the owner of a memory is the id of an end user: 1 to 256 bytes of UTF-8")

// OwnerOf returns the owner with the id of an end user, as the credential gave
// it.
func OwnerOf(user string) (Owner, error) {
	if user == "" || len(user) > maxOwner || !utf8.ValidString(user) {
		return Owner{}, ErrOwner
	}
	return Owner{user}, nil
}

// User returns the id of the end user; it is empty for the zero Owner, which no
// store accepts.
func (o Owner) User() string { return o.user }
