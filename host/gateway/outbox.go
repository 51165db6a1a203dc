package gateway

import (
	"strconv"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
)

// Bounds of what waits for a client.
const (
	maxWaiting  = 1 << 20 // bytes, for a client that reads slowly
	maxJoined   = 4 << 10 // bytes of the text of deltas that were joined
	maxPieces   = 16      // of them
	itemBytes   = 128     // what an item takes beside its text
	closeReason = 120     // bytes of text that fit into a close frame
)

// kind is what an item is.
type kind uint8

const (
	kindFrame   kind = iota // data is JSON that is ready
	kindDurable             // the same, with an event's name and number
	kindDelta               // data is text
	kindPing
	kindPong // data is the payload
	kindClose
)

// item is one thing that waits to be written.
type item struct {
	kind    kind
	code    int    // of a close
	event   string // of a durable frame
	seq     int64
	session string // of a delta
	turn    string
	offset  int
	pieces  int
	data    []byte
}

// outbox holds what waits to be written to one client, in order. Deltas of a
// turn that follow one another while they wait become one. It is bounded in
// bytes: what does not fit empties it, and nothing more goes in but a close.
//
// wake is called, without a lock, whenever something waits and nobody takes:
// whoever takes does so until take answers false. The zero value with a wake
// is ready.
type outbox struct {
	wake func()

	mu     sync.Mutex
	items  []item
	first  int // items before it were taken
	bytes  int
	taking bool
	closed bool // a close waits or was taken
	over   bool // something did not fit
}

// begin puts a first item in, which whoever calls it takes: nobody is woken.
func (o *outbox) begin(it item) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.items, o.bytes, o.taking = []item{it}, len(it.data)+itemBytes, true
}

// add puts an item last. It reports whether it fits.
func (o *outbox) add(it item) (fits bool) {
	wake, fits := o.put(it)
	if wake {
		o.wake()
	}
	return fits
}

func (o *outbox) put(it item) (wake, fits bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || o.over && it.kind != kindClose {
		return false, !o.over
	}
	if it.kind == kindClose {
		o.closed = true
	} else if !o.join(it) {
		// One long frame may exceed the bound while little waits: it would else
		// never reach its client, however often that one resumes.
		if o.bytes > maxWaiting/2 && o.bytes+len(it.data)+itemBytes > maxWaiting {
			o.over, o.items, o.first, o.bytes = true, nil, 0, 0
			return false, false
		}
		o.bytes += len(it.data) + itemBytes
		o.items = append(o.items, it)
	}
	if it.kind == kindClose {
		o.items = append(o.items, it)
	}
	wake = !o.taking && len(o.items) > o.first
	o.taking = o.taking || wake
	return wake, true
}

// join adds a delta's text to the last item when that is the same turn's, and
// replaces a pong that waits: only the newest needs an answer.
func (o *outbox) join(it item) bool {
	if len(o.items) == o.first {
		return false
	}
	last := &o.items[len(o.items)-1]
	if it.kind == kindPong && last.kind == kindPong {
		last.data = it.data
		return true
	}
	if it.kind != kindDelta || last.kind != kindDelta || last.turn != it.turn || last.session != it.session ||
		len(last.data)+len(it.data) > maxJoined || last.pieces >= maxPieces || o.bytes+len(it.data) > maxWaiting {
		return false
	}
	last.data = append(last.data, it.data...)
	last.pieces++
	o.bytes += len(it.data)
	return true
}

// take returns the first item. False means that nothing waits: the next item
// wakes anew.
func (o *outbox) take() (item, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.items) == o.first {
		o.taking, o.items, o.first = false, nil, 0
		return item{}, false
	}
	it := o.items[o.first]
	o.items[o.first] = item{}
	o.first++
	if it.kind != kindClose {
		o.bytes -= len(it.data) + itemBytes
	}
	return it, true
}

// drop forgets what waits, but for a close.
func (o *outbox) drop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	waiting := o.items[o.first:]
	if o.closed && len(waiting) > 0 {
		waiting = waiting[len(waiting)-1:] // nothing goes in behind it
	} else {
		waiting = nil
	}
	o.items, o.first, o.bytes = waiting, 0, 0
}

// ends says whether a close waits or was taken.
func (o *outbox) ends() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.closed
}

// overflowed says whether something did not fit.
func (o *outbox) overflowed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.over
}

// durable is the item of a durable frame.
func durable(f session.Frame) item {
	return item{kind: kindDurable, event: f.Type, seq: f.Seq, turn: f.Turn, data: f.Body}
}

// appendDelta writes a delta's frame behind b.
func appendDelta(b []byte, it item) []byte {
	b = append(b, `{"type":"`+protocol.TypeDelta+`","session":"`...)
	b = append(b, it.session...) // ids of ours need no quoting
	b = append(b, `","turn":"`...)
	b = append(b, it.turn...)
	b = append(b, `","offset":`...)
	b = strconv.AppendInt(b, int64(it.offset), 10)
	b = append(b, `,"text":`...)
	b, _ = jsontext.AppendQuote(b, it.data) // bad UTF-8 becomes U+FFFD
	return append(b, '}')
}
