package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// help lists the commands, those of one thing together.
func (p *program) help(w io.Writer) {
	fmt.Fprint(w, "Jarvis is an assistant for your home that runs on your own machine.\n\nCommands:\n")
	listCommands(w, shown(commands()))
	fmt.Fprint(w, "\n`jarvis COMMAND --help` says more about one. Start with: jarvis serve\n")
}

// lost helps whoever named no command, or only half of one, and returns the
// exit code.
func (p *program) lost(args []string) int {
	group := slices.DeleteFunc(shown(commands()), func(c command) bool {
		return !strings.HasPrefix(c.name, args[0]+" ")
	})
	asked := len(args) > 1 && (args[1] == "--help" || args[1] == "-h" || args[1] == "help")
	switch {
	case len(group) == 0:
		fmt.Fprintf(p.stderr, "jarvis: there is no command %q; `jarvis help` lists them\n", args[0])
		return exitUsage
	case asked:
		listCommands(p.stdout, group)
		return exitOK
	case len(args) > 1:
		fmt.Fprintf(p.stderr, "jarvis: there is no command %q; there are:\n", args[0]+" "+args[1])
	default:
		fmt.Fprintf(p.stderr, "jarvis %s: say which command:\n", args[0])
	}
	listCommands(p.stderr, group)
	return exitUsage
}

// shown are the commands that people are told of, by group in the order in
// which the groups first appear.
func shown(all []command) []command {
	all = slices.DeleteFunc(slices.Clone(all), func(c command) bool { return c.hidden })
	rank := map[string]int{}
	for i, c := range all {
		if _, known := rank[groupOf(c)]; !known {
			rank[groupOf(c)] = i
		}
	}
	slices.SortStableFunc(all, func(a, b command) int { return cmp.Compare(rank[groupOf(a)], rank[groupOf(b)]) })
	return all
}

func groupOf(c command) string {
	group, _, _ := strings.Cut(c.name, " ")
	return group
}

// listCommands prints a line for each command.
func listCommands(w io.Writer, all []command) {
	width := 0
	for _, c := range all {
		width = max(width, len(c.name))
	}
	for _, c := range all {
		fmt.Fprintf(w, "  %-*s  %s\n", width, c.name, c.summary)
	}
}
