package gateway

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// worstJSON is as much of the most expensive JSON as a frame or a body may weigh.
func worstJSON() map[string]string {
	fill := func(before, unit, after string) string {
		return before + strings.Repeat(unit, (protocol.MaxFrame-len(before)-len(after))/len(unit)) + after
	}
	var members strings.Builder
	members.WriteString(`{"type":"say"`)
	for n := 0; members.Len() < protocol.MaxFrame-16; n++ {
		fmt.Fprintf(&members, `,"%x":0`, n)
	}
	members.WriteString("}")
	deep := protocol.MaxFrame/2 - 100
	return map[string]string{
		"arrays that begin":   fill("", "[", ""),
		"arrays in arrays":    strings.Repeat("[", deep) + strings.Repeat("]", deep),
		"nested below a name": `{"type":"say","text":` + strings.Repeat("[", deep) + strings.Repeat("]", deep) + "}",
		"objects in objects":  fill(`{"type":`, `{"a":`, ""),
		"nested as allowed":   fill(`{"type":"say","a":[`, strings.Repeat("[", 9000)+strings.Repeat("]", 9000)+",", "0]}"),
		"many members":        members.String(),
		"members twice":       fill(`{"type":"say"`, `,"a":0`, "}"),
		"escapes":             fill(`{"type":"say","id":"a","text":"`, `\u0041`, `"}`),
		"half characters":     fill(`{"type":"say","id":"a","text":"`, `\ud83d`, `"}`),
		"no UTF-8":            fill(`{"type":"say","id":"a","text":"`, "\xff", `"}`),
		"accents on one a":    fill(`{"type":"say","id":"a","text":"a`, "\u0301", `"}`),
		"one long number":     fill(`{"type":"say","text":`, "9", "}"),
		"a long exponent":     fill(`{"type":"resume","session":"s","after":1e`, "9", "}"),
		"many numbers":        fill(`{"type":"say","a":[`, "1e9,", "0]}"),
		"spaces":              fill("", " ", "{}"),
		"a long name":         fill(`{"type":"say","`, "a", `":0}`),
		"a long id":           fill(`{"type":"say","text":"a","id":"`, "é", `"}`),
	}
}

// BenchmarkWorstJSON reads the worst frames and bodies. fault-R10
func BenchmarkWorstJSON(b *testing.B) {
	for name, text := range worstJSON() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _, p := decodeFrame([]byte(text))
				if p == nil {
					p = decode([]byte(text), &protocol.Say{}, true)
				}
				_ = p
			}
			b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms")
		})
	}
}
