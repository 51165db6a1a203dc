// Package qdrant has a memory's candidates found by a Qdrant server.
//
// The truth stays where it was: a [Store] wraps another one, which keeps every
// text. Qdrant gets numbers only, made from the words of an item, the words next
// to it and the vector of an embedding model, with whose it is and whether it
// still holds. It says which items may answer; the truth reads them, and the same
// ranking decides. All of it can be made anew from the truth at any time.
//
// Writes never wait for the server: they are acknowledged by the truth, and the
// index follows. A search asks the server only when the index holds all of the
// owner's memory, and otherwise the truth's own index, which finds as well.
// Whenever the server comes back, each owner's part is compared with the truth,
// item by item, and what differs is written or deleted. So nothing has to be
// remembered about an outage: not what was forgotten meanwhile, nor by which
// process.
package qdrant
