package config

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// masked stands for a secret wherever one would be printed.
const masked = "[secret]"

// Secret is a value that must not be seen. It prints a placeholder under every
// verb and in every encoding; only [Secret.Reveal] gives it away. The zero
// value is no secret, and prints nothing.
type Secret struct{ value string }

// NewSecret returns a secret.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal returns the value itself.
func (s Secret) Reveal() string { return s.value }

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.value == "" }

// Equal compares two secrets in constant time.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.value), []byte(other.value)) == 1
}

// String implements [fmt.Stringer].
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return masked
}

// Format implements [fmt.Formatter], so that no verb shows the value.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// GoString implements [fmt.GoStringer].
func (s Secret) GoString() string { return s.String() }

// MarshalText implements [encoding.TextMarshaler]; JSON uses it too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalBinary implements [encoding.BinaryMarshaler]; gob uses it too.
func (s Secret) MarshalBinary() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML implements the YAML packages' marshaller.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// LogValue implements [slog.LogValuer].
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
