package qdrant

import (
	client "github.com/qdrant/go-client/qdrant"

	"github.com/jarvis-host/jarvis/host/memory"
)

// scope is one owner's part of a collection. What asks or changes the server
// about items is a method of it, so that none can do without saying whose.
type scope struct {
	*Store
	whose      memory.Owner
	home, user string
}

func (s *Store) scope(o memory.Owner) scope { return scope{s, o, s.o.Home, o.User()} }

// filter chooses the owner's points that meet all conditions.
func (c scope) filter(more ...*client.Condition) *client.Filter {
	return &client.Filter{Must: append([]*client.Condition{
		client.NewMatchKeyword(fieldHome, c.home), client.NewMatchKeyword(fieldUser, c.user),
	}, more...)}
}

// itemOf is the id of the item that a point stands for; ok is false for a point
// that is not the owner's, whatever the server thinks.
func (c scope) itemOf(payload map[string]*client.Value) (id string, ok bool) {
	id = payload[fieldItem].GetStringValue()
	return id, id != "" && payload[fieldUser].GetStringValue() == c.user && payload[fieldHome].GetStringValue() == c.home
}
