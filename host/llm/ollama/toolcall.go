package ollama

import (
	stdjson "encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

var errArguments = errors.New("arguments are not a JSON object")

// arguments returns a tool call's arguments as an object. Some servers and
// proxies send them as a string that holds one, or leave an empty one out.
func arguments(v jsontext.Value) (stdjson.RawMessage, error) {
	if v.Kind() == '"' {
		var text string
		if err := json.Unmarshal(v, &text, lenient); err != nil {
			return nil, errArguments
		}
		v = jsontext.Value(strings.TrimSpace(text))
	}
	switch {
	case len(v) == 0 || v.Kind() == 'n':
		return stdjson.RawMessage(`{}`), nil
	case v.Kind() == '{' && v.IsValid(lenient):
		return stdjson.RawMessage(v), nil
	default:
		return nil, errArguments
	}
}

// ids gives each tool call of an answer an id of its own: the server's, or, if
// that is missing or was used already, one that depends on nothing but the
// call's place in the conversation.
type ids struct {
	prefix string
	seen   map[string]bool
}

func (i *ids) of(id string) string {
	for n := len(i.seen); id == "" || i.seen[id]; n++ {
		id = i.prefix + strconv.Itoa(n)
	}
	i.seen[id] = true
	return id
}
