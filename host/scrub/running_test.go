package scrub

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// fault-K7: a secret that comes in pieces, however it is written, is held back
// whole; and what was said is the beginning of what the whole text becomes.
func TestATextThatComesInPiecesKeepsSecretsBack(t *testing.T) {
	s := New()
	secrets := []string{"butter-and-bread", "bread-and-butter", "bread-and-butter-and-jam", "ne\"w\nline-of-a-key-0123"}
	for _, secret := range secrets {
		s.Register(secret)
	}
	random := rand.New(rand.NewPCG(7, 7))
	words := []string{"b", "butter", "bread-and-", "butter-and-", "jam", " ", "it is ", "ne\"w", "é", "0"}
	for _, secret := range secrets {
		words = append(words, secret, base64.StdEncoding.EncodeToString([]byte(secret)), fmt.Sprintf("%x", secret), secret[:len(secret)-1])
	}
	for range 3000 {
		var whole strings.Builder
		for range 1 + random.IntN(5) {
			whole.WriteString(words[random.IntN(len(words))])
		}
		want := s.ScrubKnown(whole.String())
		r, said := NewRunning(s), ""
		for rest := whole.String(); rest != ""; {
			n := 1 + random.IntN(len(rest))
			said += r.Next(rest[:n])
			rest = rest[n:]
		}
		if !strings.HasPrefix(want, said) {
			t.Fatalf("of %q was said %q, the whole is %q", whole.String(), said, want)
		}
		if said += r.Rest(); said != want {
			t.Fatalf("of %q was said %q in the end, the whole is %q", whole.String(), said, want)
		}
	}
}

// What is harmless is said as it comes, but for what may be a beginning.
func TestHarmlessTextIsNotHeldBack(t *testing.T) {
	s := New()
	s.Register("butter-and-bread")
	r := NewRunning(s)
	for _, step := range [][2]string{{"I like ", "I like "}, {"butt", ""}, {"ons", "buttons"}, {" and butter", " and "}, {"-and-bread", Redacted}, {"!", "!"}} {
		if got := r.Next(step[0]); got != step[1] {
			t.Errorf("after %q: %q, want %q", step[0], got, step[1])
		}
	}
}
