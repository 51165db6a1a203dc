// Package memory remembers what people say, finds it again, says why it knows
// something, and forgets on request. It needs no language model; with one it
// does better.
//
// Each end user, an [Owner], has a memory of his own, and no call reaches two.
// What is kept are episodes, which are what was said, and facts, which are what
// follows from it with the words that it follows from. A [Store] keeps both; it
// is the truth, and package embedded the one that needs no server. Packages
// analysis (words), rank (what answers a question), salience (what matters, and
// for how long) and extract (facts by rules) are pure functions that [Memory]
// puts together.
package memory
