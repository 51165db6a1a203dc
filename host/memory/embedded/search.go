package embedded

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/jarvis-host/jarvis/host/memory"
)

// Weights of the two columns when candidates are chosen, measured.
const candidateRank = "bm25(1.0, 0.5)"

const defaultCandidates = 200

// Stats implements [memory.Store].
func (s *Store) Stats(ctx context.Context, o memory.Owner, terms []string) (out memory.Stats, err error) {
	out.Having = map[string]int{}
	err = s.with(ctx, "count terms", o, false, func(f *file) (err error) {
		out, err = f.statistics(ctx, terms)
		return err
	})
	return out, err
}

// Search implements [memory.Store].
func (s *Store) Search(ctx context.Context, o memory.Owner, q memory.Search) (*memory.Found, error) {
	out := &memory.Found{}
	err := s.with(ctx, "search memory", o, false, func(f *file) (err error) {
		if out.Episodes, err = f.candidates(ctx, q); err != nil {
			return err
		}
		if q.Sides {
			out.Facts, err = f.touched(ctx, q)
		}
		return err
	})
	return out, err
}

// ranked is a candidate before it is loaded; greater scores are better.
type ranked struct {
	seq   int64
	score float64
}

// candidates asks the indexes, and loads what they name with the neighbours.
func (f *file) candidates(ctx context.Context, q memory.Search) ([]memory.Hit, error) {
	found, err := f.named(ctx, q)
	if err != nil {
		return nil, err
	}
	seqs := make([]int64, len(found))
	for i, c := range found {
		seqs[i] = c.seq
	}
	nodes, err := f.load(ctx, seqs, q.Window)
	if err != nil {
		return nil, err
	}
	stale, err := f.stale(ctx, seqs)
	if err != nil {
		return nil, err
	}
	var out []memory.Hit
	for _, c := range found {
		n := nodes[c.seq]
		if n == nil || !q.Faded && !n.episode.Faded.IsZero() || q.Exclude != "" && n.episode.Session == q.Exclude {
			continue
		}
		h := memory.Hit{Episode: n.episode, Score: c.score, Stale: stale[c.seq]}
		h.Before = walk(nodes, n, q.Window, func(n *node) int64 { return n.previous })
		h.After = walk(nodes, n, q.Window, func(n *node) int64 { return n.following })
		out = append(out, h)
	}
	return out, nil
}

// touched returns the facts that a search touches. Their terms alone are read of
// all of them.
func (f *file) touched(ctx context.Context, q memory.Search) ([]memory.Fact, error) {
	wanted, named := map[string]bool{}, map[string]bool{}
	for _, t := range slices.Concat(q.Terms, q.Kin) {
		wanted[t] = true
	}
	for _, id := range q.IDs {
		named[id] = true
	}
	ids := []string{}
	_, err := rows(ctx, f.db, func(r scanner) (struct{}, error) {
		var id, terms string
		err := r.Scan(&id, &terms)
		if named[id] || slices.ContainsFunc(strings.Fields(terms), func(t string) bool { return wanted[t] }) {
			ids = append(ids, id)
		}
		return struct{}{}, err
	}, "SELECT id, terms FROM facts WHERE (? OR superseded_by = '' AND valid_to = 0)", q.Past)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return f.facts(ctx, memory.FactFilter{IDs: ids, Past: q.Past, Faded: q.Faded, Limit: maxTouched})
}

// maxTouched is how many facts one search brings.
const maxTouched = 200

// stale returns the episodes that facts come from of which none holds any more.
func (f *file) stale(ctx context.Context, seqs []int64) (map[int64]bool, error) {
	out := map[int64]bool{}
	got, err := rows(ctx, f.db, one[int64], `SELECT e.seq FROM json_each(?) j JOIN episodes e ON e.seq = j.value
		JOIN fact_sources s ON s.episode = e.id JOIN facts k ON k.id = s.fact
		GROUP BY e.seq HAVING sum(k.superseded_by = '' AND k.valid_to = 0) = 0`, array(seqs))
	for _, seq := range got {
		out[seq] = true
	}
	return out, err
}

// named returns which episodes are candidates, each once: those that match, the
// best first, those that match kin, and those of the time that is asked about.
func (f *file) named(ctx context.Context, q memory.Search) ([]ranked, error) {
	out, err := f.matching(ctx, q.Terms, cmp.Or(q.Limit, defaultCandidates))
	if err != nil {
		return nil, err
	}
	more, err := f.matching(ctx, q.Kin, q.KinMax)
	if err != nil {
		return nil, err
	}
	if q.DayMax > 0 && !q.From.IsZero() {
		then, err := rows(ctx, f.db, func(r scanner) (c ranked, err error) { return c, r.Scan(&c.seq) },
			"SELECT seq FROM episodes WHERE at >= ? AND at < ? ORDER BY at, seq LIMIT ?", micros(q.From), micros(q.To), q.DayMax)
		if err != nil {
			return nil, err
		}
		more = append(more, then...)
	}
	if len(q.IDs) > 0 {
		by, err := rows(ctx, f.db, func(r scanner) (c ranked, err error) { return c, r.Scan(&c.seq) },
			"SELECT seq FROM episodes WHERE id IN (SELECT value FROM json_each(?))", array(q.IDs))
		if err != nil {
			return nil, err
		}
		more = append(more, by...)
	}
	seen := map[int64]bool{}
	for _, c := range out {
		seen[c.seq] = true
	}
	for _, c := range more {
		if !seen[c.seq] {
			seen[c.seq] = true
			out = append(out, ranked{seq: c.seq})
		}
	}
	return out, nil
}

