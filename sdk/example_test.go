package sdk_test

import (
	"context"
	"fmt"

	"github.com/jarvis-host/jarvis/sdk"
)

// run makes one call as a host would, and prints what comes of it.
func run(p *sdk.Plugin, in *sdk.Invocation) {
	for ev, err := range p.Invoke(context.Background(), in) {
		switch ev := ev.(type) {
		case sdk.Result:
			fmt.Println(ev.Text)
		case sdk.NeedInput:
			fmt.Println("asks:", ev.Text)
		case sdk.Problem:
			fmt.Println(ev.Code, "-", ev.Message)
		}
		if err != nil {
			fmt.Println("error:", err)
		}
	}
}

// A tool is a function with a struct of arguments: its tags are the schema.
func ExampleTool() {
	type wish struct {
		Name  string `json:"name" desc:"Who is greeted"`
		Times int    `json:"times" desc:"How many times" min:"1" max:"5" default:"1"`
	}
	p := sdk.New("greet", "1.0.0", "Greets people").Languages("en")
	sdk.Tool(p, "greet", "Greet someone by name", func(_ context.Context, _ *sdk.Call, in wish) (string, error) {
		return fmt.Sprintf("Hello %s, %d times!", in.Name, in.Times), nil
	}, sdk.ReadOnly(), sdk.Say("en", "greet {name} [{times} times]"))
	run(p, &sdk.Invocation{Tool: "greet", Args: []byte(`{"name":"Zoe"}`), Info: sdk.CallInfo{Locale: "en"}})
	// Output: Hello Zoe, 1 times!
}

// What a tool returns as a struct is data; Reply makes words of it.
func ExampleReply() {
	type sum struct {
		Total int `json:"total"`
	}
	p := sdk.New("dice", "1.0.0", "Rolls dice").Languages("fr", "en")
	sdk.Tool(p, "roll", "Roll a die", func(context.Context, *sdk.Call, struct{}) (sum, error) { return sum{4}, nil },
		sdk.ReadOnly(), sdk.Reply("fr", "Un {total}."), sdk.Reply("en", "A {total}."))
	run(p, &sdk.Invocation{Tool: "roll", Info: sdk.CallInfo{Locale: "fr"}})
	run(p, &sdk.Invocation{Tool: "roll", Info: sdk.CallInfo{Locale: "en"}})
	// Output:
	// Un 4.
	// A 4.
}

// Asking ends the call; with the answer the tool runs again from its beginning.
func ExampleCall_Ask() {
	p := sdk.New("taxi", "1.0.0", "Calls a taxi").Languages("en")
	sdk.Tool(p, "order", "Order a taxi", func(_ context.Context, c *sdk.Call, _ struct{}) (string, error) {
		where, err := c.Ask("Where to?")
		if err != nil {
			return "", err // at once
		}
		return "A taxi to " + where + " is on its way.", nil
	}, sdk.Additive())
	in := &sdk.Invocation{Tool: "order", Info: sdk.CallInfo{Locale: "en"}}
	run(p, in)
	in.Answers = []sdk.Answer{{Value: "the station"}}
	run(p, in)
	// Output:
	// asks: Where to?
	// A taxi to the station is on its way.
}

// A person reads the text of Fail; of any other error they read one polite
// sentence, and the operator's log has it.
func ExampleFail() {
	p := sdk.New("till", "1.0.0", "Knows prices").Languages("en")
	sdk.Tool(p, "price", "Tell a price", func(context.Context, *sdk.Call, struct{}) (string, error) {
		return "", sdk.Fail(sdk.CodeNotFound, "I have no price for that.")
	}, sdk.ReadOnly())
	run(p, &sdk.Invocation{Tool: "price", Info: sdk.CallInfo{Locale: "en"}})
	// Output: not_found - I have no price for that.
}

// State is kept for the conversation: it comes with each call and goes back with
// its result.
func ExampleState() {
	p := sdk.New("counter", "1.0.0", "Counts").Languages("en")
	sdk.Tool(p, "next", "Count on", func(_ context.Context, c *sdk.Call, _ struct{}) (string, error) {
		n, _, err := sdk.State[int](c)
		if err != nil {
			return "", err
		}
		return fmt.Sprint(n + 1), c.SetState(n + 1)
	}, sdk.ReadOnly(), sdk.Stateful())
	run(p, &sdk.Invocation{Tool: "next", Info: sdk.CallInfo{Locale: "en"}})
	run(p, &sdk.Invocation{Tool: "next", State: []byte("41"), Info: sdk.CallInfo{Locale: "en"}})
	// Output:
	// 1
	// 42
}
