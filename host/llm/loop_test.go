package llm_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
)

// chatter says pieces until it is stopped, at most so many.
func chatter(most int, piece func(i int) string) *llmtest.Provider {
	return &llmtest.Provider{Answer: func(_ context.Context, _ llm.Request, yield func(llm.Event) bool) error {
		for i := range most {
			if !yield(llm.Delta{Text: piece(i)}) {
				return nil
			}
		}
		yield(llm.Finish{Reason: llm.ReasonStop})
		return nil
	}}
}

func TestAModelThatIsStuckIsStopped(t *testing.T) { // fault-L18
	words := strings.Fields("and so it goes on and on until the end of time when it begins again as it always has")
	for name, c := range map[string]struct {
		piece func(i int) string
		bytes int // at most before it is noticed
	}{
		"one token":         {func(int) string { return "ha" }, 2 * 130},
		"a JSON never shut": {func(int) string { return "\n" }, 130},
		"two tokens":        {func(i int) string { return []string{"tick ", "tock "}[i%2] }, 3000},
		"a sentence":        {func(i int) string { return words[i%len(words)] + " " }, 3000},
		"after good text": {func(i int) string {
			if i < 500 {
				return fmt.Sprintf("%d words, ", i*i)
			}
			return words[i%len(words)] + " "
		}, 500*14 + 4000},
	} {
		got, err := collect(llm.NewGuard(chatter(15_000, c.piece), llm.DefaultLimits()).Stream(t.Context(), said("hi")))
		if e := wantClass(t, err, llm.Limit); !strings.Contains(e.Message, "over and over") {
			t.Errorf("%s: %v", name, err)
		}
		n := 0
		for _, ev := range got {
			n += len(ev.(llm.Delta).Text)
		}
		if n > c.bytes {
			t.Errorf("%s: noticed after %d bytes", name, n)
		}
	}
}

func TestLongAnswersThatGoSomewhereAreNot(t *testing.T) { // fault-L18
	for name, piece := range map[string]func(i int) string{
		"a list":    func(i int) string { return fmt.Sprintf("- item %d is like the others\n", i) },
		"a table":   func(i int) string { return []string{"| ", fmt.Sprint(i), " | ", "-----", " |\n"}[i%5] },
		"a rule":    func(i int) string { return []string{strings.Repeat("-", 80), fmt.Sprint(i)}[i%2] },
		"a refrain": func(i int) string { return fmt.Sprintf("verse %d. %s", i, strings.Repeat("la ", 40)) },
	} {
		if _, err := collect(llm.NewGuard(chatter(3000, piece), llm.DefaultLimits()).Stream(t.Context(), said("hi"))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
