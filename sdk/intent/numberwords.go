package intent

var french = &numberSpec{
	say:               sayFrench,
	under100:          frenchUnder100,
	hundred:           []string{"cents", "cent"},
	oneHundred:        []string{"cent"},
	thousand:          []string{"mille"},
	oneThousand:       []string{"mille"},
	minus:             []string{"moins"},
	point:             []string{"virgule"},
	half:              []string{"et demi", "et demie"},
	smallestHundreds:  2,
	smallestThousands: 2,
}

var english = &numberSpec{
	say:                       sayEnglish,
	under100:                  englishUnder100,
	hundred:                   []string{"hundred"},
	oneHundred:                []string{"a hundred"},
	thousand:                  []string{"thousand"},
	oneThousand:               []string{"a thousand"},
	minus:                     []string{"minus", "negative"},
	and:                       []string{"and"},
	point:                     []string{"point"},
	half:                      []string{"and a half"},
	smallestHundreds:          1,
	smallestThousands:         1,
	hundredsBeyondNineHundred: true,
}

var frenchUnits = []string{
	"zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf",
	"dix", "onze", "douze", "treize", "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf",
}

var frenchTens = map[int][]string{
	2: {"vingt"}, 3: {"trente"}, 4: {"quarante"}, 5: {"cinquante"}, 6: {"soixante"},
	7: {"septante"}, 8: {"huitante", "octante"}, 9: {"nonante"},
}

var englishUnits = []string{
	"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
	"ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
}

var englishTens = []string{"", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"}

// frenchUnder100 gives the usual spelling first, then the feminine, the one
// without "et" and those of Belgium and Switzerland.
func frenchUnder100(n int) []string {
	var out []string
	switch {
	case n == 1:
		return []string{"un", "une"}
	case n < 20:
		return frenchUnits[n : n+1]
	case n >= 80:
		out = frenchFourScore(n - 80)
	case n >= 70:
		out = []string{"soixante-" + frenchUnits[n-60]}
		if n == 71 {
			out = []string{"soixante et onze", "soixante-onze"}
		}
	}
	for _, tens := range frenchTens[n/10] {
		out = append(out, frenchRegular(tens, n%10)...)
	}
	return out
}

func frenchRegular(tens string, unit int) []string {
	switch unit {
	case 0:
		return []string{tens}
	case 1:
		return []string{tens + " et un", tens + " et une", tens + "-un", tens + "-une"}
	}
	return []string{tens + "-" + frenchUnits[unit]}
}

func frenchFourScore(rest int) []string {
	switch rest {
	case 0:
		return []string{"quatre-vingts", "quatre-vingt"}
	case 1:
		return []string{"quatre-vingt-un", "quatre-vingt-une"}
	}
	return []string{"quatre-vingt-" + frenchUnits[rest]}
}

func sayFrench(n int) string {
	switch {
	case n < 100:
		return frenchUnder100(n)[0]
	case n < 1000:
		return sayFrenchScale(n/100, n%100, "cent", "cents")
	}
	// Before mille, "vingts" and "cents" lose their s.
	count := n / 1000
	words := sayFrench(count)
	if count%100 == 80 || count >= 200 && count%100 == 0 {
		words = words[:len(words)-1]
	}
	return withRest(words, count, "mille", n%1000)
}

func sayFrenchScale(count, rest int, one, many string) string {
	if count > 1 && rest == 0 {
		return frenchUnits[count] + " " + many
	}
	return withRest(frenchUnits[count], count, one, rest)
}

func withRest(multiplier string, count int, size string, rest int) string {
	words := size
	if count > 1 {
		words = multiplier + " " + size
	}
	if rest > 0 {
		words += " " + sayFrench(rest)
	}
	return words
}

func englishUnder100(n int) []string {
	switch {
	case n < 20:
		return englishUnits[n : n+1]
	case n%10 == 0:
		return []string{englishTens[n/10]}
	}
	return []string{englishTens[n/10] + "-" + englishUnits[n%10]}
}

func sayEnglish(n int) string {
	var words string
	switch {
	case n < 100:
		return englishUnder100(n)[0]
	case n < 1000:
		words = englishUnits[n/100] + " hundred"
		n %= 100
	default:
		words = sayEnglish(n/1000) + " thousand"
		n %= 1000
	}
	switch {
	case n == 0:
		return words
	case n < 100:
		return words + " and " + sayEnglish(n)
	}
	return words + " " + sayEnglish(n)
}
