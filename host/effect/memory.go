package effect

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/jarvis-host/jarvis/host/turn"
)

// Bounds of a Memory; the oldest go.
const (
	maxInMemory = 2000
	maxWeight   = 16 << 20 // bytes of arguments and data
)

// Memory is a store for as long as the process lives: for temporary sessions,
// and for tests. Its methods fail only as the contract says.
type Memory struct {
	mu  sync.Mutex
	all []Receipt // oldest first
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{} }

var _ Store = (*Memory)(nil)

// PutReceipt implements Store.
func (m *Memory) PutReceipt(_ context.Context, r Receipt) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := m.find(r.ID); i >= 0 {
		m.all[i] = r
		return nil
	}
	if len(m.all) >= maxInMemory {
		m.all = slices.Delete(m.all, 0, len(m.all)-maxInMemory+1)
	}
	m.all = append(m.all, r)
	m.lighten()
	return nil
}

// lighten needs m.mu.
func (m *Memory) lighten() {
	weight := 0
	for i, r := range slices.Backward(m.all) {
		if weight += len(r.Args) + len(r.Data); weight > maxWeight {
			m.all = slices.Delete(m.all, 0, i+1)
			return
		}
	}
}

func (m *Memory) find(id string) int {
	return slices.IndexFunc(m.all, func(r Receipt) bool { return r.ID == id })
}

// EndReceipt implements Store.
func (m *Memory) EndReceipt(_ context.Context, id string, state turn.ToolState, summary string, data json.RawMessage, ended time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.find(id)
	if i < 0 {
		return ErrNotFound
	}
	r := &m.all[i]
	r.State, r.Summary, r.Data, r.Ended = state, summary, slices.Clone(data), ended
	m.lighten()
	return nil
}

// Receipt implements Store.
func (m *Memory) Receipt(_ context.Context, id string) (Receipt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := m.find(id); i >= 0 {
		return m.all[i], nil
	}
	return Receipt{}, ErrNotFound
}

// Receipts implements Store.
func (m *Memory) Receipts(_ context.Context, q Query) (items []Receipt, next string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if q.Limit <= 0 {
		return nil, "", nil
	}
	end := len(m.all)
	if q.After != "" {
		if end = m.find(q.After); end < 0 {
			return nil, "", ErrCursor
		}
	}
	for _, r := range slices.Backward(m.all[:end]) {
		if q.User != "" && r.User != q.User || q.Session != "" && r.Session != q.Session || q.Plugin != "" && r.Plugin != q.Plugin {
			continue
		}
		if len(items) == q.Limit {
			return items, items[len(items)-1].ID, nil
		}
		items = append(items, r)
	}
	return items, "", nil
}

// Redress implements Store.
func (m *Memory) Redress(_ context.Context, id string, from Redress, to Attempt) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.find(id)
	if i < 0 || m.all[i].Redress != from {
		return false, nil
	}
	r := &m.all[i]
	r.Redress, r.Redressed, r.Redresser, r.RedressKey, r.RedressText = to.Redress, to.At, to.User, to.Key, to.Text
	return true, nil
}

// Abandon implements Store.
func (m *Memory) Abandon(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.all {
		if m.all[i].Redress == Trying {
			m.all[i].Redress = Unknown
		}
	}
	return nil
}

// PruneReceipts implements Store.
func (m *Memory) PruneReceipts(_ context.Context, old Horizon) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = slices.DeleteFunc(m.all, func(r Receipt) bool { return r.At.Before(old.Receipts) })
	for i := range m.all {
		if m.all[i].At.Before(old.Data) {
			m.all[i].Data = nil
		}
	}
	return nil
}
