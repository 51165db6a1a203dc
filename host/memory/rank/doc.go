// Package rank orders passages by how well they answer a question. What can be
// seen of a question and a passage becomes a row of numbers (features.go); a
// small model whose weights are data turns the row into a score (model.go).
//
// All functions are pure and safe for concurrent use.
package rank
