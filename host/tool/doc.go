// Package tool is the one place that knows what can be done and lets it be
// done. The [Catalogue] is everything on offer: the tools of all plugins and
// built-ins, and the sentences that call them. The [Runner] passes every call
// of every origin (a sentence, a plugin that holds the floor, a model, the
// API) through the same gate: is there such a tool, may this end user call it,
// are the arguments what its schema says, does a person have to agree. It
// writes the call's state before and after, asks the plugin's questions and
// keeps the plugin's session state.
package tool
