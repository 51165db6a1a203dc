package gateway

import (
	"testing"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/texts"
)

func TestEveryFailureHasWordsInEveryLanguage(t *testing.T) {
	for _, lang := range protocol.Languages() {
		for _, key := range protocol.Words() {
			if !texts.For(lang).Has(key) {
				t.Errorf("there is no text %q in %q", key, lang)
			}
		}
	}
}
