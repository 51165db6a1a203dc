package embedded

// SetBruteForce changes up to how many vectors are all compared, and returns
// what changes it back.
func SetBruteForce(n int) (back func()) {
	was := bruteForce
	bruteForce = n
	return func() { bruteForce = was }
}

// SetMaxOpen changes how many owners' files are kept open, and returns what
// changes it back.
func SetMaxOpen(n int) (back func()) {
	was := maxOpen
	maxOpen = n
	return func() { maxOpen = was }
}
