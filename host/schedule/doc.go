// Package schedule wakes plugins up at the times that they asked for: kept on
// disk, late rather than never after the host was down, and again when a plugin
// could not be told.
package schedule
