package embedded_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/embedded"
	"github.com/jarvis-host/jarvis/host/memory/memorytest"
)

// writeEnv makes the test binary the process that is killed; its value is the
// folder to write to.
const writeEnv = "JARVIS_TEST_MEMORY"

func TestMain(m *testing.M) {
	dir := os.Getenv(writeEnv)
	if dir == "" {
		os.Exit(m.Run())
	}
	fmt.Fprintln(os.Stderr, writeForever(os.Stdout, dir))
	os.Exit(1)
}

// writeForever prints the id of each episode once the store has it.
func writeForever(w io.Writer, dir string) error {
	s, err := embedded.Open(dir)
	if err != nil {
		return err
	}
	o, err := memory.OwnerOf("ana")
	if err != nil {
		return err
	}
	start := os.Getpid()
	for i := 0; ; i++ {
		e := memorytest.Episode(fmt.Sprintf("%d-%d", start, i), "s", fmt.Sprintf("word%d filler", i))
		if err := s.Write(context.Background(), o, memory.Batch{At: memorytest.Noon, Episodes: []memory.Episode{e}}); err != nil {
			return err
		}
		fmt.Fprintln(w, e.ID)
	}
}

func TestNothingAcknowledgedIsLostWhenTheProcessIsKilled(t *testing.T) { // M01
	const rounds, each = 4, 25
	dir, o := t.TempDir(), memorytest.Owner(t, "ana")
	var acknowledged []string
	for range rounds {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), writeEnv+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; n < each && lines.Scan(); n++ {
			acknowledged = append(acknowledged, lines.Text())
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it had still said
			acknowledged = append(acknowledged, lines.Text())
		}
		_ = cmd.Wait() // it was killed
	}
	if len(acknowledged) < rounds*each {
		t.Fatalf("only %d were written", len(acknowledged))
	}
	s := open(t, dir)
	kept, err := s.Episodes(t.Context(), o, memory.EpisodeFilter{})
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, e := range kept {
		there[e.ID] = true
	}
	for _, id := range acknowledged {
		if !there[id] && strings.Contains(id, "-") {
			t.Errorf("%s was acknowledged and is lost", id)
		}
	}
	f, err := s.Search(t.Context(), o, memory.Search{Terms: []string{"word3"}, Limit: 100})
	if err != nil || len(f.Episodes) < rounds {
		t.Errorf("the index holds %d of them, %v", len(f.Episodes), err)
	}
}
