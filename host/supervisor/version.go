package supervisor

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// olderThan reports whether a host of this version is too old for a plugin that
// wants at least least. A version that is not semantic, such as that of a
// development build, is never too old.
func olderThan(host, least string) bool {
	h, hPre, ok := semantic(host)
	if !ok {
		return false
	}
	l, lPre, ok := semantic(least)
	if !ok {
		return false
	}
	if c := slices.Compare(h, l); c != 0 {
		return c < 0
	}
	switch {
	case hPre == lPre, hPre == "":
		return false
	case lPre == "":
		return true // a pre-release comes before its release
	}
	return comparePre(hPre, lPre) < 0
}

func semantic(v string) (core []int, pre string, ok bool) {
	v, _, _ = strings.Cut(strings.TrimPrefix(v, "v"), "+")
	v, pre, _ = strings.Cut(v, "-")
	parts := strings.Split(v, ".")
	if len(parts) > 3 {
		return nil, "", false
	}
	core = make([]int, 3)
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 {
			return nil, "", false
		}
		core[i] = n
	}
	return core, pre, true
}

// comparePre orders pre-releases: numbers by value and before words.
func comparePre(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(x, y string) int {
		m, errX := strconv.Atoi(x)
		n, errY := strconv.Atoi(y)
		switch {
		case errX == nil && errY == nil:
			return cmp.Compare(m, n)
		case errX == nil:
			return -1
		case errY == nil:
			return 1
		}
		return strings.Compare(x, y)
	})
}
