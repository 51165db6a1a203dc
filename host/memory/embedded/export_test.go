package embedded

import "github.com/jarvis-host/jarvis/host/memory"

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

// Opening acts as if an owner's file were being opened until done is called.
func (s *Store) Opening(o memory.Owner) (done func(), err error) {
	p, err := s.hold(nameOf(o))
	if err != nil {
		return nil, err
	}
	p.turn <- struct{}{}
	return func() { p.leave(); s.release(p) }, nil
}

// Opened is how many files are open.
func (s *Store) Opened() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}
