package gateway

import (
	"slices"

	"golang.org/x/text/language"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// maxAcceptLanguage bounds what is parsed of a stranger's header.
const maxAcceptLanguage = 256

// languageOf picks the language of errors and of hello: the end user's own,
// else the best of an Accept-Language header, else the host's.
func languageOf(user, accept, fallback string) string {
	if slices.Contains(protocol.Languages(), user) {
		return user
	}
	if accept == "" || len(accept) > maxAcceptLanguage {
		return fallback
	}
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return fallback
	}
	for _, t := range tags { // best first
		base, _ := t.Base()
		if slices.Contains(protocol.Languages(), base.String()) {
			return base.String()
		}
	}
	return fallback
}
