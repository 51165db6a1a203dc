// Package extract finds facts in what people say by rules, in French and
// English, with the place in the text that each comes from. It prefers to miss
// a fact over inventing one. The rules are data.
package extract
