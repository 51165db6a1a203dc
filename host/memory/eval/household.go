package eval

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jarvis-host/jarvis/host/memory"
)

//go:embed data/household.jsonl
var household []byte

type householdLine struct {
	Person string `json:"person"`
	Lang   string `json:"lang"`
	Said   *struct {
		ID      string      `json:"id"`
		Session string      `json:"session"`
		Role    memory.Role `json:"role"`
		Text    string      `json:"text"`
		At      time.Time   `json:"at"`
	} `json:"said"`
	Asked *struct {
		Category string   `json:"category"`
		Question string   `json:"question"`
		Lang     string   `json:"lang"`
		Evidence []string `json:"evidence"`
	} `json:"asked"`
}

// Household returns the set of our own: six people of a house, in French and
// English (data/README.md).
func Household() ([]Dialogue, error) {
	var out []Dialogue
	s := bufio.NewScanner(bytes.NewReader(household))
	for n := 1; s.Scan(); n++ {
		var l householdLine
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("household, line %d: %w", n, err)
		}
		switch {
		case l.Said != nil:
			d := &out[len(out)-1]
			d.Said = append(d.Said, memory.Said{ID: l.Said.ID, Session: l.Said.Session, Role: l.Said.Role, Text: l.Said.Text, At: l.Said.At})
		case l.Asked != nil:
			d := &out[len(out)-1]
			d.Questions = append(d.Questions, Question{Text: l.Asked.Question, Lang: l.Asked.Lang, Category: l.Asked.Category, Evidence: l.Asked.Evidence})
		default:
			out = append(out, Dialogue{Name: l.Person})
		}
	}
	return out, s.Err()
}
