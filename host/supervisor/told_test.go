package supervisor

import (
	"runtime"
	"sync"
	"testing"
)

// Plugins that are ready while others are taken over are taken over together.
func TestChangesThatComeTogetherAreToldOnce(t *testing.T) {
	began, goOn := make(chan struct{}), make(chan struct{})
	calls := 0
	s := New(Options{DataDir: t.TempDir(), OnChange: func() {
		calls++
		if calls == 1 {
			close(began)
			<-goOn
		}
	}})
	var all sync.WaitGroup
	all.Go(s.told)
	<-began
	for range 4 {
		all.Go(s.told)
	}
	for s.changes.Load() < 5 {
		runtime.Gosched()
	}
	close(goOn)
	all.Wait()
	if calls != 2 {
		t.Errorf("told %d times, want once for the first change and once for the others", calls)
	}
	if s.told(); calls != 3 {
		t.Errorf("a later change: told %d times, want 3", calls)
	}
}
