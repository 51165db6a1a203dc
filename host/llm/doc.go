// Package llm is what the host knows of language models: a conversation to
// answer ([Request]), the steps of the answer ([Event]), whoever gives it
// ([Provider]), texts turned into vectors ([Embedder]) and what can go wrong
// ([Error]).
//
// What bounds a provider is put around it, like skins: a [Guard] has deadlines
// and caps for one answer; a [Lane] around that gives out places, tells those
// that wait their position, and leaves the provider alone while it keeps
// failing. A [Router] orders routes to models by preference and by what they
// are for, goes to the next while nothing has been said yet, and remembers which
// of them can answer. An [Account] adds up what each user spends.
//
// Packages llm/ollama and llm/openai are providers, llm/remote is what they
// share; package llm/llmtest has a scripted one for tests, with a wire and
// without.
package llm
