// Package config reads, checks, explains and documents the host's
// configuration. Four layers lie over each other, the later over the earlier:
// what is built in, a YAML file, the environment, flags. Every problem in any
// of them is told at once, with where it stands and what was expected.
//
// What comes out is a [Snapshot] that never changes; reading again makes a new
// one. The comments of the types in config.go are the reference that operators
// read.
package config
