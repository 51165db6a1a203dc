package embedded

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/jarvis-host/jarvis/host/memory"
)

// What an index elsewhere needs to know in order to follow.

// countChange counts a transaction. The count of a new file begins anywhere, so
// that a file made anew is never taken for the one before.
const countChange = `INSERT INTO meta (name, value) VALUES ('revision', abs(random()) % 1000000000000)
	ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + 1`

// Revision is a number that grows by one with every change of an owner's memory,
// whichever process makes it; 0 is nothing kept.
func (s *Store) Revision(ctx context.Context, o memory.Owner) (n int64, err error) {
	err = s.with(ctx, "read revision", o, false, func(f *file) error {
		return f.db.QueryRowContext(ctx, "SELECT coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'revision'), 1)").Scan(&n)
	})
	return n, err
}

// VectorsOf returns the vectors that items have of a model, by id.
func (s *Store) VectorsOf(ctx context.Context, o memory.Owner, model string, ids []string) (map[string][]float32, error) {
	out := map[string][]float32{}
	err := s.with(ctx, "read vectors", o, false, func(f *file) error {
		_, err := rows(ctx, f.db, func(r scanner) (struct{}, error) {
			var id string
			var blob []byte
			err := r.Scan(&id, &blob)
			out[id] = decode(blob)
			return struct{}{}, err
		}, "SELECT item, vector FROM vectors WHERE model = ? AND item IN (SELECT value FROM json_each(?))", model, array(ids))
		return err
	})
	return out, err
}

// VectorLength is how long an owner's vectors of a model are; 0 where there are
// none.
func (s *Store) VectorLength(ctx context.Context, o memory.Owner, model string) (n int, err error) {
	err = s.with(ctx, "read vectors", o, false, func(f *file) error {
		return f.db.QueryRowContext(ctx, "SELECT coalesce((SELECT length(vector) / 4 FROM vectors WHERE model = ? LIMIT 1), 0)", model).Scan(&n)
	})
	return n, err
}

// homeFile holds the name of the folder.
const homeFile = "home"

// Home is a name that no other folder of memories has.
func (s *Store) Home() (string, error) {
	path := filepath.Join(s.dir, homeFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return makeHome(path)
	}
	if err != nil {
		return "", fmt.Errorf("read the name of the folder of memories: %w", err)
	}
	name := strings.TrimSpace(string(raw))
	if name == "" {
		return "", fmt.Errorf("%s is empty; remove it", path)
	}
	return name, nil
}

// makeHome writes a name whole or not at all, and returns the one that is there
// when another process was faster.
func makeHome(path string) (string, error) {
	name := strings.ToLower(rand.Text())
	temp, err := os.CreateTemp(filepath.Dir(path), homeFile+"-*")
	if err != nil {
		return "", fmt.Errorf("name the folder of memories: %w", err)
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, err = temp.WriteString(name + "\n")
	if err = errors.Join(err, temp.Sync(), temp.Close()); err == nil {
		err = os.Link(temp.Name(), path)
	}
	if errors.Is(err, os.ErrExist) {
		raw, err := os.ReadFile(path)
		return strings.TrimSpace(string(raw)), err
	}
	if err != nil {
		return "", fmt.Errorf("name the folder of memories: %w", err)
	}
	return name, nil
}

// Check says what keeps the folder from being read and written.
func (s *Store) Check(context.Context) error {
	f, err := os.CreateTemp(s.dir, ".check-*")
	if err != nil {
		return fmt.Errorf("memories cannot be written: %w", err)
	}
	_, err = f.WriteString("x")
	if err = errors.Join(err, f.Close(), os.Remove(f.Name())); err != nil {
		return fmt.Errorf("memories cannot be written: %w", err)
	}
	return nil
}
