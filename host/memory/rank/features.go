package rank

import (
	"math"
	"strings"
	"time"
	"unicode"

	"github.com/jarvis-host/jarvis/host/memory/analysis"
)

// Parameters of BM25 (Robertson and Zaragoza, 2009), chosen by measuring.
const (
	k1 = 1.2
	b  = 0.5
	// Weights of neighbours in a window, by distance.
	near, far = 0.55, 0.25
)

// turnInfo is what is seen of a turn, whatever the passage it belongs to.
type turnInfo struct {
	counts []float64                 // by group
	kin    [analysis.Bonds][]float64 // weight by group
	length float64
	bm     float64
	asks   bool
	pairs  float64
	prefix float64
}

// view is a question about a corpus.
type view struct {
	kin    map[string][]relation
	q      *Question
	c      *Corpus
	groups []analysis.Group // names of speakers left out
	idf    []float64
	total  float64 // of idf
	of     map[string]int
	named  map[string]bool // folded names of speakers in the question
	kind   analysis.Kind
	date   analysis.Date
	turns  map[string]*turnInfo
	asked  bool // the question speaks of "I": the owner
	// The days that the question names as seen from now, if it does.
	from, to time.Time
	near     bool
}

// relation is a stem that stands for a group of the question.
type relation struct {
	group  int
	bond   analysis.Bond
	weight float64 // idf of the rarer of the two
}

// idf is how much a term tells that so many passages hold.
func (c *Corpus) idf(having int) float64 {
	return math.Log(1 + (float64(c.Passages)-float64(having)+0.5)/(float64(having)+0.5))
}

func see(q *Question, c *Corpus) *view {
	v := &view{q: q, c: c, kin: map[string][]relation{}, of: map[string]int{}, named: map[string]bool{}, kind: q.Text.Kind(), date: q.Text.Date(), turns: map[string]*turnInfo{}}
	for _, k := range q.Text.Tokens {
		for _, s := range c.Speakers {
			if calls(k.Folded, s) {
				v.named[analysis.Fold(s)] = true
			}
		}
	}
	v.asked = q.Text.FirstPerson() > 0
	v.from, v.to, v.near = q.Text.Relative(q.At)
	for _, g := range q.Groups {
		if v.isName(g.Word) {
			continue
		}
		having := 0
		for _, s := range g.Stems {
			having = max(having, c.Having[s])
		}
		for _, s := range g.Stems {
			if _, ok := v.of[s]; !ok {
				v.of[s] = len(v.groups)
			}
		}
		idf := c.idf(having)
		for _, r := range g.Kin() {
			if _, ok := v.of[r.Stem]; !ok && c.Having[r.Stem] > 0 {
				v.kin[r.Stem] = append(v.kin[r.Stem], relation{len(v.groups), r.Bond, math.Min(idf, c.idf(c.Having[r.Stem]))})
			}
		}
		v.groups, v.idf, v.total = append(v.groups, g), append(v.idf, idf), v.total+idf
	}
	return v
}

// calls says whether a word names a speaker: one of his names, or the beginning
// of his first one.
func calls(word, speaker string) bool {
	for i, name := range strings.Fields(analysis.Fold(speaker)) {
		if word == name || i == 0 && len(word) >= 3 && strings.HasPrefix(name, word) {
			return true
		}
	}
	return false
}

func (v *view) isName(word string) bool { return v.c.isName(word) }

func (c *Corpus) isName(word string) bool {
	for _, s := range c.Speakers {
		if calls(word, s) {
			return true
		}
	}
	return false
}

