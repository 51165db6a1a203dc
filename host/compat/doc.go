// Package compat lets programs that were made for OpenAI's or Ollama's servers
// talk with Jarvis as if it were one. The model "jarvis" is the whole
// assistant: sentences, tools, plugins, memory, with the history that the
// program sends. Every other name is a model of a configured provider, which
// gets the conversation as it is.
//
// A program that brings tools of its own wants to run them itself: its request
// goes to the model alone, and the calls come back to it. So do background
// prompts ("### Task:") that a chat page sends for titles and tags: no tool and
// no memory should see them.
//
// What these protocols can't say is said in words: a question of the assistant
// ends the answer, and the next request that carries that answer and a reply
// goes on where the question stood.
package compat
