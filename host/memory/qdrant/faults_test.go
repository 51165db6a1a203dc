package qdrant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	client "github.com/qdrant/go-client/qdrant"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/memorytest"
	"github.com/jarvis-host/jarvis/host/memory/qdrant/qdranttest"
)

func (f *fixture) expect(o memory.Owner, term string, degraded bool, want ...string) {
	f.T.Helper()
	ids, d := f.found(o, term)
	if !slices.Equal(ids, want) || d != degraded {
		f.Errorf("%s: found %v, degraded %t; want %v, %t", term, ids, d, want, degraded)
	}
}

func say(id, text string) memory.Batch {
	return memory.Batch{Episodes: []memory.Episode{memorytest.Episode(id, "s-"+id, text)}}
}

// With the server down everything works and says degraded; when it is back, it
// holds what was written and nothing that was forgotten meanwhile. M09 M05,
// fault-S11.
func TestOutage(t *testing.T) {
	f := double(t, nil)
	ana, ben := memorytest.Owner(t, "ana"), memorytest.Owner(t, "ben")
	f.server.Make(qdranttest.Trouble{Down: true})
	f.write(ana, say("e1", "one"))
	if err := f.Settle(t.Context()); !errors.Is(err, ErrDown) {
		t.Errorf("got %v", err)
	}
	f.expect(ana, "one", true, "e1")
	f.server.Make(qdranttest.Trouble{})
	f.settle()
	f.expect(ana, "one", false, "e1")
	f.write(ben, say("e1", "one"))
	f.write(ben, say("e2", "two"))
	f.expect(ben, "two", false, "e2") // before the index follows
	f.settle()
	f.even(ana, ben)

	f.server.Make(qdranttest.Trouble{Down: true})
	f.expect(ben, "two", true, "e2")
	if _, err := f.Delete(t.Context(), ben, "e2"); err != nil {
		t.Fatal(err)
	}
	if err := f.Erase(t.Context(), ana); err != nil {
		t.Fatal(err)
	}
	f.write(ben, say("e3", "three"))
	f.expect(ben, "two", true)
	if n := len(f.server.Points("test")); n != 3 {
		t.Fatalf("%d points: the test proves nothing", n)
	}
	// The host is restarted before the server is back: nobody remembers what was
	// forgotten.
	f.Store = f.another(f.truth, nil)
	f.server.Make(qdranttest.Trouble{})
	f.settle()
	f.even(ana, ben)
	f.expect(ben, "two", false)
	f.expect(ben, "three", false, "e3")
}

// What another process writes, such as the command line beside the host, is
// found at once, and followed.
func TestAnotherProcess(t *testing.T) {
	f := double(t, nil)
	ana := memorytest.Owner(t, "ana")
	dir := t.TempDir()
	f.Store = f.another(truth(t, dir), nil)
	f.write(ana, say("e1", "one"))
	f.settle()
	other := f.another(truth(t, dir), nil)
	if err := other.Write(t.Context(), ana, say("e2", "one")); err != nil {
		t.Fatal(err)
	}
	f.expect(ana, "one", false, "e1", "e2") // and so it is known
	if err := f.catchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.even(ana)
	if _, err := other.Delete(t.Context(), ana, "e1"); err != nil {
		t.Fatal(err)
	}
	if err := other.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.even(ana)
	f.expect(ana, "one", false, "e2")
	before := f.server.Calls("QueryBatch")
	f.settle()
	f.expect(ana, "one", false, "e2")
	if f.server.Calls("QueryBatch") == before {
		t.Error("the server is not asked any more")
	}
}

// A server that ignores its filters gives nobody another's memory. fault-S15.
func TestStrangersAreDropped(t *testing.T) {
	var counted []string
	f := double(t, func(o *Options) {
		o.Counted = func(_ string, err error) {
			if err != nil {
				counted = append(counted, err.Error())
			}
		}
	})
	ana, ben := memorytest.Owner(t, "ana"), memorytest.Owner(t, "ben")
	f.write(ana, say("e1", "one"))
	f.write(ben, say("e1", "one two"))
	f.write(ben, say("e2", "one"))
	f.settle()
	f.server.Make(qdranttest.Trouble{Leaks: true})
	f.expect(ana, "one", false, "e1")
	f.expect(ana, "two", false)
	if !slices.Contains(counted, ErrStrangers.Error()) {
		t.Error("nobody was told")
	}
}

