package tool

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk"
)

// A call whose question waited while the host was stopped goes on from the
// question, whoever asked it: the host for a confirmation, or the plugin.
func TestACallGoesOnFromItsQuestionInAnotherHost(t *testing.T) {
	type end struct {
		State turn.ToolState
		Text  string
		Steps []turn.ToolState
	}
	for name, tc := range map[string]struct {
		tool, args string
		grants     Grants // of the host that goes on
		reply      turn.Reply
		want       end
	}{
		"agreed": {
			"open", `{"door":"front"}`,
			Grants{"door": {"*"}},
			turn.Reply{Value: "true"},
			end{turn.ToolExecuted, "front 1 true", []turn.ToolState{turn.ToolRunning, turn.ToolExecuted}},
		},
		"declined": {
			"open", `{"door":"front"}`,
			Grants{"door": {"*"}},
			turn.Reply{Value: "false"},
			end{turn.ToolRefused, "tool.declined dooropen", []turn.ToolState{turn.ToolRefused}},
		},
		"nobody replied": {
			"open", `{"door":"front"}`,
			Grants{"door": {"*"}},
			turn.Reply{Expired: true},
			end{turn.ToolRefused, "tool.declined dooropen", []turn.ToolState{turn.ToolRefused}},
		},
		"not allowed any more": {
			"open", `{"door":"front"}`,
			Grants{},
			turn.Reply{Value: "true"},
			end{turn.ToolRefused, "tool.refused_grant dooropen", []turn.ToolState{turn.ToolRefused}},
		},
		"the plugin asked": {
			"which", `{}`, Grants{}, turn.Reply{Value: "b"}, end{turn.ToolRead, "b", []turn.ToolState{turn.ToolRead}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			first := newStage(t, inProcess{doors()}, Grants{"door": {"*"}})
			var q *turn.Question
			_, err := first.Run(t.Context(), first.turn, Request{
				Plugin: "door", Tool: tc.tool, Args: json.RawMessage(tc.args), Origin: sdk.OriginSentence, Utterance: "say",
			}, func(ev turn.Event) bool {
				q, _ = ev.(*turn.Question)
				return q == nil // the host is killed here
			})
			if err == nil || q == nil || q.Resume == nil {
				t.Fatalf("the call ended with %v before its question %+v", err, q)
			}
			second := newStage(t, inProcess{doors()}, tc.grants)
			var got end
			request, res, err := second.Resume(t.Context(), second.turn, q.Resume, tc.reply, func(ev turn.Event) bool {
				if s, ok := ev.(turn.ToolStep); ok {
					got.Steps = append(got.Steps, s.State)
					if s.Call != q.Call {
						t.Errorf("step of call %s, the question was of %s", s.Call, q.Call)
					}
				}
				return true
			})
			if err != nil || request.Tool != tc.tool || request.Utterance != "say" {
				t.Fatalf("went on with %+v: %v", request, err)
			}
			got.State, got.Text = res.State, res.Text
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
