package intent

import "strings"

// language is what the engine knows of one language beyond its templates: how
// signs and words are spelled out, polite words, numbers. An unknown language
// has none of it and works all the same.
type language struct {
	signs   map[rune]string   // signs that are said as words
	words   map[string]string // other spellings of the same words
	skip    []string          // polite words, unless a builder sets others
	openers []string          // words that may open any utterance, unless a builder sets others
	numbers *numberSpec
	// unspaced makes every character of a script without spaces a word.
	unspaced bool
}

// with returns the language under other settings.
func (l *language) with(s Settings) *language {
	if s.IgnoreSpaces == l.unspaced {
		return l
	}
	other := *l
	other.unspaced = s.IgnoreSpaces
	return &other
}

var languages = map[string]*language{
	"fr": {
		signs: map[rune]string{'%': "pour cent", '°': "degrés"},
		words: map[string]string{"pourcent": "pour cent", "percent": "pour cent"},
		skip: []string{
			"s'il te plaît", "s'il vous plaît", "stp", "svp", "please",
			"jarvis", "dis jarvis", "hé jarvis", "hey jarvis", "ok jarvis",
		},
		openers: []string{
			"bonjour", "bonsoir", "salut", "coucou", "hello", "re-bonjour", "allô", "hé", "hey", "eh", "euh", "heu", "hum", "hm", "mmh",
			"dis", "dis donc", "dis-moi", "dites", "excuse-moi", "excusez-moi", "pardon", "bon", "ben", "bah", "alors", "donc", "sinon", "au fait",
			"du coup", "et", "et sinon", "ok", "d'accord", "merci", "tiens", "tu sais", "sais-tu", "est-ce que tu sais", "vite",
		},
		numbers: french,
	},
	"en": {
		signs: map[rune]string{'%': "per cent", '°': "degrees"},
		words: map[string]string{"percent": "per cent", "pourcent": "per cent"},
		skip: []string{
			"please", "pls", "jarvis", "hey jarvis", "hi jarvis", "ok jarvis", "okay jarvis",
		},
		openers: []string{
			"hello", "hi", "hey", "hi there", "hey there", "good morning", "good afternoon", "good evening", "morning", "evening", "um", "uh",
			"uhm", "er", "erm", "hmm", "hm", "so", "well", "ok", "okay", "alright", "right", "now", "and", "also", "then", "oh", "by the way",
			"excuse me", "sorry", "pardon", "thanks", "thank you", "quick", "quickly", "say", "yo", "just",
		},
		numbers: english,
	},
	"de": {signs: percent("prozent", "grad"), numbers: german},
	"nl": {signs: percent("procent", "graden"), numbers: dutch},
	"it": {signs: percent("per cento", "gradi"), words: map[string]string{"percento": "per cento"}, numbers: italian},
	"es": {signs: percent("por ciento", "grados"), words: map[string]string{"porciento": "por ciento"}, numbers: spanish},
	"pt": {signs: percent("por cento", "graus"), numbers: portuguese},
	"sv": {signs: percent("procent", "grader"), numbers: swedish},
	"da": {signs: percent("procent", "grader"), numbers: danish},
	"nb": {signs: percent("prosent", "grader"), numbers: norwegian},
	"zh": {numbers: chinese},
	"ja": {numbers: japanese},
	"ko": {numbers: korean},
}

// percent is how a language says the two signs that every language has.
func percent(sign, degrees string) map[rune]string {
	return map[rune]string{'%': sign, '°': degrees}
}

// languageOf returns what is known of a language; regions ("fr-CA") share
// their language's.
func languageOf(lang string) *language {
	if l, ok := languages[baseLang(lang)]; ok {
		return l
	}
	return &language{}
}

// baseLang is the language without its region: "fr" for "fr-FR" and "FR_fr".
func baseLang(lang string) string {
	lang = strings.ToLower(lang)
	if i := strings.IndexAny(lang, "-_"); i >= 0 {
		lang = lang[:i]
	}
	return lang
}
