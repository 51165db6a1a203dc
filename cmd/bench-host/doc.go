// Command bench-host measures the host against bare floors, in one interleaved
// run: a relay that does nothing but pass a model's words on, a WebSocket echo,
// and a router. The same scripted model stands behind all of them, and the same
// clients in front, which check every frame for loss, order and duplicates.
//
// docs/performance.md explains the table that it prints.
package main
