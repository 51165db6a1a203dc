// Package dbtest holds the suite that every session.Store passes, and the
// parts of a test that kills a process while it writes.
package dbtest
