package llmtest_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/llm/llmtest"
)

func dot(a, b []float32) (sum float64) {
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

func TestVectorsAreNormalisedAndCloserTheMoreWordsAreShared(t *testing.T) {
	a := llmtest.Vector("the weather in Paris today")
	if n := dot(a, a); math.Abs(n-1) > 1e-5 {
		t.Errorf("its length is %v", n)
	}
	if diff := cmp.Diff(a, llmtest.Vector("today THE weather Paris in")); diff != "" {
		t.Error(diff)
	}
	near, far := dot(a, llmtest.Vector("the weather in Rome today")), dot(a, llmtest.Vector("switch kitchen lights off"))
	if near < 0.5 || far > near/2 {
		t.Errorf("near is %v, far is %v", near, far)
	}
	for _, x := range llmtest.Vector("") {
		if x != 0 {
			t.Error("an empty text has a direction")
		}
	}
}
