package jarvis_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/protocol"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestTheErrorTableOfTheDocumentsIsTheCodes keeps docs/protocol.md equal to the
// one table of errors.
func TestTheErrorTableOfTheDocumentsIsTheCodes(t *testing.T) {
	const file, mark = "docs/protocol.md", "<!-- errors: written by make update -->\n"
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, after, ok := strings.Cut(string(raw), mark)
	if !ok {
		t.Fatalf("%s has no line %q", file, mark)
	}
	var b strings.Builder
	b.WriteString("\n| code | HTTP | meaning |\n| --- | --- | --- |\n")
	for _, r := range protocol.Table() {
		fmt.Fprintf(&b, "| `%s` | %d | %s |\n", r.Code, r.Status, r.Meaning)
	}
	if after == b.String() {
		return
	}
	if !*update {
		t.Fatalf("%s is out of date; run make update", file)
	}
	if err := os.WriteFile(file, []byte(before+mark+b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}
