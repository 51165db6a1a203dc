package qdrant

import (
	"context"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/memory/qdrant/qdranttest"
)

// S09: calls that fail are repeated, and do not become many more for that.
func TestRepeatedCallsStayFew(t *testing.T) {
	f := double(t, nil)
	f.settle()
	f.server.Make(qdranttest.Trouble{Down: true})
	began, before := time.Now(), f.server.Calls("HealthCheck")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range 200 {
		if _, err := f.client.HealthCheck(ctx); err == nil {
			t.Fatal("a server that is down answered")
		}
	}
	asked := f.server.Calls("HealthCheck") - before
	most := 200 + 40 + 10 + int(time.Since(began).Seconds()/10) + 1
	if asked < 220 || asked > most {
		t.Errorf("200 calls became %d, want 220 to %d", asked, most)
	}
}
