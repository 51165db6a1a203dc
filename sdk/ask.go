package sdk

import (
	"errors"
	"fmt"
)

// ErrDeclined is what a question of a tool that only reads returns when the
// person said nothing in time. A tool that returns it ends with a polite
// sentence. The call of a tool that may change something is ended by the host
// instead, for called again it might not come to its question any more.
var ErrDeclined = errors.New("person declined to answer")

// Ask puts a question to the person and returns the answer. The error must be
// returned by the tool at once, because asking ends the call: when the answer
// is there, the host calls again, and the same calls of Ask, AskChoice and
// Confirm, in the same order, return the answers. So do nothing before a
// question that must not be done twice, and ask at most MaxQuestions times.
// [ErrDeclined] says that there is no answer. Decide by the answers and by what
// you keep, not by what may have changed since the question.
func (c *Call) Ask(question string) (string, error) {
	a, err := c.answer(NeedInput{Kind: InputText, Text: question})
	if err != nil {
		return "", err
	}
	return a.Value, declined(a)
}

// AskChoice lets the person choose; it returns the value of the choice. All
// else is as with Ask.
func (c *Call) AskChoice(question string, options ...Option) (string, error) {
	a, err := c.answer(NeedInput{Kind: InputChoice, Text: question, Options: options})
	if err != nil {
		return "", err
	}
	return a.Value, declined(a)
}

// Confirm asks for a yes or no; no answer is a no. The error must be returned
// at once, as with Ask.
func (c *Call) Confirm(question string) (bool, error) {
	a, err := c.answer(NeedInput{Kind: InputConfirm, Text: question})
	if err != nil {
		return false, err
	}
	return !a.Declined && a.Value == "true", nil
}

func declined(a Answer) error {
	if a.Declined {
		return ErrDeclined
	}
	return nil
}

// answer returns the next answer that an earlier run asked for, or ends this
// run with the question.
func (c *Call) answer(q NeedInput) (Answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.questions < len(c.in.Answers) {
		a := c.in.Answers[c.questions]
		c.questions++
		return a, nil
	}
	if c.questions >= MaxQuestions {
		return Answer{}, fmt.Errorf("tool asks more than %d questions", MaxQuestions)
	}
	c.waiting = true
	return Answer{}, &ending{q}
}
