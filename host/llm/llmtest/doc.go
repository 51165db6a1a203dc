// Package llmtest has a language model that says what a script tells it to, and
// that fails in the ways real ones do.
//
// A [Server] speaks Ollama's protocol and OpenAI's over HTTP, so that a real
// client can be tested against it; tests start one with [New], programs with [Command]. A
// [Provider] is the same idea without a wire, for the code above
// [llm.Provider] and for bubbles of testing/synctest.
//
// What a test has to wait for, it waits for on channels: a rule's gates hold an
// answer back until the test opens them, [Server.Arrived] and
// [Server.Cancelled] tell how far a request has come.
package llmtest
