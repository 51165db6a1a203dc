// Package sqlite keeps what must not be lost in one SQLite file: sessions,
// users and keys. It needs no server. What a method acknowledges has been
// synced to disk; writes that come at the same time share one sync.
//
// Two processes may have the file open at once, such as the host and its
// command line.
package sqlite
