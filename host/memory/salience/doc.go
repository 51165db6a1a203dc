// Package salience says what matters in what people say: how likely it is asked
// for later, how strong a feeling it tells, how well it is still remembered, and
// what goes first when there is no room.
//
// All functions are pure: the same input and the same time give the same answer.
package salience
