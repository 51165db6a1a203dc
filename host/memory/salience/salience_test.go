package salience_test

import (
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/memory/analysis"
	"github.com/jarvis-host/jarvis/host/memory/salience"
)

func importance(text, lang string) float64 { return salience.Importance(analysis.Analyze(text, lang)) }

func TestAnUrgentMedicalAppointmentMattersMoreThanSmallTalk(t *testing.T) { // M08
	for lang, texts := range map[string][2][]string{
		"en": {
			{"I have an urgent medical appointment with the cardiologist tomorrow at 9", "Urgent: doctor's appointment at the hospital on Monday", "My surgery is on March 3 and I'm allergic to penicillin"},
			{"Hello, how are you?", "Nice weather today, isn't it?", "Ok thanks, bye!", "Haha cool"},
		},
		"fr": {
			{"J'ai un rendez-vous médical urgent demain à 14h avec le cardiologue", "Urgent : rendez-vous chez le médecin à l'hôpital lundi", "Je suis allergique à la pénicilline, c'est important"},
			{"Bonjour, comment ça va ?", "Il fait beau aujourd'hui", "Merci, au revoir !", "Ouais super"},
		},
	} {
		for _, text := range texts[0] {
			if got := importance(text, lang); got <= 0.7 {
				t.Errorf("%q matters %.2f, not above 0.7", text, got)
			}
		}
		for _, text := range texts[1] {
			if got := importance(text, lang); got >= 0.4 {
				t.Errorf("%q matters %.2f, not below 0.4", text, got)
			}
		}
	}
}

func TestFeelingsHaveTheirSigns(t *testing.T) { // M08
	for text, want := range map[string][2]float64{ // sign of valence, least arousal
		"I was absolutely terrified":       {-1, .9},
		"My father died last night":        {-1, .7},
		"I'm so happy, I love it!":         {1, .6},
		"Je suis furieux":                  {-1, .9},
		"J'adore, c'est génial !":          {1, .8},
		"Je suis très triste":              {-1, .4},
		"The train leaves at ten":          {0, 0},
		"Je ne suis pas content":           {-1, 0},
		"I'm not worried":                  {1, 0},
		"Elle est enceinte, quelle joie !": {1, .8},
	} {
		f := salience.Feel(analysis.Analyze(text, ""))
		if f.Valence*want[0] < 0 || want[0] != 0 && f.Valence == 0 || want[0] == 0 && f.Valence != 0 || f.Arousal < want[1] || f.Arousal > 1 {
			t.Errorf("%q: %+v, want %v", text, f, want)
		}
	}
}

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func item(importance, arousal float64, days int) salience.Item {
	return salience.Item{Importance: importance, Arousal: arousal, Stability: salience.Stability(importance, arousal), At: now.AddDate(0, 0, -days)}
}

func TestWhatOutlivesWhat(t *testing.T) { // M08
	for _, days := range []int{1, 10, 100, 1000} {
		for _, importance := range []float64{.1, .5, .9} {
			if salience.Worth(item(importance, .9, days), now) <= salience.Worth(item(importance, 0, days), now) {
				t.Errorf("after %d days, a strong feeling is not worth more than none", days)
			}
			if salience.Worth(item(importance, .3, days), now) <= salience.Worth(item(importance, .3, days*2), now) {
				t.Errorf("%d days are not worth more than twice as many", days)
			}
			if salience.Worth(item(importance, .3, days), now) >= salience.Worth(item(importance+.1, .3, days), now) {
				t.Errorf("after %d days, what matters more is not worth more", days)
			}
		}
	}
	if old := salience.Worth(item(.1, 0, 400), now); old >= salience.Worth(item(.1, 0, 1), now) || old >= salience.Worth(item(.8, 0, 400), now) {
		t.Error("what is old and matters little does not go first")
	}
	pinned := item(0, 0, 4000)
	pinned.Pinned = true
	if salience.Worth(pinned, now) < salience.Worth(item(1, 1, 0), now) {
		t.Error("what is pinned is not worth most")
	}
}

func TestTheForgettingCurve(t *testing.T) {
	day := 24 * time.Hour
	if r := salience.Retrievability(10, 10*day); r < .8999 || r > .9001 {
		t.Errorf("after as many days as the stability: %f, not 0.9", r)
	}
	last := 1.0
	for d := range 1000 {
		r := salience.Retrievability(5, time.Duration(d)*day)
		if r > last || r <= 0 {
			t.Fatalf("day %d: %f after %f", d, r, last)
		}
		last = r
	}
	if salience.Retrievability(5, -day) != 1 {
		t.Error("what is to come is not wholly remembered")
	}
	if salience.Strengthen(5, 30*day) <= salience.Strengthen(5, day) || salience.Strengthen(5, 0) <= 5 {
		t.Error("a use does not strengthen, or not more when more was forgotten")
	}
	if w := salience.Weigh(1, 1); w != 1 {
		t.Errorf("the best factor is %f", w)
	}
}
