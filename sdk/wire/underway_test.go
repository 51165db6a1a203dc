package wire

import (
	"context"
	"testing"
	"testing/synctest"
)

// What a plugin answered while it drained is read to its end before its process goes.
func TestSettlingWaitsForTheAnswersThatAreBeingRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &Client{}
		c.Settle(t.Context()) // nothing is under way
		first, second := c.calls.enter(), c.calls.enter()
		settled := make(chan struct{})
		go func() { c.Settle(context.Background()); close(settled) }()
		first()
		synctest.Wait()
		select {
		case <-settled:
			t.Error("it settled while an answer was being read")
		default:
		}
		second()
		<-settled
		c.calls.enter()
		ended, end := context.WithCancel(t.Context())
		end()
		c.Settle(ended) // who has no time does not wait
	})
}
