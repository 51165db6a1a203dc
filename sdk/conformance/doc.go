// Package conformance checks that a program is a good plugin: that it starts
// and ends as it should, says the same of itself twice, has sentences that
// match, refuses what is wrong, obeys deadlines and leaves nothing behind. It
// knows nothing of the language that a plugin is written in.
//
// Each check has an id that stays, so that a report can be compared with the
// last one. Tools that change the world are never called with arguments that
// are right, and nothing is granted while tools are called.
package conformance
