package llmtest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
)

// hear returns what the server says to a conversation, tool calls by name.
func hear(t *testing.T, srv *llmtest.Server, offered string, messages ...llm.Message) string {
	t.Helper()
	var list []object
	for _, m := range messages {
		list = append(list, object{"role": m.Role, "content": m.Content})
	}
	raw, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"model":"toy","stream":false,"messages":%s%s}`, raw, offered)
	x := do(t, "POST", srv.URL()+"/api/chat", body)
	if x.status != 200 {
		return fmt.Sprintf("%d %s", x.status, x.body)
	}
	message := x.objects(t)[0]["message"].(object)
	said := message["content"].(string)
	if calls, ok := message["tool_calls"].([]any); ok {
		for _, c := range calls {
			said += "[" + c.(object)["function"].(object)["name"].(string) + "]"
		}
	}
	return said
}

func user(text string) llm.Message   { return llm.Message{Role: llm.User, Content: text} }
func result(text string) llm.Message { return llm.Message{Role: llm.Tool, Content: text} }

func TestWithoutRulesTheModelSaysBackWhatItHears(t *testing.T) {
	srv := llmtest.New(t)
	for said, want := range map[string]string{
		"tell me a joke":              "You said: tell me a joke",
		"raconte une blague":          "Vous avez dit : raconte une blague",
		"Ça va ?":                     "Vous avez dit : Ça va ?",
		"L'été dernier, c'était bien": "Vous avez dit : L'été dernier, c'était bien",
	} {
		if got := hear(t, srv, "", user(said)); got != want {
			t.Errorf("%q: got %q, want %q", said, got, want)
		}
	}
	if got := hear(t, srv, "", user("weather?"), result("12 degrees")); got != "12 degrees" {
		t.Errorf("after a tool: %q", got)
	}
}

func TestTheFirstRuleThatFitsAnswers(t *testing.T) {
	srv := llmtest.New(t,
		llmtest.Rule{When: "once", Times: 1, Fault: llmtest.Busy},
		llmtest.Rule{When: "Once", Reply: "now it works"},
		llmtest.Rule{When: "weather", ToolCalls: []llm.ToolCall{{Name: "get_weather"}}},
		llmtest.Rule{When: "liar", Uninvited: true, ToolCalls: []llm.ToolCall{{Name: "unlock"}}},
		llmtest.Rule{When: "weather", AfterTool: true, Reply: "It is {result}."},
		llmtest.Rule{When: "weather", Reply: "No idea."},
		llmtest.Rule{Match: func(q llmtest.Request) bool { return len(q.Messages) > 2 }, Reply: "long"},
		llmtest.Rule{Lang: "fr", Reply: "oui"},
	)
	for _, c := range []struct {
		offered  string
		messages []llm.Message
		want     string
	}{
		{"", []llm.Message{user("once more")}, `503 {"error":"server busy, please try again.  maximum pending requests exceeded"}`},
		{"", []llm.Message{user("ONCE more")}, "now it works"},
		{"," + tools, []llm.Message{user("the Weather?")}, "[get_weather]"},
		{"", []llm.Message{user("the weather?")}, "No idea."},
		{"," + tools, []llm.Message{user("the weather?"), result("cold")}, "It is cold."},
		{"", []llm.Message{user("liar")}, "[unlock]"},
		{"", []llm.Message{user("a"), user("b"), user("c")}, "long"},
		{"", []llm.Message{user("bonjour")}, "oui"},
		{"", []llm.Message{user("hello")}, "You said: hello"},
	} {
		if got := hear(t, srv, c.offered, c.messages...); got != c.want {
			t.Errorf("%v: got %q, want %q", c.messages, got, c.want)
		}
	}
}

func TestWordsKeepEveryCharacter(t *testing.T) {
	for text, want := range map[string][]string{
		"":              nil,
		"one":           {"one"},
		"one two":       {"one", " two"},
		"  a\n\nb c\t ": {"  a", "\n\nb", " c", "\t "},
		"é 🙂 東京":        {"é", " 🙂", " 東京"},
	} {
		got := llmtest.Words(text)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
		if strings.Join(got, "") != text {
			t.Errorf("%q was changed to %q", text, got)
		}
	}
}

func TestAScriptIsReadFromYAML(t *testing.T) {
	got, err := llmtest.ParseScript([]byte(`
version: 1.2.3
models:
  - {name: "llama3.2:1b", capabilities: [completion, tools], context_length: 4096, loaded: true}
rules:
  - when: weather
    tool: {name: weather.forecast, arguments: {city: Paris, days: 2}}
    tools: [{name: time.now}]
    uninvited: true
  - {after_tool: true, reply: "It is {result}", tokens_per_second: 50}
  - {lang: fr, chunks: ["a", "b"], think: hm, done_reason: length, times: 2}
  - {when: boom, fault: "429", retry_after: "3"}
  - {when: stall, fault: stall_mid}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := llmtest.Script{
		Version: "1.2.3",
		Models: []llmtest.Model{{
			Name: "llama3.2:1b", Capabilities: []llm.Capability{llm.CanChat, llm.CanTools}, ContextLength: 4096, Loaded: true,
		}},
		Rules: []llmtest.Rule{
			{When: "weather", Uninvited: true, ToolCalls: []llm.ToolCall{
				{Name: "weather.forecast", Arguments: json.RawMessage(`{"city":"Paris","days":2}`)},
				{Name: "time.now", Arguments: json.RawMessage(`{}`)},
			}},
			{AfterTool: true, Reply: "It is {result}", TokensPerSecond: 50},
			{Lang: "fr", Chunks: []string{"a", "b"}, Think: "hm", DoneReason: "length", Times: 2},
			{When: "boom", Fault: llmtest.TooMany, RetryAfter: "3"},
			{When: "stall", Fault: llmtest.StallMid},
		},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b llmtest.Rule) bool {
		return fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b)
	})); diff != "" {
		t.Error(diff)
	}
}

func TestABadScriptIsToldWhatIsWrongAllAtOnce(t *testing.T) {
	for script, parts := range map[string][]string{
		"rules: [{wen: x}]": {"wen"},
		"rules: {":          {"parse script"},
		"rules: [{fault: melt}, {lang: de}, {tokens_per_second: -1, times: -2}, {tool: {arguments: {}}}]": {
			`rules[0]: fault "melt"`, "stall_mid", `rules[1]: lang "de"`, "rules[2]: tokens_per_second -1", "times -2", "rules[3]: tool",
		},
		"rules: [{tool: {name: x, arguments: {n: .nan}}}]": {"tool x"},
	} {
		_, err := llmtest.ParseScript([]byte(script))
		if err == nil {
			t.Errorf("%s: no error", script)
			continue
		}
		for _, p := range parts {
			if !strings.Contains(err.Error(), p) {
				t.Errorf("%s: error %q does not say %q", script, err, p)
			}
		}
	}
	if s, err := llmtest.ParseScript(nil); err != nil || len(s.Rules) != 0 {
		t.Errorf("an empty script: %+v, %v", s, err)
	}
}
