package llm_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/ollama"
	"github.com/jarvis-host/jarvis/host/llm/openai"
)

// What a server sends for one token, and to end an answer, in both protocols.
const (
	nativeToken = `{"model":"toy","created_at":"2026-01-02T03:04:05.678901234Z","message":{"role":"assistant","content":" %05d"},"done":false}` + "\n"
	nativeEnd   = `{"model":"toy","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"}` + "\n"
	eventToken  = `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"toy","choices":[{"index":0,"delta":{"content":" %05d"},"finish_reason":null}]}` + "\n\n"
	eventEnd    = `data: {"model":"toy","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n"
)

// way is one way to read answers. ask calls token for each piece of an answer
// until it returns false.
type way struct {
	name, token, end string
	ask              func(ctx context.Context, token func() bool)
}

// ways are a bare relay, which reads lines and looks into none, and this
// project's, with all that bounds an answer, in both protocols.
func ways(b *testing.B, url string) []way {
	b.Helper()
	native, err := ollama.New(ollama.Config{URL: url})
	if err != nil {
		b.Fatal(err)
	}
	other, err := openai.New(openai.Config{URL: url})
	if err != nil {
		b.Fatal(err)
	}
	plain := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
	b.Cleanup(func() { native.Close(); other.Close(); plain.CloseIdleConnections() })
	through := func(p llm.Provider) func(context.Context, func() bool) {
		lane := llm.NewLane(llm.NewGuard(p, llm.DefaultLimits()), llm.LaneOptions{Concurrency: 256})
		r := llm.NewRouter([]llm.Route{{Provider: lane, Model: "toy"}}, llm.RouterOptions{})
		return func(ctx context.Context, token func() bool) {
			for _, err := range r.Stream(ctx, said("hi")) {
				if err != nil || !token() {
					return
				}
			}
		}
	}
	bare := func(ctx context.Context, token func() bool) {
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, url+"/api/chat", strings.NewReader(`{"model":"toy","stream":true}`))
		resp, err := plain.Do(req)
		if err != nil {
			return
		}
		defer func() { _ = resp.Body.Close() }()
		for lines := bufio.NewReaderSize(resp.Body, 4<<10); ; {
			if _, err := lines.ReadSlice('\n'); err != nil || !token() {
				return
			}
		}
	}
	return []way{
		{"bare", nativeToken, nativeEnd, bare}, {"ollama", nativeToken, nativeEnd, through(native)}, {"openai", eventToken, eventEnd, through(other)},
	}
}

// speaker serves answers of so many tokens. Each waits in the middle until wait
// is closed, if that is set.
type speaker struct {
	n    int
	wait <-chan struct{}
	gone chan<- struct{} // told when a client leaves
}

func (s speaker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	token, end := nativeToken, nativeEnd
	if strings.HasSuffix(r.URL.Path, "completions") {
		token, end = eventToken, eventEnd
	}
	flush := http.NewResponseController(w).Flush
	_, _ = fmt.Fprintf(w, token, 0)
	_ = flush()
	if s.wait != nil {
		select {
		case <-s.wait:
		case <-r.Context().Done():
			s.gone <- struct{}{}
			return
		}
	}
	var rest strings.Builder
	for i := 1; i < s.n; i++ {
		fmt.Fprintf(&rest, token, i)
	}
	_, _ = io.WriteString(w, rest.String()+end)
}

// BenchmarkAnswer is an answer of 200 tokens over a real connection: the time
// until its first token, and the time and memory of all.
func BenchmarkAnswer(b *testing.B) {
	const n = 200
	srv := httptest.NewServer(speaker{n: n})
	b.Cleanup(srv.Close)
	for _, w := range ways(b, srv.URL) {
		b.Run(w.name, func(b *testing.B) {
			b.ReportAllocs()
			var firsts time.Duration
			for b.Loop() {
				began, first, got := time.Now(), time.Duration(0), 0
				w.ask(b.Context(), func() bool {
					if got++; got == 1 {
						first = time.Since(began)
					}
					return true
				})
				if got < n {
					b.Fatalf("%d tokens", got)
				}
				firsts += first
			}
			b.ReportMetric(float64(firsts.Microseconds())/float64(b.N), "us-first")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/token")
		})
	}
}

// BenchmarkBesideBare lets the ways take turns, so that a busy machine is busy
// for all: how much later the first token comes than from a bare relay, and how
// long the whole answer takes beside it. Both are medians.
func BenchmarkBesideBare(b *testing.B) {
	const n = 200
	srv := httptest.NewServer(speaker{n: n})
	b.Cleanup(srv.Close)
	all := ways(b, srv.URL)
	firsts, wholes := make([][]float64, len(all)), make([][]float64, len(all))
	for b.Loop() {
		for i, w := range all {
			began, first := time.Now(), time.Duration(0)
			w.ask(b.Context(), func() bool {
				if first == 0 {
					first = time.Since(began)
				}
				return true
			})
			firsts[i] = append(firsts[i], float64(first.Nanoseconds()))
			wholes[i] = append(wholes[i], float64(time.Since(began).Nanoseconds()))
		}
	}
	median := func(of []float64) float64 { slices.Sort(of); return of[len(of)/2] }
	for i, w := range all[1:] {
		b.ReportMetric((median(firsts[i+1])-median(firsts[0]))/1e3, w.name+"-us-first-added")
		b.ReportMetric((median(wholes[i+1])-median(wholes[0]))/n, w.name+"-ns-token-added")
		b.ReportMetric(median(wholes[i+1])/median(wholes[0]), w.name+"-x-bare")
	}
}

// BenchmarkOpenStreams is the memory of an answer that is being given, both ends
// of the connection and the server's side among it (F13).
func BenchmarkOpenStreams(b *testing.B) {
	const n = 200
	for i, name := range []string{"bare", "ollama", "openai"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				release := make(chan struct{})
				srv := httptest.NewServer(speaker{n: 2, wait: release, gone: make(chan struct{}, n)})
				w := ways(b, srv.URL)[i]
				before := inUse()
				var begun, all sync.WaitGroup
				begun.Add(n)
				for range n {
					all.Go(func() {
						got := 0
						w.ask(b.Context(), func() bool {
							if got++; got == 1 {
								begun.Done()
							}
							return true
						})
					})
				}
				begun.Wait()
				b.ReportMetric(float64(inUse()-before)/n/1024, "KiB/stream")
				close(release)
				all.Wait()
				srv.Close()
			}
		})
	}
}

// inUse is the memory that is in use, in bytes.
func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse) //nolint:gosec // far below the bound
}

// BenchmarkCancel is the time from leaving an answer until its server has
// noticed (F15).
func BenchmarkCancel(b *testing.B) {
	gone := make(chan struct{}, 1)
	srv := httptest.NewServer(speaker{n: 2, wait: make(chan struct{}), gone: gone})
	b.Cleanup(srv.Close)
	for _, w := range ways(b, srv.URL) {
		b.Run(w.name, func(b *testing.B) {
			var took time.Duration
			for b.Loop() {
				var left time.Time
				w.ask(b.Context(), func() bool { left = time.Now(); return false })
				<-gone
				took += time.Since(left)
			}
			b.ReportMetric(float64(took.Microseconds())/float64(b.N), "us-to-server")
		})
	}
}
