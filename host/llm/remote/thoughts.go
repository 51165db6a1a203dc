package remote

import "strings"

const (
	openTag  = "<think>"
	closeTag = "</think>"
)

// Thoughts tells a model's reasoning from its answer where the server does not:
// text between <think> and </think> at the very beginning. The zero value is
// ready for one answer.
type Thoughts struct {
	state thoughtState
	held  string // what may be part of a tag
}

type thoughtState int

const (
	undecided thoughtState = iota
	thinking
	answering
)

// Feed takes in a piece of text and returns what is certain by now.
func (t *Thoughts) Feed(text string) (thought, answer string) {
	if t.state == undecided {
		t.held += text
		begin := strings.TrimLeft(t.held, " \t\r\n")
		switch {
		case strings.HasPrefix(begin, openTag):
			t.state, t.held, text = thinking, "", begin[len(openTag):]
		case strings.HasPrefix(openTag, begin):
			return "", ""
		default:
			t.state, text, t.held = answering, t.held, ""
		}
	}
	if t.state == answering {
		return "", text
	}
	return t.think(text)
}

// think looks for the end of the reasoning.
func (t *Thoughts) think(text string) (thought, answer string) {
	text = t.held + text
	if before, after, found := strings.Cut(text, closeTag); found {
		t.state, t.held = answering, ""
		return before, strings.TrimLeft(after, "\r\n")
	}
	keep := 0
	for n := min(len(closeTag)-1, len(text)); n > 0; n-- {
		if strings.HasSuffix(text, closeTag[:n]) {
			keep = n
			break
		}
	}
	t.held = text[len(text)-keep:]
	return text[:len(text)-keep], ""
}

// End returns what was held back, once the text is over.
func (t *Thoughts) End() (thought, answer string) {
	held := t.held
	t.held = ""
	if t.state == thinking {
		return held, ""
	}
	return "", held
}
