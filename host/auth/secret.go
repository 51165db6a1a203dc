package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// SecretFile is the name, in the data directory, of what keys are hashed with.
const SecretFile = "auth.secret"

// What the texts of keys and tickets start with.
const (
	KeyPrefix    = "jrv_"
	TicketPrefix = "jrt_"
)

const (
	secretBytes = 32
	randomBytes = 32
	// maxPresented bounds what is hashed for a stranger.
	maxPresented = 1024
)

// LoadSecret returns the secret of a data directory and makes it when there is
// none yet. Of several processes that start together all get the same one.
func LoadSecret(dir string) ([]byte, error) {
	path := filepath.Join(dir, SecretFile)
	secret, err := readSecret(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	fresh := make([]byte, secretBytes)
	if _, err := rand.Read(fresh); err != nil {
		return nil, fmt.Errorf("make auth secret: %w", err)
	}
	if err := writeNew(path, hex.EncodeToString(fresh)+"\n"); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("write auth secret: %w", err)
	}
	return readSecret(path)
}

func readSecret(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read auth secret: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("read auth secret: %s has mode %#o, which others can read; want 0600 (chmod 600 %s)", path, mode, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read auth secret: %w", err)
	}
	secret, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(secret) != secretBytes {
		return nil, fmt.Errorf("read auth secret: %s is damaged; want %d hexadecimal digits", path, 2*secretBytes)
	}
	return secret, nil
}

// writeNew makes a file that only its owner reads. The name appears together
// with the whole content, or fs.ErrExist comes back.
func writeNew(path, content string) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // gone already when all went well
	if _, err := tmp.WriteString(content); err != nil {
		return errors.Join(err, tmp.Close())
	}
	if err := errors.Join(tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Link(tmp.Name(), path)
}

// hash is what is kept of a credential's text.
func (s *Service) hash(text string) digest {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte(text))
	return digest(mac.Sum(nil))
}

type digest [sha256.Size]byte

// newText returns a credential that nobody can guess.
func newText(prefix string) string {
	b := make([]byte, randomBytes)
	_, _ = rand.Read(b) // never fails: the program ends instead
	return prefix + base64.RawURLEncoding.EncodeToString(b)
}

// requestedID is the id of the key that a user's request makes.
func requestedID(user, request string) string {
	sum := sha256.Sum256([]byte(user + "\x00" + request))
	return "k" + hex.EncodeToString(sum[:12])
}

// newID returns an id for a user or a key.
func newID(prefix string) string {
	b := make([]byte, 12)
	_, _ = rand.Read(b)
	return prefix + hex.EncodeToString(b)
}