// turn looks at a turn once.
func (v *view) turn(t *Turn) *turnInfo {
	if i := v.turns[t.ID]; i != nil {
		return i
	}
	i := &turnInfo{counts: make([]float64, len(v.groups)), length: float64(len(t.Terms))}
	i.asks = analysis.Asks(t.Text)
	for k := range i.kin {
		i.kin[k] = make([]float64, len(v.groups))
	}
	last := -1
	for _, term := range t.Terms {
		for _, r := range v.kin[term] {
			i.kin[r.bond][r.group] = math.Max(i.kin[r.bond][r.group], r.weight)
		}
		g, ok := v.of[term]
		if ok {
			i.counts[g]++
			if last >= 0 && g == last+1 {
				i.pairs += v.idf[g] + v.idf[last]
			}
			last = g
		} else {
			last = -1
		}
	}
	i.bm = v.bm25(i.counts, i.length)
	i.prefix = v.prefixes(i, t.Terms)
	v.turns[t.ID] = i
	return i
}

func (v *view) bm25(counts []float64, length float64) float64 {
	norm := k1 * (1 - b + b*length/math.Max(v.c.Length, 1))
	sum := 0.0
	for g, n := range counts {
		if n > 0 {
			sum += v.idf[g] * n * (k1 + 1) / (n + norm)
		}
	}
	return sum
}

// prefixLength is how many letters two words share to be kin.
const prefixLength = 5

// prefixes is the weight of groups that are not there but whose kin are.
func (v *view) prefixes(i *turnInfo, terms []string) float64 {
	sum := 0.0
	for g, group := range v.groups {
		stem := group.Stems[0]
		if i.counts[g] > 0 || len(stem) < prefixLength {
			continue
		}
		for _, t := range terms {
			if len(t) >= prefixLength && t[:prefixLength] == stem[:prefixLength] {
				sum += v.idf[g]
				break
			}
		}
	}
	return sum
}

// coverage returns the share of the question's weight that counts hold.
func (v *view) coverage(counts []float64) (share, number, rarest float64) {
	sum := 0.0
	for g, n := range counts {
		if n > 0 {
			sum += v.idf[g]
			number++
			rarest = math.Max(rarest, v.idf[g])
		}
	}
	return sum / math.Max(v.total, 1e-9), number, rarest
}

// sessionInfo is what the candidates of a session say together.
type sessionInfo struct {
	best, sum float64
	counts    []float64
	n         int
}

// Rows returns the features of each passage, in order.
func Rows(q *Question, c *Corpus, passages []Passage) [][]float64 {
	v := see(q, c)
	rows := make([][]float64, len(passages))
	sessions := map[string]*sessionInfo{}
	for i := range passages {
		rows[i] = v.row(&passages[i], i, len(passages))
		s := sessions[passages[i].Session]
		if s == nil {
			s = &sessionInfo{counts: make([]float64, len(v.groups))}
			sessions[passages[i].Session] = s
		}
		w := rows[i][fBmOwn]
		s.best, s.sum, s.n = math.Max(s.best, rows[i][fBmWin]), s.sum+w*w, s.n+1
		for g, n := range v.turn(&passages[i].Turn).counts {
			s.counts[g] += n
		}
	}
	v.compare(passages, rows, sessions)
	return rows
}

// compare adds what only all passages together tell.
func (v *view) compare(passages []Passage, rows [][]float64, sessions map[string]*sessionInfo) {
	var own, win, wide, session, softOwn, softWin float64
	for i := range rows {
		softOwn, softWin = math.Max(softOwn, rows[i][fSoftOwn]), math.Max(softWin, rows[i][fSoftWin])
		own, win, wide = math.Max(own, rows[i][fBmOwn]), math.Max(win, rows[i][fBmWin]), math.Max(wide, rows[i][fBmWide])
	}
	for _, s := range sessions {
		session = math.Max(session, math.Sqrt(s.sum))
	}
	for i, r := range rows {
		s := sessions[passages[i].Session]
		r[fSoftOwnMax], r[fSoftWinMax] = r[fSoftOwn]/math.Max(softOwn, 1e-9), r[fSoftWin]/math.Max(softWin, 1e-9)
		r[fBmOwnMax], r[fBmWinMax], r[fBmWideMax] = r[fBmOwn]/math.Max(own, 1e-9), r[fBmWin]/math.Max(win, 1e-9), r[fBmWide]/math.Max(wide, 1e-9)
		r[fSession] = math.Sqrt(s.sum)
		r[fSessionMax] = r[fSession] / math.Max(session, 1e-9)
		r[fSessionCov], _, _ = v.coverage(s.counts)
		r[fSessionBest] = s.best / math.Max(win, 1e-9)
	}
}

