// Package host is the composition root: it makes every room from the
// configuration, starts them in order and stops them in reverse. Nothing else
// knows all of them.
package host
