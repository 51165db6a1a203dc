package texts

import "testing"

// E09
func TestStopWordsTypedAloneAreStops(t *testing.T) {
	for _, s := range []string{
		"stop", "Stop", "STOP !", "stop.", "stop stop stop", "arrête", "arrete", "Arrête.", "arrête-toi", "arrête tout", "Arrête, stop !",
		"annule", "annule tout", "tais-toi", "Tais toi", "tais-toi s'il te plaît", "silence", "chut", "ça suffit", "jarvis stop",
		"Jarvis, arrête !", "laisse tomber", "cancel", "be quiet", "Shut up!", "never mind", "that’s enough", "stop please",
		"ok jarvis, stop", "ARRE\u0302TE",
	} {
		if !IsStop(s) {
			t.Errorf("IsStop(%q) = false", s)
		}
	}
}

func TestStopWordsInsideASentenceAreNone(t *testing.T) {
	for _, s := range []string{
		"", "!", "jarvis", "s'il te plaît", "annule ça", "annule le minuteur", "arrête la musique", "arrêt de bus", "stop the music",
		"où est l'arrêt stop", "cancel my order", "cancel that", "ne t'arrête pas", "non", "stopwatch", "quiet music please", "assez bien",
	} {
		if IsStop(s) {
			t.Errorf("IsStop(%q) = true", s)
		}
	}
}

func TestYesAndNoAreUnderstoodInBothLanguages(t *testing.T) {
	for s, want := range map[string]bool{
		"oui": true, "Oui.": true, "ouais": true, "ok": true, "OK !": true, "d'accord": true, "d’accord": true, "vas-y": true,
		"oui vas-y": true, "oui, s'il te plaît": true, "bien sûr": true, "bien sur": true, "je confirme": true, "oui oui oui": true,
		"yes": true, "Yes please": true, "yeah sure": true, "go ahead": true, "do it": true, "of course": true, "yep": true, "o": true, "y": true,
		"non": false, "Non !": false, "non merci": false, "surtout pas": false, "non surtout pas": false, "pas du tout": false,
		"bien sûr que non": false, "pas d'accord": false, "ne le fais pas": false, "laisse tomber": false, "non, annule": false,
		"no": false, "no thanks": false, "No way!": false, "don't": false, "don’t do it": false, "do not": false, "of course not": false,
		"definitely not": false, "nope": false, "n": false, "never": false,
	} {
		yes, ok := YesNo(s)
		if !ok || yes != want {
			t.Errorf("YesNo(%q) = %t, %t; want %t, true", s, yes, ok, want)
		}
	}
}

func TestWhatIsNeitherYesNorNoAgreesToNothing(t *testing.T) {
	for _, s := range []string{
		"", "?", "oui et non", "oui non", "non oui", "yes but not now", "oui mais demain", "je ne sais pas", "peut-être", "maybe", "ok google",
		"quelle heure est-il", "oui la lumière du salon", "merci", "yes no", "no problem", "not", "do", "pas", "oui je ne veux pas",
	} {
		if yes, ok := YesNo(s); ok {
			t.Errorf("YesNo(%q) = %t, true; want neither", s, yes)
		}
	}
}

func TestFoldKeepsWhatIsCompared(t *testing.T) {
	for in, want := range map[string]string{
		"Arrête-toi !": "arrete toi", "  L’ŒUF  ": "l oeuf", "É": "e", "e\u0301": "e", "100 %": "100", "": "", "ﬁn": "fin", "Straße": "strasse",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}
