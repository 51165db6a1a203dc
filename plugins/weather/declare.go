package weather

import (
	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/intent"
)

// declare puts the tool and its sentences on the plugin. {city} is a wildcard,
// {when} a list of the words for each time.
func (s *station) declare(p *sdk.Plugin) {
	p.Vocabulary("fr", map[string]string{
		"at":   "(à|a|au|aux|en|sur|pour|de|dans) [la ville de ]",
		"asks": "(quel temps (fait-il|il fait|fait il|fera-t-il|il fera|va-t-il faire|il va faire|fait|fera)|quel temps est-ce qu'il (fait|fera|va faire)|(quelle est|c'est quoi|donne-moi|dis-moi|montre-moi|je veux|j'aimerais|tu as|annonce|quelle) la (météo|prévision)|c'est comment la météo|[la ]météo|[les |quelles sont les |donne-moi les ]prévisions [météo|de la météo|du temps]|[le ]bulletin météo|(il|y) (fait|fera|va faire) quel temps|(est-ce qu'il|est-ce qu'y|il|y|va-t-il|il va|est-ce qu'il va|y va) (fait|fera|faire) (beau|froid|chaud|doux|moche|gris)|fait-il (beau|froid|chaud|doux)|fera-t-il (beau|froid|chaud|doux)|(va-t-il|il va|est-ce qu'il va|y va) (pleuvoir|neiger|geler)|(pleut-il|est-ce qu'il pleut|il pleut|pleuvra-t-il|neige-t-il|est-ce qu'il neige)|(quelle température fait-il|quelle est la température|[la ]température|il fait combien|combien il fait|combien fait-il|quelle température il fait) [dehors|extérieure])",
	}, map[string]intent.List{"when": whens(map[When][]string{
		Now: {"maintenant", "en ce moment", "actuellement", "là"}, Today: {"aujourd'hui", "ce matin", "cet après-midi", "ce soir", "cette nuit", "pour aujourd'hui", "de la journée", "du jour"},
		Tomorrow:         {"demain", "pour demain", "de demain", "demain matin", "demain soir", "demain après-midi"},
		DayAfterTomorrow: {"après-demain", "pour après-demain"},
		Week:             {"cette semaine", "la semaine", "de la semaine", "pour la semaine", "pour cette semaine", "les prochains jours", "des prochains jours", "pour les prochains jours", "à venir", "dans la semaine"},
		"monday":         days("lundi"), "tuesday": days("mardi"), "wednesday": days("mercredi"), "thursday": days("jeudi"),
		"friday": days("vendredi"), "saturday": append(days("samedi"), "ce week-end", "ce weekend"), "sunday": days("dimanche"),
	})})
	p.Vocabulary("en", map[string]string{
		"at":   "(in|at|for|over|near)",
		"asks": "((what is|what's|whats|how is|how's|hows|tell me|give me|show me) the (weather|forecast|weather forecast) [like|going to be|going to be like]|what will the weather be [like]|what's it like outside|[the ](weather|forecast|weather forecast|weather report) [please]|(is it|will it be|is it going to be) (nice|cold|warm|hot|sunny|windy|cloudy|rainy) [out|outside]|(will it|is it going to) (rain|snow|freeze|be raining)|is it (raining|snowing|freezing) [out|outside]|(what is|what's) the temperature [out|outside]|[the ]temperature [outside]|how (cold|warm|hot) is it [out|outside]|how (cold|warm|hot) will it be|do i need an umbrella)",
	}, map[string]intent.List{"when": whens(map[When][]string{
		Now: {"now", "right now", "currently", "at the moment"}, Today: {"today", "for today", "this morning", "this afternoon", "this evening", "tonight"},
		Tomorrow:         {"tomorrow", "for tomorrow", "tomorrow morning", "tomorrow afternoon", "tomorrow evening", "tomorrow night"},
		DayAfterTomorrow: {"the day after tomorrow", "day after tomorrow"},
		Week:             {"this week", "for this week", "for the week", "the coming days", "for the coming days", "for the next days", "the next few days", "over the week"},
		"monday":         onDays("monday"), "tuesday": onDays("tuesday"), "wednesday": onDays("wednesday"), "thursday": onDays("thursday"),
		"friday": onDays("friday"), "saturday": append(onDays("saturday"), "this weekend", "this week-end", "at the weekend"), "sunday": onDays("sunday"),
	})})
	sdk.Tool(p, "forecast", "Weather forecast for a city: now, today, tomorrow, a weekday or the week", s.forecast,
		sdk.ReadOnly(), sdk.Idempotent(), sdk.OpenWorld(),
		sdk.Say("fr", "<asks> [{when}]", "<asks> {when} <at> {city}", "<asks> <at> {city} [{when}]"),
		sdk.Say("en", "<asks> [{when}]", "<asks> {when} <at> {city}", "<asks> <at> {city} [{when}]"),
		sdk.Examples("fr", sdk.Example{Text: "quel temps fait-il à Lyon", Args: map[string]any{"city": "Lyon"}},
			sdk.Example{Text: "météo demain à Paris", Args: map[string]any{"city": "Paris", "when": "tomorrow"}}),
		sdk.Examples("en", sdk.Example{Text: "what's the weather in London", Args: map[string]any{"city": "London"}},
			sdk.Example{Text: "weather in Oslo tomorrow", Args: map[string]any{"city": "Oslo", "when": "tomorrow"}}))
}

func days(name string) []string {
	return []string{name, "ce " + name, name + " prochain", "pour " + name, "de " + name}
}

func onDays(name string) []string {
	return []string{name, "on " + name, "this " + name, "next " + name, "for " + name}
}

// whens makes the list of the times from their words.
func whens(words map[When][]string) intent.List {
	var l intent.List
	for _, w := range []When{
		Now, Today, Tomorrow, DayAfterTomorrow, Week,
		"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
	} {
		for _, in := range words[w] {
			l.Values = append(l.Values, intent.Value{In: in, Out: string(w)})
		}
	}
	return l
}
