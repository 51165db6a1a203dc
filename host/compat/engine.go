package compat

import (
	"context"
	"iter"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

// Assistant is the name of the model that is the whole assistant.
const Assistant = "jarvis"

// Engine is what answers. It is safe for concurrent use.
type Engine interface {
	// Assist answers an utterance as the whole assistant. The sequence is as
	// [turn.Answerer] has it; leaving the loop cancels the work.
	Assist(ctx context.Context, who session.Identity, u Utterance) iter.Seq2[turn.Event, error]
	// Complete asks a model. An empty Model and Route leave the choice to the
	// host; a Route that no one may use is an *llm.Error of class NoRoute.
	Complete(ctx context.Context, who session.Identity, q llm.Request) iter.Seq2[llm.Event, error]
	// Embed makes embeddings with a model, or with the host's own for an empty
	// name and for the assistant's.
	Embed(ctx context.Context, who session.Identity, q llm.EmbedRequest) (llm.Embeddings, error)
	// Models lists what who may choose, the assistant first.
	Models(who session.Identity) []Model
	// Words says a text of the host.
	Words(lang, key string, args ...any) string
	// Allow counts a message against who's limits; its error is a
	// *protocol.Problem.
	Allow() error
}

// Utterance is the last message of a conversation with the assistant.
type Utterance struct {
	History  []turn.Message // what was said before it
	Text     string
	Remember bool // into long-term memory
}

// Model is one that may be chosen.
type Model struct {
	Name   string // what a program asks for
	Owner  string // the provider, or the assistant's name
	Window int    // in tokens; 0 when unknown
	Tools  bool
	Embeds bool
	Since  time.Time
}
