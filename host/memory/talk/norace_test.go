//go:build !race

package talk

// raced says that the race detector is on: what takes long is done less then.
const raced = false
