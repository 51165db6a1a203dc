package services

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
)

var (
	// ErrVersion says that a value is not the one that was expected.
	ErrVersion = errors.New("value has another version")
	// ErrQuota says that a plugin keeps as much as it may keep.
	ErrQuota = errors.New("quota of kept values is used up")
)

// Quota bounds what one plugin keeps, in all its scopes.
type Quota struct {
	Values int
	Bytes  int64 // of keys and data
}

// DefaultQuota is what a plugin may keep.
var DefaultQuota = Quota{Values: 10_000, Bytes: 16 << 20}

// Key names one value.
type Key struct {
	Plugin string
	Scope  sdk.Scope
	Owner  string // the end user or session; "" for all
	Name   string
}

// Values keeps values. It is safe for concurrent use; what a method
// acknowledges is on disk. Values that expired are not there.
type Values interface {
	// Value returns a value, or nil.
	Value(ctx context.Context, k Key, now time.Time) (*sdk.Value, error)
	// PutValue keeps a value and returns its new version, ErrVersion, or
	// ErrQuota. A zero expires is never; ifVersion, unless nil, is the version
	// that must be there, 0 for none.
	PutValue(ctx context.Context, k Key, v sdk.Value, ifVersion *int64, q Quota, now time.Time) (int64, error)
	// DropValue removes a value, or returns ErrVersion.
	DropValue(ctx context.Context, k Key, ifVersion *int64, now time.Time) (found bool, err error)
	// ValueNames lists at most limit names with a prefix that come after one, in
	// the order of their bytes. The name in k is not used.
	ValueNames(ctx context.Context, k Key, prefix, after string, limit int, now time.Time) ([]string, error)
	// PruneValues removes what expired, and what belongs to a session that is
	// not kept and was written before idle.
	PruneValues(ctx context.Context, now, idle time.Time) error
}

const maxNames = 1000

// key finds whose value is meant.
func (g *guest) key(call, method string, scope sdk.Scope, name string) (Key, error) {
	k := Key{Plugin: g.plugin, Scope: scope, Name: name}
	if err := g.need(sdk.NeedKV, "", method, call); err != nil {
		return k, err
	}
	if g.desk.o.Values == nil {
		return k, absent("store for values")
	}
	switch scope {
	case sdk.ForAll:
		_, err := g.who(call)
		return k, err
	case sdk.ForUser:
		info, err := g.someone(call)
		k.Owner = info.User
		return k, err
	case sdk.ForSession:
		info, err := g.someone(call)
		if err == nil && info.Session == "" {
			err = fault(sdk.CodeForbidden, "this call belongs to no session: keep the value for the user instead")
		}
		k.Owner = info.Session
		return k, err
	}
	return k, fault(sdk.CodeInvalid, "scope: expected user, session or global")
}

// GetValue implements [sdk.Services].
func (g *guest) GetValue(ctx context.Context, call string, scope sdk.Scope, name string) (*sdk.Value, error) {
	k, err := g.key(call, "GetValue", scope, name)
	if err == nil {
		err = checkName("key", name, sdk.MaxKey)
	}
	if err != nil {
		return nil, err
	}
	v, err := g.desk.o.Values.Value(ctx, k, g.desk.o.Now())
	return v, explain(err)
}

// SetValue implements [sdk.Services].
func (g *guest) SetValue(ctx context.Context, call string, scope sdk.Scope, name string, data []byte, ttl time.Duration, ifVersion *int64) (int64, error) {
	k, err := g.key(call, "SetValue", scope, name)
	if err == nil {
		err = checkName("key", name, sdk.MaxKey)
	}
	switch {
	case err != nil:
		return 0, err
	case len(data) > sdk.MaxValue:
		return 0, fault(sdk.CodeTooLarge, "value %.64q has %d bytes, expected at most %d", name, len(data), sdk.MaxValue)
	case ttl < 0:
		return 0, fault(sdk.CodeInvalid, "value %.64q: ttl %v, expected more than nothing", name, ttl)
	}
	now := g.desk.o.Now()
	v := sdk.Value{Data: data}
	if ttl > 0 {
		v.Expires = now.Add(ttl)
	}
	version, err := g.desk.o.Values.PutValue(ctx, k, v, ifVersion, DefaultQuota, now)
	return version, explain(err)
}

// DeleteValue implements [sdk.Services].
func (g *guest) DeleteValue(ctx context.Context, call string, scope sdk.Scope, name string, ifVersion *int64) (bool, error) {
	k, err := g.key(call, "DeleteValue", scope, name)
	if err == nil {
		err = checkName("key", name, sdk.MaxKey)
	}
	if err != nil {
		return false, err
	}
	found, err := g.desk.o.Values.DropValue(ctx, k, ifVersion, g.desk.o.Now())
	return found, explain(err)
}

// ListValues implements [sdk.Services].
func (g *guest) ListValues(ctx context.Context, call string, scope sdk.Scope, prefix, after string, limit int) ([]string, error) {
	k, err := g.key(call, "ListValues", scope, "")
	switch {
	case err != nil:
		return nil, err
	case limit < 0 || limit > maxNames:
		return nil, fault(sdk.CodeInvalid, "limit %d: expected 0 to %d", limit, maxNames)
	case limit == 0:
		limit = maxNames
	}
	names, err := g.desk.o.Values.ValueNames(ctx, k, prefix, after, limit, g.desk.o.Now())
	return names, explain(err)
}

// Secret implements [sdk.Services].
func (g *guest) Secret(_ context.Context, call, name string) (string, error) {
	if err := g.need(sdk.NeedSecret, name, "GetSecret", call); err != nil {
		return "", err
	}
	value, ok := "", false
	if g.desk.o.Secret != nil {
		value, ok = g.desk.o.Secret(g.plugin, name)
	}
	if !ok {
		return "", fault(sdk.CodeNotFound, "secret %s is not set: the operator sets it under plugins.%s.secrets.%s", name, g.plugin, name)
	}
	if g.desk.o.Conceal != nil && strings.TrimSpace(value) != "" {
		g.desk.o.Conceal(value)
	}
	return value, nil
}
