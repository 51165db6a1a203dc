// Package embedded keeps memories on the machine's own disk, one SQLite file
// per owner, so that no query can reach another's. It needs no server.
//
// What is acknowledged has been synced. What is deleted is overwritten, in the
// indexes and the log of changes too. Two processes may use the same folder at
// once, such as the host and its command line.
package embedded
