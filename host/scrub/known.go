package scrub

import (
	"bytes"
	"encoding/json"
)

// ScrubKnownJSON takes only registered secrets out of the names and values of a
// JSON text, however they are escaped in it. What holds none comes back as it is;
// what holds one comes back as JSON, and what was no JSON as a JSON string.
func (s *Scrubber) ScrubKnownJSON(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || !s.HoldsKnown(raw) {
		return raw
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		v = s.ScrubKnown(string(raw))
	}
	out, err := json.Marshal(s.knownInside(v))
	if err != nil || s.HoldsKnown(out) { // one that runs across the borders of values
		out, _ = json.Marshal(Redacted) //nolint:errchkjson // a constant
	}
	return out
}

// HoldsKnown reports whether a text, or a name or a value of it where it is JSON,
// holds a registered secret. It looks at each, since one name may be there twice.
func (s *Scrubber) HoldsKnown(raw []byte) bool {
	if s.ScrubKnown(string(raw)) != string(raw) {
		return true
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	for {
		t, err := d.Token()
		if err != nil { // its end, or no JSON from here on
			return false
		}
		if text, ok := t.(string); ok && s.ScrubKnown(text) != text {
			return true
		}
	}
}

// knownInside takes registered secrets out of a JSON value.
func (s *Scrubber) knownInside(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, value := range v {
			out[s.ScrubKnown(name)] = s.knownInside(value)
		}
		return out
	case []any:
		for i := range v {
			v[i] = s.knownInside(v[i])
		}
		return v
	case string:
		return s.ScrubKnown(v)
	case json.Number:
		if s.ScrubKnown(v.String()) != v.String() {
			return Redacted
		}
		return v
	default:
		return v
	}
}
