package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"

	strict "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// decode reads exactly one JSON object into the struct that v points to: names
// match exactly and appear once, text is valid UTF-8, nothing follows. Members
// that the struct does not have are an error when closed is set.
func decode(data []byte, v any, closed bool) *protocol.Problem {
	err := strict.Unmarshal(data, v, strict.RejectUnknownMembers(closed))
	if err == nil {
		return nil
	}
	_, semantic := errors.AsType[*strict.SemanticError](err)
	if syntax := malformed(err); syntax != nil && !semantic {
		return syntax
	}
	// A value that is well formed but of the wrong type may be followed by text
	// that is no JSON at all: that comes first.
	if syntax := syntaxProblem(data); syntax != nil {
		return syntax
	}
	if e, ok := errors.AsType[*strict.SemanticError](err); ok {
		return semanticProblem(data, v, e)
	}
	return &protocol.Problem{Code: protocol.Invalid, Text: protocol.WordJSON, Args: []any{0}, Err: err}
}

// encode writes v as JSON, on one line. What the gateway encodes are structs of
// its own, which cannot fail.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func syntaxProblem(data []byte) *protocol.Problem {
	var value jsontext.Value
	return malformed(strict.Unmarshal(data, &value))
}

// malformed is what is wrong with a text that is no JSON; nil when something else is.
func malformed(err error) *protocol.Problem {
	e, ok := errors.AsType[*jsontext.SyntacticError](err)
	switch {
	case !ok:
		return nil
	case errors.Is(err, jsontext.ErrDuplicateName):
		name := protocol.Excerpt(e.JSONPointer.LastToken())
		return &protocol.Problem{Code: protocol.Invalid, Field: name, Text: protocol.WordDuplicate, Args: []any{name}, Err: err}
	default:
		return &protocol.Problem{
			Code: protocol.Invalid, Field: fieldOf(e.JSONPointer), Text: protocol.WordJSON, Args: []any{e.ByteOffset}, Err: err,
		}
	}
}

func semanticProblem(data []byte, v any, e *strict.SemanticError) *protocol.Problem {
	if errors.Is(e, strict.ErrUnknownName) {
		if names := unknownMembers(data, v); len(names) > 0 {
			return &protocol.Problem{
				Code: protocol.Invalid, Field: names[0], Text: protocol.WordUnknown,
				Args: []any{strings.Join(names, ", ")}, Err: e,
			}
		}
	}
	field := fieldOf(e.JSONPointer)
	if field == "" {
		return &protocol.Problem{Code: protocol.Invalid, Text: protocol.WordNotObject, Err: e}
	}
	return &protocol.Problem{
		Code: protocol.Invalid, Field: field, Text: protocol.WordType, Args: []any{field, wordOfType(e.GoType)}, Err: e,
	}
}

// fieldOf names a member as clients do: a.b for one inside another. What lies
// deeper than three is named by the outermost.
func fieldOf(p jsontext.Pointer) string {
	var names []string
	for name := range p.Tokens() {
		if len(names) == 3 {
			break
		}
		names = append(names, protocol.Excerpt(name))
	}
	return strings.Join(names, ".")
}

func wordOfType(t reflect.Type) string {
	if t == nil {
		return protocol.WordTypeObject
	}
	switch t.Kind() {
	case reflect.Pointer:
		return wordOfType(t.Elem())
	case reflect.String:
		return protocol.WordTypeString
	case reflect.Bool:
		return protocol.WordTypeBoolean
	case reflect.Int, reflect.Int64, reflect.Float64:
		return protocol.WordTypeNumber
	case reflect.Slice:
		return protocol.WordTypeArray
	default:
		return protocol.WordTypeObject
	}
}

// unknownMembers lists the members of an object that the struct behind v does
// not have, at most eight.
func unknownMembers(data []byte, v any) []string {
	var members map[string]jsontext.Value
	if strict.Unmarshal(data, &members) != nil {
		return nil
	}
	t := reflect.TypeOf(v).Elem()
	for f := range fields(t) {
		delete(members, f)
	}
	var names []string
	d := jsontext.NewDecoder(bytes.NewReader(data))
	_, _ = d.ReadToken() // the brace: the whole was read before
	for d.PeekKind() == '"' && len(names) < 8 {
		name, _ := d.ReadToken()
		if _, unknown := members[name.String()]; unknown {
			names = append(names, protocol.Excerpt(name.String()))
		}
		if d.SkipValue() != nil {
			break
		}
	}
	return names
}

// fields yields the JSON names of a struct's members.
func fields(t reflect.Type) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for f := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(f).Tag.Get("json"), ",")
			if name != "" && !yield(name) {
				return
			}
		}
	}
}
