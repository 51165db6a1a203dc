package intent

// paths tells what the ways through an item may hold, one bit for each
// combination of pathAnchor and pathWildcard.
type paths byte

const (
	pathAnchor   = 1 // a letter, a value or a number
	pathWildcard = 2
)

func pathsOf(what int) paths { return 1 << what }

func (p paths) then(q paths) (out paths) {
	for a := range 4 {
		for b := range 4 {
			if p&pathsOf(a) != 0 && q&pathsOf(b) != 0 {
				out |= pathsOf(a | b)
			}
		}
	}
	return out
}

func groupPaths(kind itemKind, kids []*item) paths {
	if kind == alternativeItem {
		var p paths
		for _, k := range kids {
			p |= k.paths
		}
		return p
	}
	p := pathsOf(0)
	for _, k := range kids {
		p = p.then(k.paths)
	}
	return p
}
