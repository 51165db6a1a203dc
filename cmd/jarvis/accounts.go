package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jarvis-host/jarvis/host"
	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/turn"
)

// withAccounts opens the accounts of a data directory for one command; the
// host may be running meanwhile.
func (p *program) withAccounts(ctx context.Context, f *configFlags, do func(context.Context, *config.Snapshot, *host.Accounts) error) error {
	cfg, err := f.load(p)
	if err != nil {
		return err
	}
	ctx, cancel := p.interruptible(ctx)
	defer cancel()
	accounts, err := host.OpenAccounts(ctx, cfg)
	if err != nil {
		return hostError(err)
	}
	defer func() { _ = accounts.Close() }()
	return do(ctx, cfg, accounts)
}

func (p *program) json(v any) error { return json.NewEncoder(p.stdout).Encode(v) }

func initCommand() command {
	c := command{
		name: "init", args: "[--config FILE] [--data DIR]",
		summary: "prepare a data directory: the store, and a first operator with a key",
		example: "  jarvis init\n  jarvis init --data /var/lib/jarvis",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f configFlags
		f.register(fs)
		if _, err := parse(fs, args, 0, 0); err != nil {
			return err
		}
		return p.withAccounts(ctx, &f, func(ctx context.Context, cfg *config.Snapshot, s *host.Accounts) error {
			file, made, err := auth.Bootstrap(ctx, s.Service, cfg.Config().DataDir)
			if err != nil {
				return err
			}
			if made {
				fmt.Fprintf(p.stdout, "made an operator; the key is in %s\n", file)
			} else {
				fmt.Fprintf(p.stdout, "there are users already; nothing was changed\n")
			}
			fmt.Fprintf(p.stdout, "start the host with: jarvis serve\n")
			return nil
		})
	}
	return c
}

func loginCommand() command {
	c := command{
		name: "login", args: "[--config FILE] [--data DIR] [--user NAME] [--url URL]",
		summary: "print a link that signs a browser in, once, within 10 minutes",
		example: "  jarvis login\n  jarvis login --user alice --url https://jarvis.example",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f configFlags
		f.register(fs)
		name := fs.String("user", "", "`NAME` of the user (default: the first operator)")
		url := fs.String("url", "", "`URL` under which a browser reaches the host")
		if _, err := parse(fs, args, 0, 0); err != nil {
			return err
		}
		return p.withAccounts(ctx, &f, func(ctx context.Context, cfg *config.Snapshot, s *host.Accounts) error {
			u, err := userNamed(ctx, s, *name)
			if err != nil {
				return err
			}
			ticket, err := s.SignInTicket(ctx, u.ID)
			if err != nil {
				return err
			}
			base := strings.TrimSuffix(*url, "/")
			if base == "" {
				base = "http://" + browsable(cfg.Config().Gateway.Listen)
				if cfg.Config().Gateway.TLSCertFile != "" {
					base = "https" + strings.TrimPrefix(base, "http")
				}
			}
			fmt.Fprintf(p.stdout, "%s/signin?ticket=%s\n", base, ticket)
			return nil
		})
	}
	return c
}

// browsable is a listening address as a browser on this machine reaches it.
func browsable(listen string) string {
	h, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(h); h == "" || ip != nil && ip.IsUnspecified() {
		h = "127.0.0.1"
	}
	return net.JoinHostPort(h, port)
}

// userNamed finds a user; no name is the first operator.
func userNamed(ctx context.Context, s *host.Accounts, name string) (auth.User, error) {
	if name != "" {
		u, err := s.FindUser(ctx, name)
		if errors.Is(err, auth.ErrNotFound) {
			return auth.User{}, fmt.Errorf("there is no user %q; `jarvis user list` names them", name)
		}
		return u, err
	}
	return s.FirstOperator(ctx)
}

