package remote

import (
	stdjson "encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

var errArguments = errors.New("arguments are not a JSON object")

// Arguments returns a tool call's arguments as an object. Some servers and
// proxies send them as a string that holds one, or leave an empty one out.
func Arguments(v jsontext.Value) (stdjson.RawMessage, error) {
	if v.Kind() == '"' {
		var text string
		if err := json.Unmarshal(v, &text, Lenient); err != nil {
			return nil, errArguments
		}
		v = jsontext.Value(strings.TrimSpace(text))
	}
	switch {
	case len(v) == 0 || v.Kind() == 'n':
		return stdjson.RawMessage(`{}`), nil
	case v.Kind() == '{' && v.IsValid(Lenient):
		return stdjson.RawMessage(v), nil
	default:
		return nil, errArguments
	}
}

// IDs gives each tool call of an answer an id of its own: the server's, or, if
// that is missing or was used already, one that depends on nothing but the
// call's place in the conversation.
type IDs struct {
	prefix string
	seen   map[string]bool
}

// NewIDs returns the ids of an answer in a conversation that is so many messages
// long.
func NewIDs(messages int) *IDs {
	return &IDs{prefix: "call_" + strconv.Itoa(messages) + "_", seen: map[string]bool{}}
}

// Of returns the id of the next call.
func (i *IDs) Of(id string) string {
	for n := len(i.seen); id == "" || i.seen[id]; n++ {
		id = i.prefix + strconv.Itoa(n)
	}
	i.seen[id] = true
	return id
}
