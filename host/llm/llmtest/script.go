package llmtest

import (
	"slices"
	"strings"

	"github.com/jarvis-host/jarvis/host/llm"
)

// Script is what a Server knows and says.
type Script struct {
	// Version is the server's version.
	Version string
	// Models are those that it has; [DefaultModels] when empty.
	Models []Model
	// Rules are tried in order, those of [DefaultScript] after them.
	Rules []Rule
}

// Model is a model that a Server pretends to have.
type Model struct {
	Name         string
	Capabilities []llm.Capability
	// ContextLength is the longest context; 2048 when 0.
	ContextLength int
	// Loaded says that the model is in memory from the start.
	Loaded bool
}

// DefaultModels returns one model of each kind.
func DefaultModels() []Model {
	return []Model{
		{Name: "llama3.2:1b", Capabilities: []llm.Capability{llm.CanChat, llm.CanTools}, ContextLength: 131_072},
		{Name: "toy:latest", Capabilities: []llm.Capability{llm.CanChat, llm.CanTools, llm.CanThink}, ContextLength: 8192},
		{Name: "plain:latest", Capabilities: []llm.Capability{llm.CanChat}},
		{Name: "toyembed:latest", Capabilities: []llm.Capability{llm.CanEmbed}},
	}
}

// Rule says which requests it is for, and how they are answered.
type Rule struct {
	// When is part of the end user's last message; upper and lower case are the
	// same. Empty fits all.
	When string
	// Lang is the language of that message, "fr" or "en"; empty fits both.
	Lang string
	// AfterTool fits only requests whose last message is a tool's result.
	AfterTool bool
	// Match, if set, has to agree too.
	Match func(Request) bool
	// Times is how often the rule applies; 0 is always.
	Times int

	// Think is what the model reasons first, where the request lets it.
	Think string
	// Reply is the answer, sent word by word; {text} stands for the end user's
	// last message and {result} for the tool's result.
	Reply string
	// Chunks, if set, are sent as they are in place of Reply.
	Chunks []string
	// ToolCalls are made after the reply, in one chunk each. A rule with any
	// passes over requests that end in a tool's result, and, unless it is
	// Uninvited, over those that offer none of these tools.
	ToolCalls []llm.ToolCall
	// Uninvited lets the model call tools that nobody offered.
	Uninvited bool
	// DoneReason is "stop" when empty.
	DoneReason string
	// NoPromptCount leaves prompt_eval_count out, as for a cached prompt.
	NoPromptCount bool

	// Start, if set, holds the response back until something is received from
	// it or it is closed; Step does so before each line after the first.
	Start, Step <-chan struct{}
	// TokensPerSecond is how fast the reply is sent; 0 is at once.
	TokensPerSecond float64
	// Fault is what goes wrong.
	Fault Fault
	// RetryAfter is the header of that name, with any status but 200.
	RetryAfter string
}

// Fault is a way to fail.
type Fault string

// The faults.
const (
	// Refuse resets the connection before any answer.
	Refuse Fault = "refuse"
	// TooMany, Broken and Busy answer with that status.
	TooMany Fault = "429"
	Broken  Fault = "500"
	Busy    Fault = "503"
	// StallBefore never answers; StallMid stops in the middle of the answer.
	StallBefore Fault = "stall_before"
	StallMid    Fault = "stall_mid"
	// CutMid drops the connection in the middle of a line.
	CutMid Fault = "cut_mid"
	// NoEnd ends the response cleanly, without the final line.
	NoEnd Fault = "no_end"
	// HalfJSON ends the response cleanly after half an object.
	HalfJSON Fault = "half_json"
	// ErrorLine ends the response with an error in place of the final line.
	ErrorLine Fault = "error_line"
	// Endless says the reply over and over.
	Endless Fault = "endless"
	// LyingDone claims to be done, with absurd figures, and goes on.
	LyingDone Fault = "lying_done"
	// ToolStorm makes 50 tool calls in one chunk.
	ToolStorm Fault = "tool_storm"
	// HugeLine is a line of 100 MB.
	HugeLine Fault = "huge_line"
)

// Faults returns all faults.
func Faults() []Fault {
	return []Fault{
		Refuse, TooMany, Broken, Busy, StallBefore, StallMid, CutMid, NoEnd, HalfJSON, ErrorLine,
		Endless, LyingDone, ToolStorm, HugeLine,
	}
}

// fits reports whether the rule is for a request, apart from how often it was
// used already.
func (r *Rule) fits(q Request) bool {
	_, afterTool := q.Result()
	switch {
	case r.AfterTool && !afterTool, len(r.ToolCalls) > 0 && afterTool:
		return false
	case len(r.ToolCalls) > 0 && !r.Uninvited && !slices.ContainsFunc(r.ToolCalls, q.offers):
		return false
	case !strings.Contains(strings.ToLower(q.Text()), strings.ToLower(r.When)):
		return false
	case r.Lang != "" && r.Lang != language(q.Text()):
		return false
	default:
		return r.Match == nil || r.Match(q)
	}
}

// chunks returns the reply to a request, as it is sent.
func (r *Rule) chunks(q Request) []string {
	if r.Chunks != nil {
		return r.Chunks
	}
	result, _ := q.Result()
	result = strings.TrimSuffix(strings.TrimPrefix(result, "<data>"), "</data>") // as Jarvis fences it
	return Words(strings.NewReplacer("{text}", q.Text(), "{result}", result).Replace(r.Reply))
}

// Words cuts a text as models send it: each word with the space before it.
func Words(text string) []string {
	var words []string
	for text != "" {
		end := len(text)
		if first := strings.IndexFunc(text, notSpace); first >= 0 {
			if next := strings.IndexAny(text[first:], " \n\t"); next >= 0 {
				end = first + next
			}
		}
		words = append(words, text[:end])
		text = text[end:]
	}
	return words
}

func notSpace(c rune) bool { return !strings.ContainsRune(" \n\t", c) }

// language tells French from English well enough for a scripted answer.
func language(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(c rune) bool {
		return strings.ContainsRune(" \n\t.,;:!?'’\"()", c)
	})
	french := strings.ContainsAny(text, "éèêàçùôîœÉÈÀÇ") || slices.ContainsFunc(words, func(w string) bool {
		return slices.Contains(frenchWords, w)
	})
	if french {
		return "fr"
	}
	return "en"
}

var frenchWords = strings.Fields(`bonjour salut merci oui non le la les un une des du de et est je tu il elle
	nous vous quel quelle quoi que qui comment pourquoi raconte dis moi avec sur dans pour pas bonsoir coucou`)
