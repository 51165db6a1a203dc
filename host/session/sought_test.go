package session

import (
	"strings"
	"testing"
)

// fault-R10: each word that is looked for costs, and a query may hold very many.
func TestASearchLooksForAFewWords(t *testing.T) {
	for query, want := range map[string]string{
		"": "", "le LE Lé lé": "le", "l lu lum lumière": "lumiere", "du pain": "pain du",
		strings.Repeat("a b c ", 1000): "a b c", "a b c d e f g h i j k l m n o p q the-end": "end the a b c d f g h i j k l m n o",
	} {
		if got := strings.Join(Sought(query), " "); got != want {
			t.Errorf("%.20q: looks for %q, want %q", query, got, want)
		}
	}
}
