package intent

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// manySentences is a language of n templates with the shapes of home control:
// shared beginnings, rules, lists, ranges and a few wildcards.
func manySentences(tb testing.TB, n int) *Matcher { return manyOf(tb, n, 500) }

// manyOf is manySentences over so many names.
func manyOf(tb testing.TB, n, named int) *Matcher {
	tb.Helper()
	builder := NewBuilder()
	must(tb, builder.AddRule("fr", "le", "(le |la |les |l')"))
	must(tb, builder.AddRule("fr", "on", "(allume|allumer|démarre|démarrer|lance|mets en marche)"))
	must(tb, builder.AddRule("fr", "dans", "(dans|du|de|des|à|au|aux|sur) [<le>]"))
	names := List{Values: []Value{}}
	for i := range named {
		names.Values = append(names.Values, Value{In: fmt.Sprintf("lampe numéro %s", NumberWords("fr", i)), Out: i})
	}
	must(tb, builder.AddList("fr", "name", names))
	must(tb, builder.AddList("fr", "area", values("salon", "cuisine", "chambre [des enfants]", "jardin", "garage")))
	must(tb, builder.AddList("fr", "text", wild()))
	shapes := []string{
		"<on> [<le>]{name} %s",
		"[<le>]%s <dans> {area} [à {0..100:level}[ ]%%]",
		"quel[le] est [<le>]%s <dans>{area}",
		"règle [<le>]{name} sur %s [à {0..100:level}]",
		"ajoute {text} à [<le>]%s",
		"note {text} %s {name}",
		"(baisse;[<le>]%s;<dans> {area})",
		"%s [maintenant|tout de suite]",
	}
	for i := range n {
		template := fmt.Sprintf(shapes[i%len(shapes)], "mode "+NumberWords("fr", i))
		must(tb, builder.Add(Sentence{Source: "bench", Intent: "i", Lang: "fr", Template: template}))
	}
	m, err := builder.Build()
	must(tb, err)
	return m
}

func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		m := manySentences(b, n)
		for name, text := range map[string]string{
			"hit":      "allume la lampe numéro vingt et un mode quatre-vingts",
			"folded":   "allume la lampe numero vingt et un mode quatre vingts",
			"near":     "allume la lampe numérro quarante-deux mode quatre-vingts",
			"wildcard": "ajoute du pain et des œufs frais à la mode douze",
			"miss":     "raconte-moi une histoire qui parle d'un petit renard",
		} {
			b.Run(fmt.Sprintf("%d/%s", n, name), func(b *testing.B) {
				b.ReportAllocs()
				if hit := m.Match("fr", text) != nil; hit != (name != "miss") {
					b.Fatalf("%q: hit %v", text, hit)
				}
				for b.Loop() {
					m.Match("fr", text)
				}
			})
		}
	}
}

// BenchmarkUtterances says a mix of utterances and reports the time that half
// and that all but a hundredth of them take, and what the matcher weighs.
func BenchmarkUtterances(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		for _, named := range []int{10, 500, 5000} {
			b.Run(fmt.Sprintf("%d_templates/%d_values", n, named), func(b *testing.B) {
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				m := manyOf(b, n, named)
				runtime.GC()
				runtime.ReadMemStats(&after)
				var took []time.Duration
				for b.Loop() {
					text := mix(len(took), n, named)
					began := time.Now()
					m.Match("fr", text)
					took = append(took, time.Since(began))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1e3, "p50-µs")
				b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1e3, "p99-µs")
				b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB")
				runtime.KeepAlive(m)
			})
		}
	}
}

// mix is utterance i: hits of every shape, near misses, and small talk.
func mix(i, n, named int) string {
	name, mode := NumberWords("fr", i%named), NumberWords("fr", i*7%n)
	switch i % 8 {
	case 0:
		return fmt.Sprintf("allume la lampe numéro %s mode %s", name, mode)
	case 1:
		return fmt.Sprintf("mode %s du salon à %d %%", mode, i%100)
	case 2:
		return fmt.Sprintf("ajoute du pain et des œufs à la mode %s", mode)
	case 3:
		return fmt.Sprintf("allume la lampe numero %s mode %s", name, mode)
	case 4:
		return fmt.Sprintf("règle la lampe numérro %s sur mode %s", name, mode)
	case 5:
		return "raconte-moi une histoire qui parle d'un petit renard"
	case 6:
		return "on a mis la lampe du salon à la cave, tu sais pourquoi ?"
	}
	return fmt.Sprintf("mode %s tout de suite", mode)
}

// BenchmarkLength doubles the utterance: the time per character stays.
func BenchmarkLength(b *testing.B) {
	m := manySentences(b, 1000)
	for name, word := range map[string]string{
		"wildcard": "à la mode ", "names": "lampe numéro vingt ", "near": "mode cinq lampe numéra vinct ", "polite": "jarvis please ", "letters": "a",
	} {
		for n := 1024; n <= 8192; n *= 2 {
			text := "note " + strings.Repeat(word, n/len(word)) + " à la mode douze"
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				for b.Loop() {
					m.Match("fr", text)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/char")
			})
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m := manySentences(b, n)
				b.ReportMetric(float64(len(m.languages["fr"].automaton.states)), "states")
			}
		})
	}
}

func BenchmarkSwapOfAThousandNames(b *testing.B) {
	m := manySentences(b, 1000)
	names := List{Values: make([]Value, 1000)}
	for i := range names.Values {
		names.Values[i].In = fmt.Sprintf("Lampe %d (étage)", i)
	}
	for b.Loop() {
		m.WithLists("fr", map[string]List{"name": names})
	}
}
