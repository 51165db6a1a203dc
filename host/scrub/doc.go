// Package scrub takes secrets out of text on its way into a log, a reply, a
// transcript or a memory.
//
// Secrets that it was told of go in every form that they can be written in. Others
// are found in four ways, of which each looks at the text as it is, and once more
// with what is escaped or encoded in it written out:
//
//   - a name promises a secret (password, clé API), and something is bound to it: by
//     = or a colon, by a sentence, by its place in a list or a table; names.go reads
//     names word by word, lexicon.go has the words, bonds.go and sentences.go follow the bonds, quoted.go
//     and bare.go judge the values;
//   - a way of saying it needs no name (sshpass -p x): sayings.txt;
//   - it has the structure or the beginning of a known kind: shapes.go, makers.go;
//   - it looks drawn at random, and neither its name nor its shape says that it is an
//     id, a digest or a public key: tokens.go.
//
// What a word looks like is measured against words, names and log lines by the
// table that cmd/train-scrub writes; judge.go.
package scrub
