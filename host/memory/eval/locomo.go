package eval

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/memory"
)

// locomoTime is how LoCoMo writes the date of a session.
const locomoTime = "3:04 pm on 2 January, 2006"

// locomoCategories are the names of LoCoMo's categories of questions.
var locomoCategories = map[int]string{1: "several hops", 2: "temporal", 3: "open domain", 4: "single hop", 5: "not stored"}

// evidenceID is the id of a turn, as LoCoMo mostly writes it.
var evidenceID = regexp.MustCompile(`D:?(\d+):0*(\d+)`)

type locomoTurn struct {
	Speaker string `json:"speaker"`
	ID      string `json:"dia_id"`
	Text    string `json:"text"`
}

type locomoDialogue struct {
	ID           string                     `json:"sample_id"`
	Conversation map[string]json.RawMessage `json:"conversation"`
	Questions    []struct {
		Question string   `json:"question"`
		Evidence []string `json:"evidence"`
		Category int      `json:"category"`
	} `json:"qa"`
}

// LoadLoCoMo reads a file of LoCoMo. Malformed references to evidence are
// mended where they can be, and dropped where they name no turn; dropped says
// how many. Questions of categories 1 to 4 without any evidence are left out.
func LoadLoCoMo(path string) (sets []Dialogue, dropped int, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, fmt.Errorf("read LoCoMo: %w", err)
	}
	var all []locomoDialogue
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, 0, fmt.Errorf("read LoCoMo %s: %w", path, err)
	}
	for _, d := range all {
		set, n, err := d.dialogue()
		if err != nil {
			return nil, 0, fmt.Errorf("read LoCoMo %s, dialogue %s: %w", path, d.ID, err)
		}
		sets, dropped = append(sets, set), dropped+n
	}
	return sets, dropped, nil
}

func (d *locomoDialogue) dialogue() (set Dialogue, dropped int, err error) {
	set.Name = d.ID
	known := map[string]bool{}
	for n := 1; d.Conversation["session_"+strconv.Itoa(n)] != nil; n++ {
		name := "session_" + strconv.Itoa(n)
		var date string
		var turns []locomoTurn
		if err := json.Unmarshal(d.Conversation[name+"_date_time"], &date); err != nil {
			return set, 0, err
		}
		if err := json.Unmarshal(d.Conversation[name], &turns); err != nil {
			return set, 0, err
		}
		at, err := time.Parse(locomoTime, date)
		if err != nil {
			return set, 0, err
		}
		for _, t := range turns {
			known[t.ID] = true
			if strings.TrimSpace(t.Text) == "" {
				continue
			}
			set.Said = append(set.Said, memory.Said{ID: t.ID, Session: name, Speaker: t.Speaker, Text: t.Text, At: at})
		}
	}
	for _, q := range d.Questions {
		var evidence []string
		for _, e := range q.Evidence {
			found := evidenceID.FindAllStringSubmatch(e, -1)
			if len(found) == 0 {
				dropped++
			}
			for _, m := range found {
				if id := "D" + m[1] + ":" + m[2]; known[id] {
					evidence = append(evidence, id)
				} else {
					dropped++
				}
			}
		}
		if len(evidence) > 0 {
			set.Questions = append(set.Questions, Question{Text: q.Question, Category: locomoCategories[q.Category], Evidence: evidence})
		}
	}
	return set, dropped, nil
}
