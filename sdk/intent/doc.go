// Package intent understands utterances without a model: authors write
// templates, and a [Matcher] says which template an utterance is an instance
// of, and what its slots hold. Plugins bring templates, the host matches, the
// test kit does both.
//
//	b := intent.NewBuilder()
//	err := b.AddList("fr", "city", intent.List{Wildcard: true})
//	err = b.Add(intent.Sentence{
//		Source: "weather", Intent: "forecast", Lang: "fr",
//		Template: "(quel temps fait-il|météo) [à {city}]",
//	})
//	m, err := b.Build()
//	m.Match("fr", "Météo à São Paulo ?")[0].Slots["city"] // "São Paulo"
//
// # Templates
//
// The language is hassil's:
//
//	literal text            what has to be said; \ before a reserved character
//	[optional]              may be said
//	(a|b)                   one of them, inside a word too: turn(s|ed); may be empty: (s|)
//	(a;b;c)                 all of them in any order, as separate words
//	{list} {list:slot}      a value of a list, kept as a slot
//	{list:@slot} {@list}    the same, for the response only
//	{0..100:brightness}     a number, in digits or words; {10..100,10:seconds} in tens
//	<rule>                  the template of an expansion rule
//
// A template is matched whole: the utterance has to be used up. A wildcard
// takes one or more whole words and is returned in the utterance's own
// spelling. It can't be all that a sentence holds.
//
// # The same form for both sides
//
// Utterances and templates pass through one function, [Normalize]; there is no
// other place that decides whether two texts are the same. Apostrophes and
// hyphens separate words there, so an elision needs no rule: (le |l')enjeu is
// "le enjeu" or "l enjeu", and so is what was said. A space in a template is
// not a character but the statement "a word begins here"; it holds at the
// utterance's ends and next to another space. That is why [optional] parts need
// no care for the spaces around them.
//
// # How a sentence is compiled
//
//	template --Parse--> Node --resolver--> item --compiler--> automaton
//
// [Parse] checks form (parse.go, node.go). The resolver looks up rules and
// lists, normalises text and makes equal parts one item (resolve.go,
// vocabulary.go); it refuses what would match nothing or everything. The
// compiler adds items to one automaton for each language (automaton.go). Where
// an item leads from a state is decided once, so sentences that begin alike
// share their states, up to whole rules and lists. The automaton has no cycle.
//
// Lists are not part of it. An edge says "here a value of list 7", and a finder
// (finder.go) answers where values that begin at a position end: a trie for
// values, a small grammar for numbers. A list is therefore stored once, however
// many sentences use it, and [Matcher.WithLists] replaces it without touching a
// sentence. What a sentence requires of the context stands on the edge too, so
// values that don't fit are never tried.
//
// # How an utterance is matched
//
// A run (run.go) goes through the utterance once, character by character, with
// all sentences at the same time. At each position it holds at most one reading
// for each state: the best so far. Dropping the others is right because what
// ranks readings adds up and keeps its order (score.go). Slots are a linked
// list of captures, so readings share what they have in common. Values, numbers
// and polite words that end further on wait there. A wildcard is one entry that
// may end behind every word, whatever it has taken. Nothing goes back; the work
// is bounded by the utterance's length times the automaton's size, and in
// practice by how many sentences begin like the utterance.
//
// The first pass wants every letter as written. Only if it finds nothing, a
// second one ignores accents and accepts values of lists that are nearly said,
// one edit for every six letters (near.go), in utterances of up to 1024
// characters. Literal text and digits are never guessed. If that finds nothing either, words that speech recognition mishears
// are replaced, as a table of the language says (misheard.go), and the second
// pass runs again.
//
// In a script that puts no spaces between words every character counts as a
// word, if the settings say so: then nothing else needs to know of it.
//
// Polite words may stand between any two words, and at the ends of a wildcard.
// They count against a reading only where nothing else does, so a sentence that
// wants them wins, and a wildcard loses them at its ends unless they are all it
// has.
//
// # Rank
//
// Exact before folded; then fewest edits, fewest wildcards, most letters of
// literal text, least wildcard text, fewest polite words left out; and last the
// order in which sentences were added. The host adds sources in its documented
// order, so the same utterance always has the same winner.
//
// # Bounds
//
// What plugins and people send is bounded, with an error and never with a
// silent cut: the length, depth and growth of a template, the spellings of a
// value, the states of a language, the bytes of a file. An utterance longer
// than [MaxUtterance] matches nothing.
package intent
