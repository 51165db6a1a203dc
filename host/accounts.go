package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/db/sqlite"
	"github.com/jarvis-host/jarvis/host/turn"
)

// ErrConfig marks what only a change of the configuration, or `jarvis init`,
// can mend.
var ErrConfig = errors.New("configuration")

// databaseFile is the store's name in the data directory.
const databaseFile = "jarvis.db"

// Accounts are the users and keys of a data directory, opened for one command;
// the host itself may be running meanwhile.
type Accounts struct {
	*auth.Service
	db *sqlite.DB
}

// OpenAccounts opens the accounts that a configuration names, and makes the
// data directory when it is not there.
func OpenAccounts(ctx context.Context, cfg *config.Snapshot) (*Accounts, error) {
	c := cfg.Config()
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	secret, err := auth.LoadSecret(c.DataDir)
	if err != nil {
		return nil, fmt.Errorf("open accounts: %w", err)
	}
	db, err := sqlite.Open(ctx, filepath.Join(c.DataDir, databaseFile))
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s, err := auth.New(auth.Options{Store: db, Secret: secret, OperatorKeys: operatorKeys(c)})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open accounts: %w", err), db.Close())
	}
	return &Accounts{Service: s, db: db}, nil
}

// operatorKeys are the operator's keys that a configuration holds.
func operatorKeys(c *config.Config) []string {
	if key := c.OperatorKey.Reveal(); key != "" {
		return []string{key}
	}
	return nil
}

// Close closes the store.
func (a *Accounts) Close() error { return a.db.Close() }

// FirstOperator returns the operator who was there first.
func (a *Accounts) FirstOperator(ctx context.Context) (auth.User, error) {
	users, err := a.Users(ctx)
	if err != nil {
		return auth.User{}, err
	}
	for _, u := range users {
		if u.Role == turn.RoleOperator {
			return u, nil
		}
	}
	return auth.User{}, errors.New("there is no operator yet; run `jarvis init`")
}
