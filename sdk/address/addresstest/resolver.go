// Package addresstest has the names of the Internet lead where a test wants.
package addresstest

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"testing"
)

// LeadHere makes every name lead to 127.0.0.1 until the test ends, as names do
// whose owner rebinds them. Tests that use it do not run in parallel.
func LeadHere(t testing.TB) {
	t.Helper()
	before := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = before })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		go serve(there)
		return here, nil
	}}
}

// serve answers questions as they go over TCP (RFC 1035): each after its length.
func serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	var size [2]byte
	for {
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		q := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, q); err != nil {
			return
		}
		a := answer(q)
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(a))), a...)); err != nil { //nolint:gosec // well below 64 KiB
			return
		}
	}
}

func answer(q []byte) []byte {
	const head = 12
	end := head // of the question: its name, its type, its class
	for q[end] != 0 {
		end += int(q[end]) + 1
	}
	end += 5
	a := append([]byte{}, q[:end]...)
	a[2], a[3] = 0x81, 0x80 // a response, without an error
	clear(a[6:head])        // no answers, and nothing more
	if binary.BigEndian.Uint16(q[end-4:]) == 1 {
		a[7] = 1 // an IPv4 address was asked for
		a = append(a, 0xc0, head, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1)
	}
	return a
}
