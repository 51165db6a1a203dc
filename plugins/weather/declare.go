package weather

import (
	"embed"

	"github.com/jarvis-host/jarvis/sdk"
)

//go:embed sentences/*.yaml
var sentenceFiles embed.FS

// declare puts the tool and its sentences on the plugin. {city} is a wildcard,
// {when} a list of the words for each time.
func (s *station) declare(p *sdk.Plugin) {
	sdk.Tool(p, "forecast", "Weather forecast for a city: now, today, tomorrow, a weekday, the weekend or the week", s.forecast,
		sdk.ReadOnly(), sdk.Idempotent(), sdk.OpenWorld(),
		sdk.Examples("fr", sdk.Example{Text: "quel temps fait-il à Lyon", Args: map[string]any{"city": "Lyon"}},
			sdk.Example{Text: "météo demain à Paris", Args: map[string]any{"city": "Paris", "when": "tomorrow"}}),
		sdk.Examples("en", sdk.Example{Text: "what's the weather in London", Args: map[string]any{"city": "London"}},
			sdk.Example{Text: "weather in Oslo tomorrow", Args: map[string]any{"city": "Oslo", "when": "tomorrow"}}))
	p.SentencesFS(sentenceFiles, "sentences/*.yaml")
}
