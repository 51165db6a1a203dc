package llm_test

import (
	"errors"
	"iter"
	"testing"

	"go.uber.org/goleak"

	"github.com/jarvis-host/jarvis/host/llm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func collect(stream iter.Seq2[llm.Event, error]) (events []llm.Event, err error) {
	for ev, e := range stream {
		if e != nil {
			return events, e
		}
		events = append(events, ev)
	}
	return events, nil
}

func said(text string) llm.Request {
	return llm.Request{Messages: []llm.Message{{Role: llm.User, Content: text}}}
}

func wantClass(t *testing.T, err error, want llm.Class) *llm.Error {
	t.Helper()
	e, ok := errors.AsType[*llm.Error](err)
	if !ok {
		t.Fatalf("got error %v, want an *llm.Error of class %s", err, want)
	}
	if e.Class != want {
		t.Errorf("got class %s (%v), want %s", e.Class, err, want)
	}
	return e
}
