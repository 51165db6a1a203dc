package supervisor

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/launch"
)

// maxTools is how many tools one plugin may offer.
const maxTools = 512

// blockedError says why a plugin must not run until something is changed.
type blockedError struct {
	kind string // what has to change: hash, program, manifest, version, need, configuration
	err  error
}

// Error implements error.
func (e *blockedError) Error() string { return e.kind + ": " + e.err.Error() }

// Unwrap returns the cause.
func (e *blockedError) Unwrap() error { return e.err }

func blocked(kind, format string, args ...any) error {
	return &blockedError{kind: kind, err: fmt.Errorf(format, args...)}
}

// judgeStart tells starts that can't work from those that may work next time.
func judgeStart(err error, c Config, host string) error {
	if v, ok := errors.AsType[*launch.VersionError](err); ok {
		return blocked("version", "plugin %s speaks version %.20s of the plugin contract, this host (%s) speaks version %d: %s, then run `jarvis plugin restart %s`",
			c.ID, v.Speaks, host, launch.ContractVersion, remedy(v, c), c.ID)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, launch.ErrExec) && !passing(err):
		return &blockedError{kind: "program", err: err}
	}
	return err
}

// remedy is what makes host and plugin speak the same again.
func remedy(v *launch.VersionError, c Config) string {
	if v.Newer() {
		return fmt.Sprintf("upgrade the host, or let plugins.%s.path name a build of the plugin for version %d", c.ID, launch.ContractVersion)
	}
	return fmt.Sprintf("let plugins.%s.path name a newer build of the plugin, or build it again with a newer SDK", c.ID)
}

// passing reports whether the operating system may run the program later.
func passing(err error) bool {
	return slices.ContainsFunc(
		[]syscall.Errno{syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE, syscall.ETXTBSY, syscall.EINTR},
		func(n syscall.Errno) bool { return errors.Is(err, n) })
}

// judgeManifest checks what a plugin says of itself against what is configured.
func judgeManifest(m *sdk.Manifest, c Config, host string) error {
	switch {
	case m == nil:
		return blocked("manifest", "the plugin describes nothing")
	case m.ID != c.ID:
		return blocked("manifest", "the program is plugin %.64q, configured as %q", m.ID, c.ID)
	case olderThan(host, m.MinHost):
		return blocked("version", "plugin %s %s needs host %s or newer, this host is %s: upgrade the host or install an older %s",
			m.ID, m.Version, m.MinHost, host, m.ID)
	case len(m.Tools) > maxTools:
		return blocked("manifest", "the plugin offers %d tools, at most %d are allowed", len(m.Tools), maxTools)
	}
	if err := judgeTools(m.Tools); err != nil {
		return err
	}
	return judgeNeeds(m.Needs, c)
}

func judgeTools(tools []sdk.ToolSpec) error {
	seen := map[string]bool{}
	for _, t := range tools {
		if !validID.MatchString(t.Name) {
			return blocked("manifest", "tool name %.80q: expected a lower-case letter, then up to 63 letters, digits or _", t.Name)
		}
		if seen[t.Name] {
			return blocked("manifest", "tool %q is declared twice", t.Name)
		}
		seen[t.Name] = true
	}
	return nil
}

func judgeNeeds(needs []sdk.Need, c Config) error {
	if c.GrantAll {
		return nil
	}
	var missing, add []string
	for _, n := range needs {
		granted := slices.ContainsFunc(c.Grants, func(g sdk.Need) bool { return g.Kind == n.Kind && g.Scope == n.Scope })
		if !granted {
			grant := strings.TrimSpace(n.Kind + " " + n.Scope)
			missing = append(missing, fmt.Sprintf("%s (%s)", grant, n.Reason))
			add = append(add, strconv.Quote(grant))
		}
	}
	if len(missing) > 0 {
		return blocked("need", "not granted: %s; to grant it, add %s to plugins.%s.grants", strings.Join(missing, ", "), strings.Join(add, ", "), c.ID)
	}
	return nil
}

// judgeConfigured turns fatal diagnostics into one reason.
func judgeConfigured(c *sdk.Configured) error {
	var fatal []string
	for _, d := range c.Diagnostics {
		if d.Fatal {
			fatal = append(fatal, strings.TrimSpace(d.Path+" "+d.Summary))
		}
	}
	if len(fatal) > 0 {
		return blocked("configuration", "%s", strings.Join(fatal, "; "))
	}
	if len(c.Tools) > maxTools {
		return blocked("manifest", "the plugin offers %d tools, at most %d are allowed", len(c.Tools), maxTools)
	}
	return judgeTools(c.Tools)
}