// A slow server costs a search no more than it may take, and is asked no more
// until it is looked at again. What it holds is not compared for that. fault-S13.
func TestSlow(t *testing.T) {
	f := double(t, func(o *Options) { o.SearchWithin = time.Millisecond })
	ana := memorytest.Owner(t, "ana")
	f.write(ana, say("e1", "one"))
	f.settle()
	f.server.Make(qdranttest.Trouble{Slow: true})
	f.expect(ana, "one", true, "e1")
	asked, compared := f.server.Calls("QueryBatch"), f.server.Calls("Scroll")
	f.expect(ana, "one", true, "e1")
	if f.server.Calls("QueryBatch") != asked {
		t.Error("a server that is known to be slow is asked")
	}
	f.settle()
	if f.server.Calls("Scroll") != compared {
		t.Error("a server that was slow is compared")
	}
}

// Calls that may work a moment later are repeated; promises don't count as done.
func TestRepetitions(t *testing.T) {
	f := double(t, nil)
	ana := memorytest.Owner(t, "ana")
	f.settle()
	f.write(ana, say("e1", "one"))
	f.server.Make(qdranttest.Trouble{Failing: 2})
	f.settle()
	f.even(ana)
	f.server.Make(qdranttest.Trouble{Promises: true})
	f.write(ana, say("e2", "one"))
	if err := f.Settle(t.Context()); !errors.Is(err, errPromised) {
		t.Errorf("got %v", err)
	}
	f.expect(ana, "one", true, "e1", "e2")
	f.server.Make(qdranttest.Trouble{})
	f.settle()
	f.even(ana)
	f.expect(ana, "one", false, "e1", "e2")
}

