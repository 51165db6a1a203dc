package sqlite

import (
	"context"
	"fmt"

	"github.com/jarvis-host/jarvis/host/llm"
)

var _ llm.Ledger = (*DB)(nil)

// Spend implements llm.Ledger.
func (db *DB) Spend(ctx context.Context, spent []llm.Spending) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		for _, s := range spent {
			if err := tx.exec(ctx, `INSERT INTO model_usage (day, user, provider, model, requests, prompt, completion, cost)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?)
				ON CONFLICT (user, day, provider, model) DO UPDATE SET requests = requests + excluded.requests,
				prompt = prompt + excluded.prompt, completion = completion + excluded.completion, cost = cost + excluded.cost`,
				s.Day, s.User, s.Provider, s.Model, s.Requests, s.PromptTokens, s.CompletionTokens, s.Cost); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write usage of models: %w", err)
	}
	return nil
}

// Spent implements llm.Ledger. The rows come by day, user, provider and model.
func (db *DB) Spent(ctx context.Context, user *string, from, to string) ([]llm.Spending, error) {
	scan := func(r row) (s llm.Spending, err error) {
		err = r.Scan(&s.Day, &s.User, &s.Provider, &s.Model, &s.Requests, &s.PromptTokens, &s.CompletionTokens, &s.Cost)
		return s, err
	}
	const columns = `SELECT day, user, provider, model, requests, prompt, completion, cost FROM model_usage WHERE `
	const order = ` ORDER BY day, user, provider, model`
	query, args := columns+`day BETWEEN ? AND ?`+order, []any{from, to}
	if user != nil {
		query, args = columns+`user = ? AND day BETWEEN ? AND ?`+order, []any{*user, from, to}
	}
	rows, err := list(ctx, db, scan, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read usage of models: %w", err)
	}
	return rows, nil
}