// row is what is seen of one passage alone.
func (v *view) row(p *Passage, position, of int) []float64 {
	r := make([]float64, features)
	own := v.turn(&p.Turn)
	r[fBmOwn] = own.bm
	win, wide := append([]float64(nil), own.counts...), append([]float64(nil), own.counts...)
	length, wideLength := own.length, own.length
	for side, turns := range [2][]Turn{p.Before, p.After} {
		for d := range turns[:min(len(turns), 2)] {
			n := v.turn(&turns[d])
			r[[2][2]int{{fBmPrev, fBmPrev2}, {fBmNext, fBmNext2}}[side][d]] = n.bm
			w := [2]float64{near, far}[d]
			for g, c := range n.counts {
				if d == 0 {
					win[g] += near * c
				}
				wide[g] += w * c
			}
			if d == 0 {
				length += near * n.length
			}
			wideLength += w * n.length
		}
	}
	r[fBmWin] = v.bm25(win, length/(1+2*near))
	r[fBmWide] = v.bm25(wide, wideLength/(1+2*near+2*far))
	r[fCovOwn], r[fCountOwn], r[fRarestOwn] = v.coverage(own.counts)
	r[fCovWin], r[fCountWin], r[fRarestWin] = v.coverage(win)
	r[fCovWide], _, _ = v.coverage(wide)
	r[fFullWin] = flag(int(r[fCountWin]) == len(v.groups))
	r[fPairOwn], r[fPrefix] = own.pairs/math.Max(v.total, 1e-9), own.prefix/math.Max(v.total, 1e-9)
	v.kindred(r, p, own, win)
	for _, n := range own.counts {
		r[fRepeat] += math.Max(0, n-1)
	}
	v.speakers(r, p)
	v.shape(r, p, own)
	v.dates(r, p)
	r[fStore], r[fStoreRank] = p.Score, float64(position)/float64(max(of, 1))
	r[fGroups], r[fCandidates] = float64(len(v.groups)), float64(of)
	if v.kind != analysis.KindOther {
		r[fKindWhen+int(v.kind-analysis.KindWhen)] = 1
	}
	return r
}

// Shares of a word's weight that its kin are worth, by bond.
var kinWorth = [analysis.Bonds]float64{0.6, 0.4, 0.25}

// kindred tells how much of the question that is not there itself is there as kin.
func (v *view) kindred(r []float64, p *Passage, own *turnInfo, win []float64) {
	var turns []*turnInfo
	for _, side := range [2][]Turn{p.Before, p.After} {
		if len(side) > 0 {
			turns = append(turns, v.turn(&side[0]))
		}
	}
	total := math.Max(v.total, 1e-9)
	for g := range v.groups {
		softOwn, softWin := 0.0, 0.0
		for bond := range own.kin {
			k := own.kin[bond][g]
			w := k
			for _, t := range turns {
				w = math.Max(w, near*t.kin[bond][g])
			}
			names := [analysis.Bonds][2]int{{fKinSameOwn, fKinSameWin}, {fKinKindOwn, fKinKindWin}, {fKinAboveOwn, fKinAboveWin}}[bond]
			if own.counts[g] == 0 {
				r[names[0]] += k / total
			}
			if win[g] == 0 {
				r[names[1]] += w / total
			}
			if bond == int(analysis.Below) {
				r[fKinKindAbs] += k
			}
			softOwn, softWin = math.Max(softOwn, k*kinWorth[bond]), math.Max(softWin, w*kinWorth[bond])
		}
		if own.counts[g] > 0 {
			softOwn = v.idf[g]
		}
		if win[g] > 0 {
			softWin = math.Max(softWin, v.idf[g]*math.Min(1, win[g]))
		}
		r[fSoftOwn] += softOwn / total
		r[fSoftWin] += softWin / total
	}
}

