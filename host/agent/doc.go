// Package agent is the model's side of a turn: the prompt, the few tools that
// matter for the utterance, and the loop in which the model calls them through
// the host's one gate. What a model says is text for the end user and nothing
// else; what it wants done passes package tool like everyone's wishes.
package agent
