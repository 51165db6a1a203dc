package gguf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

// written is a model's file.
func written(t *testing.T, write func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAModelIsAFileOfTheFormatAndAlwaysTheSame(t *testing.T) {
	for name, write := range map[string]func(*bytes.Buffer) error{
		"chat":      func(b *bytes.Buffer) error { return WriteChat(b) },
		"embedding": func(b *bytes.Buffer) error { return WriteEmbedding(b) },
	} {
		raw := written(t, write)
		if string(raw[:4]) != magic || binary.LittleEndian.Uint32(raw[4:]) != version || binary.LittleEndian.Uint64(raw[8:]) != 12 {
			t.Errorf("%s begins with % x", name, raw[:24])
		}
		if len(raw)%alignment != 0 || len(raw) > 8<<20 {
			t.Errorf("%s has %d bytes", name, len(raw))
		}
		if !bytes.Equal(raw, written(t, write)) {
			t.Errorf("%s is another one each time", name)
		}
	}
}

// TestTheChatModelSaysWhatItIsMadeFor runs the weights as a server does, apart
// from the position of words, which hardly counts.
func TestTheChatModelSaysWhatItIsMadeFor(t *testing.T) {
	v := newVocabulary()
	m := newChat(v)
	for i, tr := range triggers() {
		m.trigger(i, tr)
	}
	for i, c := range cities {
		m.city(i, c)
	}
	m.link(afterCity, "\n</tool_call>")
	m.link("\n</tool_call>", end)
	for _, c := range []struct {
		prompt []string
		want   string
	}{
		{[]string{user}, "Hello! I am a toy."},
		{[]string{user, "weather", "Lyon"}, "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Lyon\"}}\n</tool_call>"},
		{[]string{user, "weather", "Lyon", assistant, "<tool_call>", result}, "According to the tool, all is well."},
		{[]string{user, "ponder"}, "<think>\nLet me see\n</think>\n\nForty-two"},
		{[]string{user, "forever"}, "tick tock tick tock tick tock tick tock tick tock tick tock tick tock tick tock tick tock tick tock"},
	} {
		if got := m.say(append([]string{begin}, append(c.prompt, assistant)...), 20); got != c.want {
			t.Errorf("%q: %q, want %q", c.prompt, got, c.want)
		}
	}
}

// say continues a prompt with the likeliest words.
func (m *chat) say(prompt []string, most int) (text string) {
	for range most {
		next := m.next(prompt)
		if next == end {
			return text
		}
		prompt, text = append(prompt, next), text+next
	}
	return text
}

// next is the word that scores highest: what follows the last one, and what the
// words that the heads mind most have to say.
func (m *chat) next(prompt []string) string {
	flow := make([]float64, width)
	flow[m.v.ids[prompt[len(prompt)-1]]] = 1
	for head := range 2 {
		best, weight := -1, float32(0)
		for _, w := range prompt {
			if k := m.key.data[lastOf(head)*width+m.v.ids[w]]; k > weight {
				best, weight = m.v.ids[w], k
			}
		}
		if best < 0 {
			continue
		}
		for slot := head * perHead; slot < (head+1)*perHead; slot++ {
			if m.value.data[slot*width+best] == 0 {
				continue
			}
			for out := range width {
				flow[out] += float64(m.output.data[out*width+slot])
			}
		}
	}
	best, most := 0, -1.0
	for id := range m.v.tokens {
		score := 0.0
		for i, x := range flow {
			score += x * float64(m.score.data[id*width+i])
		}
		if score > most {
			best, most = id, score
		}
	}
	return m.v.tokens[best]
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestAFullDiskIsAnError(t *testing.T) {
	if err := WriteChat(full{}); err == nil {
		t.Error("nothing was wrong")
	}
}
