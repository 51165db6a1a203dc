package remote_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/jarvis-host/jarvis/host/llm/remote"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func connect(t *testing.T, addr string) *remote.Client {
	t.Helper()
	base, err := url.Parse("http://" + addr + "/v1")
	if err != nil {
		t.Fatal(err)
	}
	c := remote.New(remote.Config{
		Name: "p", Kind: "server", Base: base, Key: "k", ConnectTimeout: time.Second, HeaderTimeout: time.Minute, Now: time.Now,
	})
	t.Cleanup(c.Close)
	return c
}

// fault-H30: a provider that gives more answers at a time than there are connections
// by default has one for each; what is over its bound waits, and no longer than its
// own time.
func TestThereIsAConnectionForEachAnswerAtATimeAndNoMore(t *testing.T) {
	const answers, beside = 520, 64
	arrived, release := make(chan struct{}, 2*answers), make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-release
	}))
	defer srv.Close()
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := remote.New(remote.Config{
		Name: "p", Kind: "server", Base: base, ConnectTimeout: time.Minute, HeaderTimeout: time.Minute, Now: time.Now, Concurrency: answers,
	})
	defer c.Close()
	var all sync.WaitGroup
	defer all.Wait()
	defer close(release)
	for range answers + beside {
		all.Go(func() {
			if resp, err := c.Send(t.Context(), remote.Call{Path: "/x"}); err == nil {
				_ = resp.Body.Close()
			}
		})
	}
	for n := range answers + beside {
		select {
		case <-arrived:
		case <-time.After(30 * time.Second):
			t.Fatalf("%d requests arrived", n)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if resp, err := c.Send(ctx, remote.Call{Path: "/x"}); err == nil {
		_ = resp.Body.Close()
		t.Error("one more found a connection")
	}
	if len(arrived) > 0 {
		t.Error("one more reached the server")
	}
}

// TestAConnectionThatTheServerHasClosedIsNoFailure has a server that closes
// each connection when the second request comes, without a word, as llama.cpp's
// does.
func TestAConnectionThatTheServerHasClosedIsNoFailure(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	connections := make(chan int, 10)
	go func() {
		for n := 1; ; n++ {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			connections <- n
			r := bufio.NewReader(conn)
			if _, err := http.ReadRequest(r); err == nil {
				_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"n\":1}"))
				_, _ = r.ReadByte()
			}
			_ = conn.Close()
		}
	}()
	c := connect(t, l.Addr().String())
	for range 3 {
		var reply struct {
			N int `json:"n"`
		}
		if err := c.Do(t.Context(), remote.Call{Path: "x", Body: map[string]int{"a": 1}}, &reply); err != nil || reply.N != 1 {
			t.Fatalf("%+v, %v", reply, err)
		}
	}
	if len(connections) != 3 {
		t.Errorf("%d connections, want one for each request", len(connections))
	}
}

func TestThoughtsComeApartWhereverTheTextIsCut(t *testing.T) {
	const whole = "\n<think>\nIf a < b, </thin air>.</think>\n\nIt is <b> then."
	for size := 1; size <= len(whole); size++ {
		var split remote.Thoughts
		var thought, answer strings.Builder
		take := func(th, an string) { thought.WriteString(th); answer.WriteString(an) }
		for i := 0; i < len(whole); i += size {
			take(split.Feed(whole[i:min(i+size, len(whole))]))
		}
		take(split.End())
		if got := strings.TrimLeft(answer.String(), "\n"); thought.String() != "\nIf a < b, </thin air>." || got != "It is <b> then." {
			t.Errorf("pieces of %d: thought %q, answered %q", size, thought.String(), answer.String())
		}
	}
}

func TestAThoughtWithoutEndIsNoAnswer(t *testing.T) {
	var split remote.Thoughts
	thought, answer := split.Feed("<think>on and on </thi")
	more, rest := split.End()
	if thought+more != "on and on </thi" || answer+rest != "" {
		t.Errorf("thought %q, answered %q", thought+more, answer+rest)
	}
}

// broken is a stream that ends with an error.
type broken struct{ r *strings.Reader }

var errBroken = errors.New("broken")

func (b broken) Read(p []byte) (int, error) {
	if n, err := b.r.Read(p); err == nil {
		return n, nil
	}
	return 0, errBroken
}

func TestFieldsTellBlankLinesAndBreaks(t *testing.T) {
	lines := remote.NewFields(broken{strings.NewReader("a\r\n\r\nb\nhalf")})
	for _, want := range []string{"a", "", "b"} {
		if got, err := lines.Next(); err != nil || string(got) != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
	if _, err := lines.Next(); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}