func (f *file) matching(ctx context.Context, terms []string, limit int) ([]ranked, error) {
	if len(terms) == 0 || limit <= 0 {
		return nil, nil
	}
	return rows(ctx, f.db, func(r scanner) (c ranked, err error) {
		err = r.Scan(&c.seq, &c.score)
		c.score = -c.score
		return c, err
	}, "SELECT rowid, rank FROM episode_index WHERE episode_index MATCH ? AND rank MATCH '"+candidateRank+"' ORDER BY rank LIMIT ?",
		expression(terms), limit)
}

// expression asks for any of the terms. A quoted string has no syntax but the
// quote itself, which no term holds.
func expression(terms []string) string {
	quoted := make([]string, len(terms))
	for i, t := range terms {
		quoted[i] = `"` + strings.ReplaceAll(t, `"`, "") + `"`
	}
	return strings.Join(quoted, " OR ")
}

// node is an episode with its links.
type node struct {
	episode             memory.Episode
	previous, following int64
}

// load reads episodes and as many neighbours of each as window says, in as many
// queries as the window is wide.
func (f *file) load(ctx context.Context, seqs []int64, window int) (map[int64]*node, error) {
	nodes := map[int64]*node{}
	scan := func(r scanner) (n *node, err error) {
		n = &node{}
		n.episode, err = scanEpisode(r, &n.previous, &n.following)
		return n, err
	}
	columns := episodeColumns
	for range window + 1 {
		if len(seqs) == 0 {
			break
		}
		got, err := rows(ctx, f.db, scan, "SELECT "+columns+", e.previous, e.following FROM json_each(?) j JOIN episodes e ON e.seq = j.value", array(seqs))
		if err != nil {
			return nil, err
		}
		scan, columns = scanNeighbour, neighbourColumns // less is needed of what stands beside
		seqs = nil
		for _, n := range got {
			nodes[n.episode.Seq] = n
		}
		for _, n := range got {
			for _, next := range []int64{n.previous, n.following} {
				if next != 0 && nodes[next] == nil {
					seqs = append(seqs, next)
				}
			}
		}
		slices.Sort(seqs)
		seqs = slices.Compact(seqs)
	}
	return nodes, nil
}

const neighbourColumns = "e.id, e.seq, e.role, e.speaker, e.text, e.lang, e.terms, e.faded"

func scanNeighbour(r scanner) (*node, error) {
	n := &node{}
	e := &n.episode
	var terms string
	var faded int64
	err := r.Scan(&e.ID, &e.Seq, &e.Role, &e.Speaker, &e.Text, &e.Lang, &terms, &faded, &n.previous, &n.following)
	e.Terms, e.Faded = strings.Fields(terms), fromMicros(faded)
	return n, err
}

func walk(nodes map[int64]*node, n *node, steps int, next func(*node) int64) []memory.Turn {
	var out []memory.Turn
	for range steps {
		if n = nodes[next(n)]; n == nil {
			break
		}
		e := &n.episode
		if e.Faded.IsZero() {
			out = append(out, memory.Turn{ID: e.ID, Role: e.Role, Speaker: e.Speaker, Text: e.Text, Lang: e.Lang, Terms: e.Terms})
		}
	}
	return out
}

// figures are what searches need to know of the whole file. They are counted
// anew when the file grew by a hundredth.
type figures struct {
	newest   int64 // sequence number when it was counted
	episodes int
	length   float64
	speakers []string
	having   map[string]int
}

// grew tells the figures of new episodes, which change them little.
func (f *file) grew(added []memory.Episode) {
	if len(added) > 0 {
		f.forget()
	}
}

// forget drops the figures.
func (f *file) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stats = nil
}

func (f *file) statistics(ctx context.Context, terms []string) (memory.Stats, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	newest, err := rows(ctx, f.db, one[int64], "SELECT coalesce(max(seq), 0) FROM episodes")
	if err != nil {
		return memory.Stats{}, err
	}
	if f.stats == nil || f.stats.newest != newest[0] {
		if f.stats, err = f.count(ctx, newest[0]); err != nil {
			return memory.Stats{}, err
		}
	}
	out := memory.Stats{Episodes: f.stats.episodes, Length: f.stats.length, Speakers: f.stats.speakers, Having: map[string]int{}}
	for _, t := range terms {
		n, known := f.stats.having[t]
		if !known {
			got, err := rows(ctx, f.db, one[int], "SELECT doc FROM episode_terms WHERE term = ? AND col = 'terms'", t)
			if err != nil {
				return memory.Stats{}, err
			}
			if len(got) > 0 {
				n = got[0]
			}
			f.stats.having[t] = n
		}
		out.Having[t] = n
	}
	return out, nil
}

func (f *file) count(ctx context.Context, newest int64) (*figures, error) {
	out := &figures{newest: newest, having: map[string]int{}}
	err := f.db.QueryRowContext(ctx, "SELECT count(*), coalesce(avg(length), 0) FROM episodes").Scan(&out.episodes, &out.length)
	if err != nil {
		return nil, err
	}
	out.speakers, err = rows(ctx, f.db, one[string], "SELECT speaker FROM episodes WHERE speaker <> '' GROUP BY speaker ORDER BY count(*) DESC, speaker LIMIT 100")
	return out, err
}
