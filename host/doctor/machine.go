package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// DataDir checks that a data directory can be used, by its owner alone.
func DataDir(dir string) Check {
	const check = "data_dir"
	return func(context.Context) []Finding {
		info, err := os.Stat(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return one(Finding{Check: check, Level: Good, Subject: dir, Key: "doctor.data_dir_new", Args: []any{dir}})
		case err != nil:
			return one(Finding{Check: check, Level: Fail, Subject: dir, Key: "doctor.data_dir_bad", Args: []any{dir, err.Error()}})
		case !info.IsDir():
			return one(Finding{Check: check, Level: Fail, Subject: dir, Key: "doctor.data_dir_file", Args: []any{dir}})
		}
		if err := unix.Access(dir, unix.W_OK|unix.X_OK|unix.R_OK); err != nil {
			return one(Finding{Check: check, Level: Fail, Subject: dir, Key: "doctor.data_dir_bad", Args: []any{dir, err.Error()}})
		}
		if info.Mode().Perm()&0o077 != 0 {
			return one(Finding{Check: check, Level: Warn, Subject: dir, Key: "doctor.data_dir_open", Args: []any{dir, info.Mode().Perm().String()}})
		}
		return one(Finding{Check: check, Level: Good, Subject: dir, Key: "doctor.data_dir_good", Args: []any{dir}})
	}
}

// Bounds of free disk space, in bytes.
const (
	diskLow  = 1 << 30
	diskFull = 100 << 20
)

// Disk checks how much room there is where a folder is, or will be.
func Disk(dir string) Check {
	return diskOf(dir, func(dir string) (uint64, error) {
		var st unix.Statfs_t
		if err := unix.Statfs(dir, &st); err != nil {
			return 0, err
		}
		return st.Bavail * uint64(st.Bsize), nil //nolint:gosec // a block's size is positive
	})
}

func diskOf(dir string, free func(string) (uint64, error)) Check {
	return func(context.Context) []Finding {
		at := dir
		for {
			if _, err := os.Stat(at); err == nil || filepath.Dir(at) == at {
				break
			}
			at = filepath.Dir(at)
		}
		left, err := free(at)
		f := Finding{Check: "disk", Subject: dir, Level: Good, Key: "doctor.disk_good", Args: []any{dir, size(left)}}
		switch {
		case err != nil:
			f.Level, f.Key, f.Args = Warn, "doctor.disk_unknown", []any{dir, err.Error()}
		case left < diskFull:
			f.Level, f.Key = Fail, "doctor.disk_full"
		case left < diskLow:
			f.Level, f.Key = Warn, "doctor.disk_low"
		}
		return one(f)
	}
}

// size writes a number of bytes as people do.
func size(n uint64) string {
	for _, u := range []struct {
		name string
		of   float64
	}{{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}} {
		if float64(n) >= u.of {
			return fmt.Sprintf("%.1f %s", float64(n)/u.of, u.name)
		}
	}
	return fmt.Sprintf("%.1f kB", float64(n)/1e3)
}

// Port checks that a host can listen, or that one does.
func Port(addr string) Check {
	const check = "port"
	return func(ctx context.Context) []Finding {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
		f := Finding{Check: check, Subject: addr, Level: Good, Key: "doctor.port_free", Args: []any{addr}}
		switch {
		case err == nil:
			_ = l.Close()
		case !errors.Is(err, unix.EADDRINUSE):
			f.Level, f.Key, f.Args = Fail, "doctor.port_bad", []any{addr, err.Error()}
		case isJarvis(ctx, addr):
			f.Key = "doctor.port_ours"
		default:
			f.Level, f.Key = Fail, "doctor.port_taken"
		}
		return one(f)
	}
}

// isJarvis asks who listens.
func isJarvis(ctx context.Context, addr string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/ready", nil)
	if err != nil {
		return false
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	head := make([]byte, 64)
	n, _ := resp.Body.Read(head)
	return strings.HasPrefix(string(head[:n]), `{"ready":`)
}

// Clock checks that the time is plausible and its zone known. The other clock
// tells the time of another machine, and whose it is; nil is none.
func Clock(now func() time.Time, zone string, other func(ctx context.Context) (at time.Time, whose string, ok bool)) Check {
	const check = "clock"
	return func(ctx context.Context) []Finding {
		here := now()
		out := one(Finding{Check: check, Level: Good, Key: "doctor.clock_good", Args: []any{here.Format("2006-01-02 15:04"), zone}})
		switch {
		case here.Before(built):
			return one(Finding{Check: check, Level: Fail, Key: "doctor.clock_past", Args: []any{here.Format("2006-01-02 15:04")}})
		case zone == "":
			out = one(Finding{Check: check, Level: Warn, Key: "doctor.zone_unknown"})
		}
		if other == nil {
			return out
		}
		at, whose, ok := other(ctx)
		if skew := now().Sub(at).Round(time.Second); ok && skew.Abs() > maxSkew {
			out = append(out, Finding{Check: check, Level: Warn, Key: "doctor.clock_skew", Args: []any{skew.Abs().String(), whose}})
		}
		return out
	}
}

// built is a time that has passed for sure, maxSkew how far clocks may be apart.
var built = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const maxSkew = time.Minute

// Orphans looks for plugins' processes whose host has gone. proc is where the
// system shows its processes, usually /proc.
func Orphans(proc, prefix string) Check {
	return func(context.Context) []Finding {
		entries, err := os.ReadDir(proc)
		if err != nil {
			return nil // not every system shows them
		}
		var pids []string
		for _, e := range entries {
			if _, err := strconv.Atoi(e.Name()); err == nil && orphan(filepath.Join(proc, e.Name()), prefix) {
				pids = append(pids, e.Name())
			}
		}
		if len(pids) == 0 {
			return one(Finding{Check: "orphans", Level: Good, Key: "doctor.orphans_none"})
		}
		return one(Finding{Check: "orphans", Level: Warn, Key: "doctor.orphans", Args: []any{strings.Join(pids, " ")}})
	}
}

// orphan reports whether a process is a plugin that was left to init.
func orphan(dir, prefix string) bool {
	args, err := os.ReadFile(filepath.Join(dir, "cmdline"))
	if err != nil {
		return false
	}
	program, _, _ := strings.Cut(string(args), "\x00")
	if !strings.HasPrefix(filepath.Base(program), prefix) {
		return false
	}
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return false
	}
	// "pid (name) state ppid": the name may hold anything, so from its end.
	_, rest, ok := strings.Cut(string(stat)[strings.LastIndexByte(string(stat), ')')+1:], " ")
	fields := strings.Fields(rest)
	return ok && len(fields) > 1 && fields[1] == "1"
}
