package scrub

import "strings"

// cellsOf splits a row, but not within the quotes of a cell.
func cellsOf(row, mark string) []string {
	cells := strings.Split(row, mark)
	for i := 0; i+1 < len(cells); {
		if c := strings.TrimSpace(cells[i]); len(c) > 0 && c[0] == '"' && strings.Count(c, `"`)%2 == 1 {
			cells[i] += mark + cells[i+1]
			cells = append(cells[:i+1], cells[i+2:]...)
			continue
		}
		i++
	}
	return cells
}

// columns cuts what stands below the name of a secret in a table whose first row
// names its columns.
func columns(s string, cuts []span) []span {
	for _, rows := range []string{"\n", ";"} {
		head, _, ok := strings.Cut(s, rows)
		if !ok || !strings.ContainsAny(head, ",;\t|") || strings.Contains(head, ", ") || strings.Contains(head, "; ") {
			continue
		}
		for _, mark := range []string{",", ";", "\t", "|"} {
			names := strings.Split(head, mark)
			if len(names) < 2 || mark == rows {
				continue
			}
			at := len(head) + len(rows)
			for row := range strings.SplitSeq(s[at:], rows) {
				cells := cellsOf(row, mark)
				for i, from := 0, at; len(cells) == len(names) && i < len(cells); i++ {
					name := strings.Trim(names[i], " \"'")
					if v := strings.Trim(cells[i], " \"'\r"); v != "" && !strings.ContainsAny(name, " =:{") && promises(name) && !empty(v) {
						k := from + strings.Index(cells[i], v)
						cuts = append(cuts, span{k, k + len(v), ""})
					}
					from += len(cells[i]) + len(mark)
				}
				at += len(row) + len(rows)
			}
		}
	}
	return cuts
}
