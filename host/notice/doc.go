// Package notice tells end users something outside of any conversation: a timer
// that ran out, a reminder. A notice is on disk before anyone is told, and is
// repeated until a person acknowledges it.
package notice
