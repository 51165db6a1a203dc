package weather

import (
	"slices"
	"strings"
)

// maxChoices is how many places a question offers.
const maxChoices = 5

// choose decides which of the found places is meant. Well is set when one
// stands out: it is the only one of its name, or ten times as large as the
// next. Otherwise the person has to say which of choices it is.
func choose(found []Place) (best Place, choices []Place, well bool) {
	found = settlements(found)
	if len(found) == 0 {
		return Place{}, nil, false
	}
	slices.SortStableFunc(found, func(a, b Place) int { return b.Population - a.Population })
	if len(found) == 1 || found[0].Population > 10*max(found[1].Population, 1000) {
		return found[0], nil, true
	}
	return Place{}, found[:min(len(found), maxChoices)], false
}

// settlements keeps the places of the first one's name where people live, one
// of each label: the geocoder finds by prefix, and lists regions and airports
// beside towns.
func settlements(found []Place) []Place {
	if len(found) == 0 {
		return nil
	}
	towns := slices.DeleteFunc(slices.Clone(found), func(p Place) bool {
		return p.Feature != "" && !strings.HasPrefix(p.Feature, "PPL")
	})
	if len(towns) == 0 {
		towns = found[:1]
	}
	var out []Place
	seen := map[string]bool{}
	for _, p := range towns {
		if strings.EqualFold(p.Name, towns[0].Name) && !seen[p.label()] {
			seen[p.label()] = true
			out = append(out, p)
		}
	}
	return out
}

// label tells a place from others of its name.
func (p Place) label() string {
	parts := []string{p.Name}
	for _, s := range []string{p.Region, p.Country} {
		if s != "" && s != parts[len(parts)-1] {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", ")
}
