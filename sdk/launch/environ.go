package launch

import (
	"os"
	"strings"
)

// inherited names the host's variables that a plugin may see: how the machine
// and Go's runtime are set up, never what the host was told.
var inherited = []string{"LANG", "LC_ALL", "TZ", "SSL_CERT_DIR", "SSL_CERT_FILE", "GORACE", "GOTRACEBACK"}

// environment is the whole environment of a plugin. Later entries win over
// earlier ones of the same name.
func environment(own, handshake []string, dir string) []string {
	env := []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + dir, "TMPDIR=" + dir}
	for _, name := range inherited {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return lastOfEach(append(append(env, own...), handshake...))
}

func lastOfEach(env []string) []string {
	at := map[string]int{}
	var out []string
	for _, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		if i, ok := at[name]; ok {
			out[i] = entry
			continue
		}
		at[name] = len(out)
		out = append(out, entry)
	}
	return out
}
