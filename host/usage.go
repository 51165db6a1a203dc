package host

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jarvis-host/jarvis/host/config"
)

// UsageRow is what one user has spent on one model in one day.
type UsageRow struct {
	Day              string  `json:"day"`
	User             string  `json:"user"` // the name, or the id of one who has gone
	Provider         string  `json:"provider"`
	Model            string  `json:"model"`
	Requests         int     `json:"requests"`
	PromptTokens     int     `json:"prompt_tokens"`
	CompletionTokens int     `json:"completion_tokens"`
	Cost             float64 `json:"cost"`
}

// hostItself stands for the host's own work in a list of users.
const hostItself = "(host)"

// Usage returns what was spent on models in the last days, today's among them:
// by one user, or by all when name is empty.
func (a *Accounts) Usage(ctx context.Context, cfg *config.Snapshot, days int, name string) ([]UsageRow, error) {
	var user *string
	if name != "" {
		u, err := a.FindUser(ctx, name)
		if err != nil {
			return nil, err
		}
		user = &u.ID
	}
	users, err := a.Users(ctx)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	names := map[string]string{"": hostItself}
	for _, u := range users {
		names[u.ID] = u.Name
	}
	today := time.Now().In(zone(cfg.Config().TimeZone))
	spent, err := a.db.Spent(ctx, user, today.AddDate(0, 0, 1-days).Format(time.DateOnly), today.Format(time.DateOnly))
	if err != nil {
		return nil, err
	}
	rows := []UsageRow{}
	for _, s := range spent {
		rows = append(rows, UsageRow{
			Day: s.Day, User: cmp.Or(names[s.User], s.User), Provider: s.Provider, Model: s.Model, Requests: s.Requests,
			PromptTokens: s.PromptTokens, CompletionTokens: s.CompletionTokens, Cost: s.Cost,
		})
	}
	return rows, nil
}
