package intent

import "testing"

func TestAClashComesWithAnUtteranceThatShowsIt(t *testing.T) {
	b := NewBuilder()
	add := func(source, template string, lists map[string]List) {
		must(t, b.Add(Sentence{Source: source, Intent: "i", Lang: "fr", Template: template, Lists: lists}))
	}
	add("weather", "(météo|quel temps fait-il) [à {city}]", map[string]List{"city": wild()})
	add("weather", "météo [à Lyon]", nil)
	add("news", "(journal|météo)", nil)
	add("radio", "[mets ](radio|journal)", nil)
	add("home", "allume {name}", map[string]List{"name": values("radio")})
	m, err := b.Build()
	must(t, err)
	found := m.Clashes(10)
	pairs := map[[2]string]Clash{}
	for _, c := range found {
		pairs[[2]string{c.Winner.Source, c.Loser.Source}] = c
		if c.Lang != "fr" || len(m.Match("fr", c.Utterance)) < 2 {
			t.Errorf("the witness %q is none", c.Utterance)
		}
	}
	if c, ok := pairs[[2]string{"weather", "news"}]; !ok || c.Utterance != "météo" || !c.Tie {
		t.Errorf("weather and news: %+v", c)
	}
	if c, ok := pairs[[2]string{"news", "radio"}]; !ok || c.Utterance != "journal" {
		t.Errorf("news and radio: %+v", c)
	}
	if len(found) != 3 { // météo is claimed by two templates of weather
		t.Errorf("%d clashes, want 3: %+v", len(found), found)
	}
	if got := m.Clashes(1); len(got) != 1 {
		t.Errorf("a limit of 1 gives %d", len(got))
	}
	if got := m.Clashes(0); got != nil {
		t.Errorf("a limit of 0 gives %v", got)
	}
}

func TestAClashInSwappedListsIsSeen(t *testing.T) {
	b := NewBuilder()
	must(t, b.Add(Sentence{Source: "home", Lang: "fr", Template: "allume {name}", Lists: map[string]List{"name": values()}}))
	must(t, b.Add(Sentence{Source: "radio", Lang: "fr", Template: "allume la radio"}))
	m, err := b.Build()
	must(t, err)
	if got := m.Clashes(9); got != nil {
		t.Errorf("before the swap: %+v", got)
	}
	m = m.WithLists("fr", map[string]List{"home/name": values("la radio")})
	if got := m.Clashes(9); len(got) != 1 || got[0].Winner.Source != "radio" || got[0].Tie {
		t.Errorf("after the swap: %+v", got)
	}
}
