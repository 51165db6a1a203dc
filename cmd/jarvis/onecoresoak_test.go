//go:build soak && linux

package main

import (
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// share is what one end user got of a host.
type share struct{ answered, refused atomic.Int64 }

// talk says something as an end user, again and again until the abuse is over. Each
// has a pause to breathe, so that it is the host that decides who gets how much.
func (s *share) talk(a *abuse, client *http.Client, key string, pause time.Duration) {
	for n := 0; ; n++ {
		req, _ := http.NewRequest(http.MethodPost, "http://"+a.h.addr+"/v1/chat", strings.NewReader(`{"text":"what time is it"}`))
		req.Header.Set("Authorization", "Bearer "+key)
		req.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(req)
		switch {
		case err != nil:
			s.refused.Add(1)
		case resp.StatusCode == http.StatusOK:
			s.answered.Add(1)
		default:
			s.refused.Add(1)
		}
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
		select {
		case <-a.over:
			return
		case <-time.After(pause):
		}
	}
}

// TestSoakOneCoreIsShared has 200 end users talk to a host on one core, beside one
// of them who talks as much as fifty and a crowd that means no good: the host says
// that it is well all the while, and each of the others gets about as much as the
// next. The bounds are wide: the crowd lives on the same machine, in the process that
// takes the time, and other programs do too. It tells what it took; 200 ms is the goal.
func TestSoakOneCoreIsShared(t *testing.T) { // fault-R6
	taskset, err := exec.LookPath("taskset")
	if err != nil {
		t.Skip("no taskset: the host can't be kept to one core")
	}
	h := startHostUnder(t, "", quiet+"limits:\n  chat_per_minute: 120\n  users_per_address: 0\n  connects_per_minute: 0\n", []string{taskset, "--cpu-list", "0"})
	keys := make([]string, rounds(t, "SOAK_CORE_USERS", 200))
	for i := range keys {
		keys[i] = h.newUser(fmt.Sprint("user", i), "--role", "user")
	}
	a := &abuse{h: h, key: h.newUser("mallory", "--role", "user"), over: make(chan struct{})}
	a.begin(rounds(t, "SOAK_CORE_CROWD", 200))
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: len(keys) + 50}}
	t.Cleanup(client.CloseIdleConnections)
	shares := make([]share, len(keys))
	var greedy share
	var all sync.WaitGroup
	for i, key := range keys {
		all.Go(func() { shares[i].talk(a, client, key, time.Second) })
	}
	for range 50 {
		all.Go(func() { greedy.talk(a, client, a.key, 20*time.Millisecond) })
	}
	var took []time.Duration
	for end := time.Now().Add(time.Duration(rounds(t, "SOAK_CORE_SECONDS", 30)) * time.Second); time.Now().Before(end); {
		began := time.Now()
		if code := h.get("/health", nil); code != http.StatusOK {
			t.Errorf("/health: %d", code)
		}
		took = append(took, time.Since(began))
		<-time.After(100 * time.Millisecond)
	}
	close(a.over)
	all.Wait()
	a.all.Wait()
	http.DefaultClient.CloseIdleConnections()
	slices.Sort(took)
	got := make([]int64, len(shares))
	for i := range shares {
		got[i] = shares[i].answered.Load()
	}
	slices.Sort(got)
	half, most := got[len(got)/2], took[len(took)*95/100]
	t.Logf("/health: half within %v, 95 %% within %v, all within %v; answers for each of %d users: %d to %d, half of them at least %d; for one who asks for fifty: %d, refused %d",
		took[len(took)/2], most, took[len(took)-1], len(got), got[0], got[len(got)-1], half, greedy.answered.Load(), greedy.refused.Load())
	if took[len(took)/2] > 2*time.Second || most > 6*time.Second {
		t.Errorf("/health took %v and, for one in twenty, %v: want 2s and 6s at most", took[len(took)/2], most)
	}
	if got[0] == 0 || got[0]*3 < half {
		t.Errorf("somebody got %d answers, where half of all got %d", got[0], half)
	}
	if n := greedy.answered.Load(); n > 130 {
		t.Errorf("one user got %d answers of a host that gives 120 a minute", n)
	}
}
