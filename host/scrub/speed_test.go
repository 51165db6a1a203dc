package scrub

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// crammed are lines of 4 KB that ask for the most work.
func crammed() map[string]string {
	fill := func(unit string) string { return strings.Repeat(unit, 4096/len(unit)) }
	var names, saysAll strings.Builder
	for _, w := range slices.Sorted(maps.Keys(roles())) {
		if names.Len() < 4096 {
			fmt.Fprintf(&names, "%s ", w)
		}
	}
	for _, w := range slices.Sorted(maps.Keys(hints().known)) {
		if saysAll.Len() < 4096 {
			saysAll.WriteString(w + " ")
		}
	}
	return map[string]string{
		"an innocent record of 240 B": `{"@level":"info","@message":"turn done","@timestamp":"2026-11-24T10:00:00.000Z","session":"s_q7kp2mzx9lw","turn":"t_9lw","request_id":"req_abcdefghijklmnop","duration_ms":12,"source":"intent","state":"answered","plugin":"weather"}`,
		"innocent phrases":            fill("une phrase tout à fait ordinaire: rien de secret ici, key=value; "),
		"one name":                    fill("password "),
		"one name and colon":          fill("password: "),
		"one name and equals":         fill("token="),
		"one key":                     fill("key "),
		"names of codes":              fill("code "),
		"one secret":                  fill("password=hunter2x "),
		"one secret in JSON":          fill(`{"token":"abc123","n":1} `),
		"French sentences":            fill("le mot de passe du serveur est oublié, "),
		"names":                       names.String(),
		"keywords":                    saysAll.String(),
		"one saying":                  fill("curl -u "),
		"sayings of servers":          fill("login: AUTH "),
		"escapes":                     fill(`\"a\":\"b\",%20`),
		"addresses":                   fill("https://a@b/c "),
		"base64":                      fill("cGFzc3dvcmQ6IGh1bnRlcjI "),
		"words":                       fill("lorem ipsum dolor sit amet "),
		"quotes":                      fill(`\"`),
		"brackets":                    fill("auth(("),
		"values":                      fill(`name="x" value="y" `),
		"tags":                        fill("<token x><a>b</a>"),
		"numbers":                     fill("112 97 115 "),
		"mail":                        fill("a.b@c.com:"),
		"slashes":                     fill("/api/hooks/"),
		"one long word":               fill("a"),
		"drawn":                       fill("x7Kp2mZx9LwQ4tYb8Zk "),
	}
}

// BenchmarkCrammed reports the median, which other programs on the machine disturb
// less than the mean.
func BenchmarkCrammed(b *testing.B) {
	s := New()
	for name, text := range crammed() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			s.Scrub(text)
			var took []time.Duration
			for b.Loop() {
				from := time.Now()
				s.Scrub(text)
				took = append(took, time.Since(from))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1000, "median-µs")
		})
	}
}

// BenchmarkRunning takes the words of an answer one by one, beside ten secrets.
func BenchmarkRunning(b *testing.B) {
	s := New()
	for i := range 10 {
		s.Register(fmt.Sprintf("%d-drawn-%c-Zx9LwQ4tYb8Zk", i, 'a'+i))
	}
	r := NewRunning(s)
	words := strings.SplitAfter("the light in the kitchen is on, and 12 others are off ", " ")
	n := 0
	for b.Loop() {
		r.Next(words[n%len(words)])
		n++
	}
}
