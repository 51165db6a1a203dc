// Package texts holds what end users read, in French and in English, as data,
// and what the host understands of their words without a model: the language
// of an utterance, a stop word, a yes or a no. The data is embedded; nothing
// here changes while the program runs, and everything is safe for concurrent
// use.
package texts
