package mcp

import (
	"errors"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
)

// Settings are the configuration: one server, as a command or as an address.
type Settings struct {
	Command string            `json:"command,omitempty" desc:"Program that speaks MCP on its standard streams, such as npx or /usr/local/bin/server"`
	Args    []string          `json:"args,omitempty" desc:"Arguments of the program"`
	Env     map[string]string `json:"env,omitempty" desc:"Environment of the program, beside PATH, HOME, TMPDIR, LANG and TZ"`
	Dir     string            `json:"dir,omitempty" desc:"Folder in which the program runs"`
	URL     string            `json:"url,omitempty" desc:"Address of a server that speaks MCP over streamable HTTP, such as https://mcp.example/mcp"`
	Headers map[string]string `json:"headers,omitempty" desc:"Headers of every request, such as Authorization"`
	Tools   []string          `json:"tools,omitempty" desc:"Names of the tools to offer, as the server has them; empty is all"`
	Trust   bool              `json:"trust_annotations" desc:"Believe the server which of its tools only read and which destroy nothing; else all count as destructive" default:"true"`
	Seconds int               `json:"timeout_seconds" desc:"Seconds that a call may take" min:"1" max:"600" default:"60"`
}

func (s Settings) timeout() time.Duration { return time.Duration(s.Seconds) * time.Second }

// offers reports whether a tool of the server is wanted.
func (s Settings) offers(tool string) bool {
	return len(s.Tools) == 0 || slices.Contains(s.Tools, tool)
}

// check finds what the schema can't.
func (s Settings) check() error {
	switch {
	case s.Command == "" && s.URL == "":
		return sdk.Diagnose("", "no server is named: expected command, a program to run, or url, an address to reach")
	case s.Command != "" && s.URL != "":
		return sdk.Diagnose("/url", "expected either command or url, both are set")
	case s.Command != "":
		return errors.Join(s.checkProgram()...)
	}
	return errors.Join(s.checkAddress()...)
}

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (s Settings) checkProgram() (wrong []error) {
	if _, err := exec.LookPath(s.Command); err != nil {
		wrong = append(wrong, sdk.Diagnose("/command", "program %q: expected one that is there and can be run (%v); PATH is %s", s.Command, errors.Unwrap(err), os.Getenv("PATH")))
	}
	if info, err := os.Stat(s.Dir); s.Dir != "" && (err != nil || !info.IsDir()) {
		wrong = append(wrong, sdk.Diagnose("/dir", "folder %q: expected one that is there", s.Dir))
	}
	for name := range s.Env {
		if !variable.MatchString(name) {
			wrong = append(wrong, sdk.Diagnose("/env", "variable %q: expected a name of letters, digits and _", name))
		}
	}
	if len(s.Headers) > 0 {
		wrong = append(wrong, sdk.Diagnose("/headers", "headers go with url, not with command"))
	}
	return wrong
}

func (s Settings) checkAddress() (wrong []error) {
	u, err := url.Parse(s.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		wrong = append(wrong, sdk.Diagnose("/url", "expected an address such as https://mcp.example/mcp"))
	case u.User != nil:
		wrong = append(wrong, sdk.Diagnose("/url", "expected an address without a name and password: send them as a header Authorization"))
	}
	for at, set := range map[string]bool{"/args": len(s.Args) > 0, "/env": len(s.Env) > 0, "/dir": s.Dir != ""} {
		if set {
			wrong = append(wrong, sdk.Diagnose(at, "goes with command, not with url"))
		}
	}
	return wrong
}
