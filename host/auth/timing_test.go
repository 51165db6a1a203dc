package auth_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"math"
	"math/bits"
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/auth/authtest"
	"github.com/jarvis-host/jarvis/host/turn"
)

// asked is a store that notes what it is asked for.
type asked struct {
	*authtest.Store
	hashes [][]byte
	others int
}

func (s *asked) KeyByHash(ctx context.Context, hash []byte) (auth.Key, error) {
	s.hashes = append(s.hashes, hash)
	return s.Store.KeyByHash(ctx, hash)
}

func (s *asked) User(ctx context.Context, id string) (auth.User, error) {
	s.others++
	return s.Store.User(ctx, id)
}

func (s *asked) Users(ctx context.Context) ([]auth.User, error) {
	s.others++
	return s.Store.Users(ctx)
}

func (s *asked) Keys(ctx context.Context, user string) ([]auth.Key, error) {
	s.others++
	return s.Store.Keys(ctx, user)
}

// spied is a service over such a store, with a key of a user.
func spied(t testing.TB) (*auth.Service, *asked, string, []byte) {
	t.Helper()
	store := &asked{Store: &authtest.Store{}}
	secret := []byte(strings.Repeat("s", 32))
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	s, err := auth.New(auth.Options{Store: store, Secret: secret, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	u, err := s.AddUser(t.Context(), auth.NewUser{Name: "alice", Role: turn.RoleUser})
	if err != nil {
		t.Fatal(err)
	}
	text, _, err := s.CreateKey(t.Context(), u.ID, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	return s, store, text, secret
}

// guesses are keys that share more and more of a good one, none of it at first.
func guesses(good string) (all []string) {
	for shared := range len(good) {
		guess := []byte(strings.Repeat("~", len(good)))
		copy(guess, good[:shared])
		all = append(all, string(guess))
	}
	return all
}

// A guess meets nothing but a keyed hash of itself: that is all the store is asked
// for, once for each guess, however much of a key it shares. What takes time there
// depends on a hash that nobody without the secret can steer.
func TestHowMuchOfAGuessIsRightDecidesNothing(t *testing.T) { // fault-H15, fault-H13, X01
	s, store, good, secret := spied(t)
	keyed := func(text string) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}
	right := keyed(good)
	for shared, guess := range guesses(good) {
		for range 2 { // the second time no less than the first: failures are not remembered
			store.hashes, store.others = nil, 0
			_, err := s.Authenticate(t.Context(), guess)
			refused(t, err)
			if len(store.hashes) != 1 || store.others != 0 || !hmac.Equal(store.hashes[0], keyed(guess)) {
				t.Fatalf("a guess that shares %d is looked up as %x, and %d other ways", shared, store.hashes, store.others)
			}
		}
		apart := 0
		for i, b := range store.hashes[0] {
			apart += bits.OnesCount8(b ^ right[i])
		}
		if apart < 80 || apart > 176 { // of 256: six standard deviations around half
			t.Errorf("the hash of a guess that shares %d is %d bits away", shared, apart)
		}
	}
	if _, err := s.Authenticate(t.Context(), good); err != nil {
		t.Error(err)
	}
}

// BenchmarkAGuess compares how long guesses take that share nothing of a key with
// those that share all but the end, by Welch's t: below 4.5 nothing can be told
// from 200,000 of them. For quiet machines: go test ./host/auth -run - -bench AGuess
// -benchtime 200000x.
func BenchmarkAGuess(b *testing.B) {
	s, store, good, _ := spied(b)
	all := guesses(good)
	classes := [2]string{all[0], all[len(all)-1]}
	var n, mean, m2 [2]float64
	for i := 0; b.Loop(); i++ {
		class := i * 2654435761 >> 7 & 1 // neither in turn nor in rows
		began := time.Now()
		_, _ = s.Authenticate(b.Context(), classes[class])
		took := float64(time.Since(began))
		store.hashes = store.hashes[:0]
		if took > 1e6 { // someone else's turn on the processor
			continue
		}
		n[class]++
		d := took - mean[class]
		mean[class] += d / n[class]
		m2[class] += d * (took - mean[class])
	}
	if n[0] > 1 && n[1] > 1 {
		spread := math.Sqrt(m2[0]/(n[0]-1)/n[0] + m2[1]/(n[1]-1)/n[1])
		b.ReportMetric(math.Abs(mean[0]-mean[1])/spread, "welch-t")
	}
}