func flag(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// speakers tells whether the one who is asked about speaks.
func (v *view) speakers(r []float64, p *Passage) {
	if v.asked && p.User {
		r[fBmUser] = 1
	}
	r[fNamed] = flag(len(v.named) > 0)
	if len(v.named) != 1 || p.Speaker == "" {
		return
	}
	is := v.named[analysis.Fold(p.Speaker)]
	r[fSpeaker], r[fOtherSpeaker] = flag(is), flag(!is)
	if len(p.Before) > 0 {
		r[fPrevNamed] = flag(v.named[analysis.Fold(p.Before[0].Speaker)])
	}
}

const shortQuestion = 8 // terms

// shape tells what kind of utterance a passage is.
func (v *view) shape(r []float64, p *Passage, own *turnInfo) {
	r[fLength], r[fLengthLog] = own.length, math.Log1p(own.length)
	r[fAsks], r[fAsksShort] = flag(own.asks), flag(own.asks && own.length < shortQuestion)
	if len(p.Before) > 0 {
		before := v.turn(&p.Before[0])
		r[fPrevAsks] = flag(before.asks)
		if before.asks {
			r[fPrevAsksBm] = before.bm
			r[fReply] = flag(p.Before[0].Speaker != p.Speaker || p.Before[0].User != p.User)
		}
	}
	if len(p.After) > 0 && own.asks {
		r[fNextReply] = flag(!v.turn(&p.After[0]).asks)
	}
	text := analysis.Look(p.Text, p.Lang)
	r[fFirstPerson] = float64(text.FirstPerson())
	r[fTime] = float64(text.TimeWords())
	for _, k := range text.Tokens {
		r[fProper] += flag(k.Proper && !k.Stop && !v.isName(k.Folded))
		r[fNumber] += flag(k.Number)
		r[fSecondPerson] += flag(strings.HasPrefix(k.Folded, "you") || k.Folded == "tu" || k.Folded == "vous")
	}
	r[fExclaim] = flag(strings.Contains(p.Text, "!"))
	r[fQuote] = flag(strings.ContainsAny(p.Text, "\"“«"))
	r[fWhenTime] = flag(v.kind == analysis.KindWhen && r[fTime] > 0)
	r[fWhereProper] = flag(v.kind == analysis.KindWhere && r[fProper] > 0)
	r[fWhoProper] = flag(v.kind == analysis.KindWho && r[fProper] > 0)
	r[fCountNumber] = flag(v.kind == analysis.KindCount && (r[fNumber] > 0 || counts(text)))
}

var countWords = map[string]bool{
	"one": true, "two": true, "three": true, "four": true, "five": true, "six": true, "seven": true, "eight": true, "nine": true, "ten": true, "once": true, "twice": true, "couple": true, "few": true,
	"deux": true, "trois": true, "quatre": true, "cinq": true, "sept": true, "huit": true, "neuf": true, "dix": true,
}

func counts(t analysis.Text) bool {
	for _, k := range t.Tokens {
		if countWords[k.Folded] || len(k.Folded) > 0 && unicode.IsDigit(rune(k.Folded[0])) {
			return true
		}
	}
	return false
}

// dates tells whether a passage is of the date that is asked about.
func (v *view) dates(r []float64, p *Passage) {
	if v.near && !p.At.IsZero() {
		match := !p.At.Before(v.from) && p.At.Before(v.to)
		r[fDate], r[fDateMiss] = flag(match), flag(!match)
		return
	}
	d := v.date
	if d.Month == 0 && d.Year == 0 || p.At.IsZero() {
		return
	}
	match := (d.Year == 0 || p.At.Year() == d.Year) && (d.Month == 0 || p.At.Month() == d.Month)
	r[fDate], r[fDateMiss] = flag(match), flag(!match)
	if d.Month != 0 && d.Day != 0 {
		y := d.Year
		if y == 0 {
			y = p.At.Year()
		}
		days := math.Abs(p.At.Sub(dateOf(y, d.Month, d.Day)).Hours() / 24)
		r[fDateNear] = math.Exp(-days / 7)
	}
}
