// Package memorytest holds the suite that every [memory.Store] passes.
package memorytest
