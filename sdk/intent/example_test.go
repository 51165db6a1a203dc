package intent_test

import (
	"fmt"

	"github.com/jarvis-host/jarvis/sdk/intent"
)

func Example() {
	b := intent.NewBuilder()
	err := b.Add(intent.Sentence{
		Source: "weather", Intent: "forecast", Lang: "fr",
		Template: "(quel temps fait-il|[<le>]météo) [(à |d'){city}] [dans {1..7:days} jour[s]]",
		Lists:    map[string]intent.List{"city": {Wildcard: true}},
		Rules:    map[string]string{"le": "(le |la |les |l')"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range []string{"La météo d’Annecy dans trois jours, s'il te plaît", "meteo a São Paulo", "longtemps"} {
		found := m.Match("fr", text)
		if found == nil {
			fmt.Println("nothing")
			continue
		}
		fmt.Println(found[0].Intent, found[0].Slots)
	}
	// Output:
	// forecast map[city:Annecy days:3]
	// forecast map[city:São Paulo]
	// nothing
}