// Points that a server lost without being down are missed, and written again.
func TestAudit(t *testing.T) {
	f := double(t, nil)
	ana := memorytest.Owner(t, "ana")
	f.write(ana, say("e1", "one"))
	f.write(ana, say("e2", "two"))
	f.settle()
	f.server.Lose(1)
	if err := f.audit(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.settle()
	f.even(ana)
	f.server.Wipe()
	f.expect(ana, "one", true, "e1")
	f.settle()
	f.even(ana)
	f.expect(ana, "one", false, "e1")
}

// A collection that somebody else made is left alone; one of ours that does not
// fit is made anew. fault-S14.
func TestForeignCollection(t *testing.T) {
	f := double(t, nil)
	ana := memorytest.Owner(t, "ana")
	f.write(ana, say("e1", "one"))
	soon, cancel := context.WithTimeout(t.Context(), callWithin)
	defer cancel()
	found := func(meta map[string]any) {
		t.Helper()
		f.server.Wipe()
		err := f.client.CreateCollection(soon, &client.CreateCollection{CollectionName: "test", Metadata: client.NewValueMap(meta)})
		if err != nil {
			t.Fatal(err)
		}
		f.lost.Store(true)
	}
	found(map[string]any{"made_by": "someone"})
	if err := f.Settle(t.Context()); !errors.Is(err, ErrDown) || !strings.Contains(err.Error(), `collection "test" holds something else`) {
		t.Errorf("got %v", err)
	}
	found(map[string]any{metaMaker: maker})
	f.settle()
	f.even(ana)
}

// A wrong key is told as what it is, and no key is.
func TestWrongKey(t *testing.T) {
	var log []string
	f := double(t, func(o *Options) {
		o.Server.Key = "planted-secret"
		o.Log = func(msg string, err error) { log = append(log, msg, err.Error()) }
	})
	err := f.Settle(t.Context())
	if !errors.Is(err, ErrDown) || !strings.Contains(err.Error(), "API key") {
		t.Errorf("got %v", err)
	}
	_ = f.Settle(t.Context())
	if len(log) != 2 || strings.Contains(strings.Join(log, " ")+err.Error(), "planted-secret") {
		t.Errorf("logged %q", log)
	}
}

// A server that is older than it should be is used, and told once.
func TestOldServer(t *testing.T) {
	var log []string
	f := double(t, func(o *Options) {
		o.Log = func(msg string, err error) { log = append(log, fmt.Sprint(msg, err)) }
	})
	ana := memorytest.Owner(t, "ana")
	f.server.Make(qdranttest.Trouble{Version: "1.9.2"})
	f.write(ana, say("e1", "one"))
	for range 2 {
		f.lost.Store(true)
		f.settle()
	}
	f.expect(ana, "one", false, "e1")
	if len(log) != 1 || !strings.Contains(log[0], "Qdrant 1.9.2") {
		t.Errorf("logged %q", log)
	}
	for version, old := range map[string]bool{"1.15.5": true, "1.16.0": false, "2.0.0": false, "0.11.1": true, "dev": false} {
		if Old(version) != old {
			t.Errorf("%s: %t", version, !old)
		}
	}
}

// Over TLS the server has to prove who it is, and only then gets the key.
func TestTLS(t *testing.T) {
	server, url, ca := qdranttest.ListenTLS(t)
	for name, c := range map[string]struct {
		caFile string
		fails  bool
	}{"known": {ca, false}, "unknown": {"", true}} {
		s := opened(t, Options{
			Truth: truth(t, t.TempDir()), Home: "home", SearchWithin: 10 * time.Second,
			Server: Server{URL: url, Key: qdranttest.Key, CAFile: c.caFile, Collection: "test"},
		})
		if err := s.Settle(t.Context()); (err != nil) != c.fails {
			t.Errorf("%s: %v", name, err)
		}
	}
	if server.Calls("Create") != 1 {
		t.Errorf("%d collections were made", server.Calls("Create"))
	}
}

// The server gets no text: numbers, ids and marks only. fault-K1.
func TestNoTextLeaves(t *testing.T) {
	f := double(t, nil)
	ana := memorytest.Owner(t, "ana")
	f.write(ana, memory.Batch{
		Episodes: []memory.Episode{memorytest.Episode("e1", "s", "canary in a coal mine")},
		Facts:    []memory.Fact{memorytest.Fact("f1", "canary birds", "e1")},
	})
	f.settle()
	raw, err := json.Marshal(f.server.Points("test"))
	if err != nil || len(f.server.Points("test")) != 2 || strings.Contains(string(raw), "canary") {
		t.Errorf("%s, %v", raw, err)
	}
}

// The background finds a server that was down at the start within 5 s of its
// return, and follows what is written. fault-S11.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := double(t, nil)
		ana := memorytest.Owner(t, "ana")
		f.server.Make(qdranttest.Trouble{Silent: true})
		f.write(ana, say("e1", "one"))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { f.Store.Run(ctx); close(ended) }()
		time.Sleep(time.Minute)
		f.expect(ana, "one", true, "e1")
		f.server.Make(qdranttest.Trouble{})
		time.Sleep(5 * time.Second)
		f.expect(ana, "one", false, "e1")
		f.even(ana)
		f.write(ana, say("e2", "two"))
		synctest.Wait()
		f.even(ana)
		f.server.Lose(1)
		time.Sleep(audits + lookUp)
		synctest.Wait()
		f.even(ana)
		cancel()
		<-ended
	})
}

func TestAddress(t *testing.T) {
	for url, want := range map[string]string{
		"http://127.0.0.1:6334": "127.0.0.1 6334 false", "https://q.example": "q.example 6334 true", "http://q:6333/": "q 6334 false",
		"http://[::1]:7000": "[::1] 7000 false", "q:6334": "", "ftp://q": "", "http://u:p@q": "", "http://q/path": "", "http://q:0": "", "": "",
	} {
		host, port, secure, err := Server{URL: url}.Address()
		got := ""
		if err == nil {
			got = strings.Join([]string{host, strconv.Itoa(port), map[bool]string{true: "true", false: "false"}[secure]}, " ")
		}
		if got != want {
			t.Errorf("%s: %q, %v; want %q", url, got, err, want)
		}
	}
}