func userAddCommand() command {
	c := command{
		name: "user add", args: "NAME [--role ROLE] [--plugins A,B] [--json]",
		summary: "add an end user, operator, guest, scraper or service, and print its key",
		example: "  jarvis user add alice\n  jarvis user add grafana --role scraper --json",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f configFlags
		f.register(fs)
		role := fs.String("role", string(turn.RoleUser), "`ROLE`: user, guest, operator, scraper or service")
		plugins := fs.String("plugins", "", "the plugins a guest may use, by `NAMES` with commas between")
		asJSON := fs.Bool("json", false, "print JSON")
		rest, err := parse(fs, args, 1, 1)
		if err != nil {
			return err
		}
		return p.withAccounts(ctx, &f, func(ctx context.Context, _ *config.Snapshot, s *host.Accounts) error {
			u, err := s.AddUser(ctx, auth.NewUser{Name: rest[0], Role: turn.Role(*role), Plugins: split(*plugins)})
			if err != nil {
				return err
			}
			key, _, err := s.CreateKey(ctx, u.ID, "", 0)
			if err != nil {
				return err
			}
			if *asJSON {
				return p.json(map[string]string{"user": u.Name, "key": key})
			}
			fmt.Fprintf(p.stdout, "added %s (%s); the key is shown this once:\n%s\n", u.Name, u.Role, key)
			return nil
		})
	}
	return c
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

func userListCommand() command {
	c := command{
		name: "user list", args: "[--json]", summary: "list users",
		example: "  jarvis user list\n  jarvis user list --json",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f configFlags
		f.register(fs)
		asJSON := fs.Bool("json", false, "print JSON")
		if _, err := parse(fs, args, 0, 0); err != nil {
			return err
		}
		return p.withAccounts(ctx, &f, func(ctx context.Context, _ *config.Snapshot, s *host.Accounts) error {
			users, err := s.Users(ctx)
			if err != nil {
				return err
			}
			if *asJSON {
				return p.json(userRows(users))
			}
			w := tabwriter.NewWriter(p.stdout, 0, 8, 2, ' ', 0)
			fmt.Fprintln(w, "NAME\tROLE\tSINCE")
			for _, u := range users {
				fmt.Fprintf(w, "%s\t%s\t%s\n", u.Name, u.Role, u.Created.Format(time.DateOnly))
			}
			return w.Flush()
		})
	}
	return c
}

type userRow struct {
	User    string    `json:"user"`
	Role    turn.Role `json:"role"`
	Plugins []string  `json:"plugins,omitempty"`
	Created time.Time `json:"created"`
}

func userRows(users []auth.User) []userRow {
	rows := make([]userRow, len(users))
	for i, u := range users {
		rows[i] = userRow{User: u.Name, Role: u.Role, Plugins: u.Plugins, Created: u.Created}
	}
	return rows
}

func userRemoveCommand() command {
	c := command{
		name: "user remove", args: "NAME [--json]",
		summary: "remove a user with all that is kept of them: keys, conversations, memories, what plugins keep; prints a receipt",
		example: "  jarvis user export alice alice.jsonl\n  jarvis user remove alice\n  jarvis user remove alice --json > receipt.json",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f configFlags
		f.register(fs)
		asJSON := fs.Bool("json", false, "print the receipt as JSON")
		rest, err := parse(fs, args, 1, 1)
		if err != nil {
			return err
		}
		return p.withAccounts(ctx, &f, func(ctx context.Context, cfg *config.Snapshot, s *host.Accounts) error {
			u, err := userNamed(ctx, s, rest[0])
			if err != nil {
				return err
			}
			r, err := s.ErasePerson(ctx, cfg, u)
			if err != nil {
				return err
			}
			if *asJSON {
				return p.json(r)
			}
			fmt.Fprintf(p.stdout, "removed %s (%s) at %s; nothing of them is left\n", r.User, r.ID, r.Ended.Format(time.RFC3339))
			for _, kind := range slices.Sorted(maps.Keys(r.Erased)) {
				fmt.Fprintf(p.stdout, "  %-10s %d\n", kind, r.Erased[kind])
			}
			if r.Later != "" {
				fmt.Fprintln(p.stderr, "a running host, or the next one, also clears", r.Later)
			}
			return nil
		})
	}
	return c
}

func userExportCommand() command {
	c := command{
		name: "user export", args: "NAME [FILE]",
		summary: "write everything that is kept of a user as JSON lines, to a new file or the output",
		example: "  jarvis user export alice alice.jsonl\n  jarvis user export alice | gzip > alice.jsonl.gz",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f configFlags
		f.register(fs)
		rest, err := parse(fs, args, 1, 2)
		if err != nil {
			return err
		}
		return p.withAccounts(ctx, &f, func(ctx context.Context, cfg *config.Snapshot, s *host.Accounts) error {
			u, err := userNamed(ctx, s, rest[0])
			if err != nil {
				return err
			}
			write := func(w io.Writer) error { return s.ExportPerson(ctx, cfg, u, w) }
			if len(rest) == 1 {
				return write(p.stdout)
			}
			return exportTo(rest[1], write)
		})
	}
	return c
}

func keyCreateCommand() command {
	c := command{
		name: "key create", args: "USER [--label TEXT] [--expires DURATION] [--json]",
		summary: "make another key for a user, and print it this once",
		example: "  jarvis key create alice --label phone\n  jarvis key create backup --expires 720h",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f configFlags
		f.register(fs)
		label := fs.String("label", "", "what the key is for, as `TEXT`")
		expires := fs.Duration("expires", 0, "let it expire after `DURATION`, such as 720h (default never)")
		asJSON := fs.Bool("json", false, "print JSON")
		rest, err := parse(fs, args, 1, 1)
		if err != nil {
			return err
		}
		return p.withAccounts(ctx, &f, func(ctx context.Context, _ *config.Snapshot, s *host.Accounts) error {
			u, err := userNamed(ctx, s, rest[0])
			if err != nil {
				return err
			}
			text, k, err := s.CreateKey(ctx, u.ID, *label, *expires)
			if err != nil {
				return err
			}
			if *asJSON {
				return p.json(map[string]string{"id": k.ID, "user": u.Name, "key": text})
			}
			fmt.Fprintf(p.stdout, "made key %s of %s; it is shown this once:\n%s\n", k.ID, u.Name, text)
			return nil
		})
	}
	return c
}

func keyListCommand() command {
	c := command{
		name: "key list", args: "[USER] [--json]", summary: "list the keys that count, never their text",
		example: "  jarvis key list\n  jarvis key list alice --json",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f configFlags
		f.register(fs)
		asJSON := fs.Bool("json", false, "print JSON")
		rest, err := parse(fs, args, 0, 1)
		if err != nil {
			return err
		}
		return p.withAccounts(ctx, &f, func(ctx context.Context, _ *config.Snapshot, s *host.Accounts) error {
			rows, err := keyRows(ctx, s, rest)
			if err != nil {
				return err
			}
			if *asJSON {
				return p.json(rows)
			}
			w := tabwriter.NewWriter(p.stdout, 0, 8, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tUSER\tKIND\tLABEL\tCREATED\tEXPIRES")
			for _, r := range rows {
				expires := "never"
				if r.Expires != nil {
					expires = r.Expires.Format(time.DateOnly)
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.User, r.Kind, r.Label, r.Created.Format(time.DateOnly), expires)
			}
			return w.Flush()
		})
	}
	return c
}

type keyRow struct {
	ID      string       `json:"id"`
	User    string       `json:"user"`
	Kind    auth.KeyKind `json:"kind"`
	Label   string       `json:"label"`
	Created time.Time    `json:"created"`
	Expires *time.Time   `json:"expires,omitempty"`
}

func keyRows(ctx context.Context, s *host.Accounts, names []string) ([]keyRow, error) {
	users, err := s.Users(ctx)
	if err != nil {
		return nil, err
	}
	if len(names) > 0 {
		u, err := userNamed(ctx, s, names[0])
		if err != nil {
			return nil, err
		}
		users = []auth.User{u}
	}
	rows := []keyRow{}
	for _, u := range users {
		keys, err := s.Keys(ctx, u.ID)
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			row := keyRow{ID: k.ID, User: u.Name, Kind: k.Kind, Label: k.Label, Created: k.Created}
			if !k.Expires.IsZero() {
				row.Expires = &k.Expires
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func keyRevokeCommand() command {
	c := command{
		name: "key revoke", args: "ID", summary: "revoke a key; what is signed in with it is signed out",
		example: "  jarvis key revoke k_2f6c",
	}
	c.run = func(ctx context.Context, p *program, args []string) error {
		fs := p.flags(c)
		var f configFlags
		f.register(fs)
		rest, err := parse(fs, args, 1, 1)
		if err != nil {
			return err
		}
		return p.withAccounts(ctx, &f, func(ctx context.Context, _ *config.Snapshot, s *host.Accounts) error {
			if err := s.RevokeKey(ctx, "", rest[0]); err != nil {
				return err
			}
			fmt.Fprintf(p.stdout, "revoked %s\n", rest[0])
			return nil
		})
	}
	return c
}
