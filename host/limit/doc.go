// Package limit bounds how often something may happen: exactly, in any stretch
// of time that is as long as the window, whenever it begins, and in memory that
// is bounded however many come.
package limit
