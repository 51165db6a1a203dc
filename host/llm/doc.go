// Package llm is what the host knows of language models: a conversation to
// answer ([Request]), the steps of the answer ([Event]), whoever gives it
// ([Provider]) and what can go wrong ([Error]).
//
// A [Guard] puts deadlines and caps around one provider. A [Router] orders
// several by preference, goes to the next while nothing has been said yet, and
// remembers which of them can answer. Package llm/ollama is a provider; package
// llm/llmtest has a scripted one for tests, with a wire and without.
package llm
