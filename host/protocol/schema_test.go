package protocol

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"
)

var update = flag.Bool("update", false, "rewrite schema.json")

const schemaFile = "schema.json"

// frames are the frames of the protocol, by who sends them and their type.
func frames() map[string]map[string]any {
	return map[string]map[string]any{
		"client": {
			TypeSay: Say{}, TypeStop: Stop{}, TypeResume: Resume{}, TypeReply: Reply{}, TypeAck: Ack{}, TypePing: Ping{},
		},
		"host": {
			TypeHello: Hello{}, TypeAccepted: Accepted{}, TypeDelta: Delta{}, TypeProgress: Progress{}, TypeTool: Tool{}, TypeQuestion: Question{},
			TypeDone: Done{}, TypeError: Error{}, TypeGap: Gap{}, TypeDraining: Draining{}, TypePong: Pong{}, TypeNotice: Notice{},
		},
	}
}

// schema describes every frame. Whoever reads one ignores members that it does
// not know, on both sides.
func schema(t *testing.T) []byte {
	t.Helper()
	root := &jsonschema.Schema{
		Schema: "https://json-schema.org/draft/2020-12/schema", Title: Subprotocol, Defs: map[string]*jsonschema.Schema{},
	}
	for side, all := range frames() {
		one := &jsonschema.Schema{Description: "a frame that the " + side + " sends"}
		for kind, frame := range all {
			s, err := jsonschema.ForType(reflect.TypeOf(frame), &jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
				reflect.TypeFor[json.RawMessage](): {Types: []string{"string", "number", "boolean"}},
			}})
			if err != nil {
				t.Fatal(err)
			}
			open(s)
			s.Properties["type"] = &jsonschema.Schema{Const: jsonschema.Ptr[any](kind)}
			root.Defs[side+"."+kind] = s
		}
		for _, kind := range sorted(all) {
			one.OneOf = append(one.OneOf, &jsonschema.Schema{Ref: "#/$defs/" + side + "." + kind})
		}
		root.Defs[side] = one
	}
	b, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		t.Fatal(err)
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// open lets an object have members of a later version.
func open(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	if s.Type == "object" || len(s.Properties) > 0 {
		s.AdditionalProperties = nil
	}
	for _, p := range s.Properties {
		open(p)
	}
	open(s.Items)
}

func sorted(m map[string]any) []string {
	var names []string
	for _, n := range []string{
		TypeSay, TypeStop, TypeResume, TypeReply, TypeAck, TypePing, TypeHello, TypeAccepted, TypeDelta, TypeProgress, TypeTool,
		TypeQuestion, TypeDone, TypeError, TypeGap, TypeDraining, TypePong, TypeNotice,
	} {
		if _, ok := m[n]; ok {
			names = append(names, n)
		}
	}
	return names
}

func TestTheSchemaIsThatOfTheStructs(t *testing.T) {
	got := schema(t)
	if *update {
		if err := os.WriteFile(schemaFile, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("schema.json is not of these structs; go test -update rewrites it (-file +structs):\n%s", d)
	}
}

func TestTheSchemaTakesFramesAndRefusesOthers(t *testing.T) {
	var root jsonschema.Schema
	if err := json.Unmarshal(schema(t), &root); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		`{"type":"say","id":"m1","text":"hello"}`:           true,
		`{"type":"say","id":"m1","text":"hello","later":1}`: true,
		`{"type":"reply","question":"q","value":true}`:      true,
		`{"type":"resume","session":"s","after":0}`:         true,
		`{"type":"say","id":"m1"}`:                          false,
		`{"type":"say","id":1,"text":"x"}`:                  false,
		`{"type":"resume","session":"s","after":"0"}`:       false,
		`{"type":"reply","question":"q","value":{}}`:        false,
		`{"type":"shout"}`:                                  false,
	} {
		side := root.CloneSchemas()
		side.OneOf = []*jsonschema.Schema{{Ref: "#/$defs/client"}}
		resolved, err := side.Resolve(nil)
		if err != nil {
			t.Fatal(err)
		}
		var frame any
		if err := json.Unmarshal([]byte(text), &frame); err != nil {
			t.Fatal(err)
		}
		if err := resolved.Validate(frame); (err == nil) != want {
			t.Errorf("%s: %v, want it taken: %v", text, err, want)
		}
	}
}
