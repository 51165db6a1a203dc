package jarvis_test

import (
	"os"
	"regexp"
	"testing"
)

// formal is how a person is addressed who is not said "tu" to: the words, and
// sentences that begin with such an imperative.
var formal = regexp.MustCompile(`(?i)\b(vous|votre|vos|veuillez)\b|(?-i)(^|[.!?:] |")\p{Lu}\p{Ll}+ez\b`)

// Whatever Jarvis says in French, to an end user or an operator, it says "tu".
func TestFrenchIsInformal(t *testing.T) {
	for _, file := range []string{
		"host/texts/data/fr.yaml", "host/web/assets/texts/fr.json", "cmd/jarvis/texts/fr.json", "sdk/texts/fr.json",
		"plugins/hangman/texts/fr.json", "plugins/weather/texts/fr.json", "plugins/mcp/texts/fr.json",
		"cmd/jarvis/scaffold/files/go/texts/fr.json.tmpl",
	} {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range formal.FindAllString(string(raw), -1) {
			t.Errorf("%s: %q", file, found)
		}
	}
}
