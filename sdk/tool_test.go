package sdk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/sdk"
)

type place struct {
	Name string `json:"name" desc:"Its name" min:"1"`
}

type everything struct {
	City  string   `json:"city" desc:"City name" min:"2" max:"20"`
	Unit  string   `json:"unit" enum:"celsius, fahrenheit" default:"celsius"`
	Days  int      `json:"days" min:"1" max:"7" default:"3"`
	Level float64  `json:"level,omitempty" max:"0.5"`
	Code  string   `json:"code,omitempty" pattern:"^[A-Z]{2}$"`
	Tags  []string `json:"tags,omitempty" enum:"a,b" max:"2"`
	Place *place   `json:"place" desc:"Where"`
	Loud  bool     `json:"loud" default:"true"`
}

func TestTheSchemaOfAToolComesFromItsStruct(t *testing.T) {
	p := sdk.New("s", "1.0.0", "Schemas")
	sdk.Tool(p, "all", "All tags", func(context.Context, *sdk.Call, everything) (string, error) { return "", nil })
	m, err := p.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
		"type": "object", "additionalProperties": false, "required": ["city"],
		"properties": {
			"city": {"type": "string", "description": "City name", "minLength": 2, "maxLength": 20},
			"unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"},
			"days": {"type": "integer", "minimum": 1, "maximum": 7, "default": 3},
			"level": {"type": "number", "maximum": 0.5},
			"code": {"type": "string", "pattern": "^[A-Z]{2}$"},
			"tags": {"type": "array", "maxItems": 2, "items": {"type": "string", "enum": ["a", "b"]}},
			"place": {"type": "object", "description": "Where", "additionalProperties": false, "required": ["name"],
				"properties": {"name": {"type": "string", "description": "Its name", "minLength": 1}}},
			"loud": {"type": "boolean", "default": true}
		}
	}`
	if diff := cmp.Diff(decoded(t, want), decoded(t, string(m.Tools[0].InputSchema))); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
}

func decoded(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestArgumentsAreCheckedAndCompletedBeforeTheAuthorSeesThem(t *testing.T) {
	var got everything
	p := sdk.New("s", "1.0.0", "Arguments")
	sdk.Tool(p, "all", "All tags", func(_ context.Context, _ *sdk.Call, in everything) (string, error) {
		got = in
		return "ok", nil
	})
	end[sdk.Result](t, p, &sdk.Invocation{Tool: "all", Args: json.RawMessage(`{"city":"Lyon","days":2.0,"place":{"name":"x"}}`)})
	want := everything{City: "Lyon", Unit: "celsius", Days: 2, Place: &place{Name: "x"}, Loud: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}

	for _, c := range []struct{ args, detail string }{
		{`[]`, "expected a JSON object"},
		{`null`, "expected a JSON object"},
		{`{"city":`, "expected a JSON object"},
		{`{}`, "/city: is missing, expected a string"},
		{`{"city":3}`, "/city: expected a string, got an integer"},
		{`{"city":"L"}`, "/city: expected at least 2 characters, got 1"},
		{`{"city":"Lyon","days":8}`, "/days: expected 1 to 7, got 8"},
		{`{"city":"Lyon","days":1.5}`, "/days: expected an integer, got a number"},
		{`{"city":"Lyon","days":1e40}`, "/days: expected 1 to 7"},
		{`{"city":"Lyon","unit":"kelvin"}`, `/unit: expected one of celsius, fahrenheit, got "kelvin"`},
		{`{"city":"Lyon","level":0.75}`, "/level: expected at most 0.5, got 0.75"},
		{`{"city":"Lyon","code":"fr"}`, `/code: expected a text that matches ^[A-Z]{2}$, got "fr"`},
		{`{"city":"Lyon","tags":["a","b","a"]}`, "/tags: expected at most 2 items, got 3"},
		{`{"city":"Lyon","tags":["c"]}`, `/tags/0: expected one of a, b, got "c"`},
		{`{"city":"Lyon","place":{}}`, "/place/name: is missing"},
		{`{"city":"Lyon","place":null}`, "/place: expected an object, got null"},
		{`{"citty":"Lyon"}`, `/citty: unknown key, did you mean "city"?`},
	} {
		p := end[sdk.Problem](t, p, &sdk.Invocation{Tool: "all", Args: json.RawMessage(c.args)})
		if p.Code != sdk.CodeInvalid || !strings.Contains(p.Detail, c.detail) || p.Message == "" {
			t.Errorf("%s: problem is %+v, want code invalid and detail %q", c.args, p, c.detail)
		}
	}
}

func TestAnUnknownToolIsAProblemInThePersonsLanguage(t *testing.T) {
	p := plain(func(context.Context, *sdk.Call) (string, error) { return "", nil })
	got := end[sdk.Problem](t, p, &sdk.Invocation{Tool: "fly", Info: sdk.CallInfo{Locale: "fr-CA"}})
	if got.Code != sdk.CodeInvalid || got.Message != "Je ne sais pas faire cela (fly)." {
		t.Errorf("problem is %+v", got)
	}
}

type forecast struct {
	City string  `json:"city" desc:"Where"`
	Temp float64 `json:"temp"`
	Wind struct {
		Speed int `json:"speed"`
	} `json:"wind"`
	Days []string `json:"days"`
}

type spoken struct{ forecast }

func (s spoken) String() string { return "in " + s.City }

type word string

type answer struct{ text string }

func (a *answer) String() string { return a.text }

func TestEveryKindOfAnswerHasItsText(t *testing.T) {
	f := forecast{City: "Lyon", Temp: -1.5}
	f.Wind.Speed = 12
	data := `{"city":"Lyon","temp":-1.5,"wind":{"speed":12},"days":null}`
	reply := []sdk.ToolOption{sdk.Reply("fr", "{city} : {temp} °C, vent {wind.speed} {nope}"), sdk.Reply("en", "{city}: {temp} °C")}
	for name, c := range map[string]struct {
		p      *sdk.Plugin
		locale string
		want   sdk.Result
	}{
		"text":                  {plain(says("hello")), "en", sdk.Result{Text: "hello"}},
		"text of a named type":  {plain(says(word("hello"))), "en", sdk.Result{Text: "hello"}},
		"stringer that is data": {plain(says(spoken{f})), "en", sdk.Result{Text: "in Lyon", Data: []byte(data)}},
		"template, French":      {plain(says(f), reply...), "fr", sdk.Result{Text: "Lyon : -1,5 °C, vent 12 {nope}", Data: []byte(data)}},
		"template, English":     {plain(says(&f), reply...), "en", sdk.Result{Text: "Lyon: -1.5 °C", Data: []byte(data)}},
		"data alone":            {plain(says(f)), "en", sdk.Result{Text: data, Data: []byte(data)}},
		"pointer with a method": {plain(says(&answer{"hi"})), "en", sdk.Result{Text: "hi"}},
		"result":                {plain(says(sdk.Result{Text: "a", Speech: "b"})), "en", sdk.Result{Text: "a", Speech: "b"}},
	} {
		got := end[sdk.Result](t, c.p, &sdk.Invocation{Tool: "run", Info: sdk.CallInfo{Locale: c.locale}})
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func says[T any](v T) func(context.Context, *sdk.Call) (T, error) {
	return func(context.Context, *sdk.Call) (T, error) { return v, nil }
}

func TestStructuredResultsFitTheDeclaredSchema(t *testing.T) {
	m, err := plain(says(forecast{})).Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	schema := decoded(t, string(m.Tools[0].OutputSchema)).(map[string]any)
	if got := schema["properties"].(map[string]any)["city"]; !cmp.Equal(got, map[string]any{"type": "string", "description": "Where"}) {
		t.Errorf("city is %v", got)
	}
	if m, _ := plain(says("")).Describe(t.Context()); m.Tools[0].OutputSchema != nil {
		t.Errorf("a tool that answers with text has the output schema %s", m.Tools[0].OutputSchema)
	}
}

func TestOptionsReachTheManifest(t *testing.T) {
	p := plain(says(""), sdk.Additive(), sdk.Idempotent(), sdk.OpenWorld(), sdk.Stateful(), sdk.Timeout(time.Minute), sdk.MaxParallel(2),
		sdk.AskFirst(sdk.ConfirmWhenModel, map[string]string{"en": "Run?"}),
		sdk.Say("en", "run"), sdk.SayWith("en", map[string]any{"fast": true}, "run fast"),
		sdk.Examples("en", sdk.Example{Text: "run"}))
	m, err := p.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := m.Tools[0]
	got.InputSchema = nil
	want := sdk.ToolSpec{
		Name: "run", Description: "Runs", Effect: sdk.EffectAdditive, Idempotent: true, OpenWorld: true,
		Confirm: sdk.Confirm{When: sdk.ConfirmWhenModel, Text: map[string]string{"en": "Run?"}},
		Sentences: []sdk.Sentences{
			{Lang: "en", Patterns: []string{"run"}, Examples: []sdk.Example{{Text: "run"}}},
			{Lang: "en", Patterns: []string{"run fast"}, Slots: map[string]any{"fast": true}},
		},
		Timeout: time.Minute, Stateful: true, MaxParallel: 2,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tool (-want +got):\n%s", diff)
	}
}

func TestEveryMistakeOfADeclarationIsReportedAtOnce(t *testing.T) {
	p := sdk.New("Bad Id", "", "d").Needs("net", "no-port", "r").Needs("NET", "x:1", "r").
		Texts("fr", map[string]string{"a": "x"}).Texts("en", map[string]string{"b": "y"})
	ok := func(context.Context, *sdk.Call, struct{}) (string, error) { return "", nil }
	sdk.Tool(p, "Loud", "d", ok)
	sdk.Tool(p, "twice", "d", ok)
	sdk.Tool(p, "twice", "d", ok)
	sdk.Tool(p, "number", "d", func(context.Context, *sdk.Call, int) (string, error) { return "", nil })
	sdk.Tool(p, "channel", "d", func(context.Context, *sdk.Call, struct{}) (chan int, error) { return nil, nil })
	sdk.Tool(p, "tags", "d", func(context.Context, *sdk.Call, struct {
		N int `json:"n" min:"low" default:"9" max:"3"`
	},
	) (string, error) {
		return "", nil
	})
	sdk.Tool(p, "default", "d", func(context.Context, *sdk.Call, struct {
		N int `json:"n" default:"9" max:"3"`
	},
	) (string, error) {
		return "", nil
	})
	sdk.Tool(p, "strange", "d", func(context.Context, *sdk.Call, struct {
		N int    `json:"n" maximum:"9"`
		S string `json:"s" defalt:"x" validate:"any" yaml:"s"`
	},
	) (string, error) {
		return "", nil
	})
	err := p.Err()
	for _, want := range []string{
		"tool strange: arguments", "field N: unknown tag maximum, did you mean max?", "field S: unknown tag defalt, did you mean default?",
		"field N: tag default is 9: expected at most 3, got 9", "chan int does not fit into JSON, expected a string",
		`plugin id "Bad Id"`, "version is empty", "expected host:port", `kind is "NET"`,
		`texts: en has no "a", which fr has`, `texts: fr has no "b"`,
		"tool Loud: expected a name", "tool twice: declared twice", "tool number: arguments: int is no struct",
		"tool channel: result", `tool tags: arguments`, `tag min is "low"`, "tool default: arguments",
	} {
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("errors lack %q:\n%v", want, err)
		}
	}
	if _, err := p.Describe(t.Context()); sdk.ErrorCode(err) != sdk.CodeInternal {
		t.Errorf("Describe of a plugin that is declared wrongly returns %v", err)
	}
	for _, err := range p.Invoke(t.Context(), &sdk.Invocation{Tool: "twice"}) {
		if err == nil {
			t.Error("a plugin that is declared wrongly runs a call")
		}
	}
}

func TestDescribeIsTheSameEachTime(t *testing.T) {
	p := plain(says(forecast{}), sdk.Say("en", "run"))
	first, err := p.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second, _ := p.Describe(t.Context())
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("second manifest differs:\n%s", diff)
	}
}
