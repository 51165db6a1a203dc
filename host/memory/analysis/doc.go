// Package analysis turns what people write, in French or in English, into terms
// that can be compared: words in lower case without accents, stems, and words
// that say nothing left out. Whatever is stored and whatever is asked goes
// through it, so that a database's own tokeniser never decides what matches.
//
// All functions are pure and safe for concurrent use.
package analysis
