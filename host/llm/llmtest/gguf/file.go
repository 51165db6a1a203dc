package gguf

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// The format, version 3, is described at
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md: a header, metadata
// as typed keys and values, descriptions of tensors, then their numbers. All of
// it is little-endian, and tensors begin at multiples of the alignment.
const (
	magic     = "GGUF"
	version   = 3
	alignment = 32
	floatType = 0 // of a tensor: 32-bit floats
)

// entry is one key of the metadata. Its value is a uint32, float32, bool,
// string, []string or []int32.
type entry struct {
	key   string
	value any
}

// tensor is a matrix of rows by columns; a vector has one row.
type tensor struct {
	name          string
	columns, rows int
	data          []float32
}

// newMatrix is a tensor of zeros.
func newMatrix(name string, columns, rows int) *tensor {
	return &tensor{name, columns, rows, make([]float32, columns*rows)}
}

// set writes one number: how much the input column adds to the output row.
func (t *tensor) set(row, column int, v float64) { t.data[row*t.columns+column] = float32(v) }

// ones is a vector of ones.
func ones(name string, n int) *tensor {
	t := newMatrix(name, n, 1)
	for i := range t.data {
		t.data[i] = 1
	}
	return t
}

// writer counts what it writes, and keeps the first error.
type writer struct {
	w   *bufio.Writer
	n   int64
	err error
}

func (w *writer) put(v any) {
	if w.err == nil {
		w.err = binary.Write(w.w, binary.LittleEndian, v)
		w.n += int64(binary.Size(v))
	}
}

func (w *writer) text(s string) {
	w.put(uint64(len(s)))
	w.put([]byte(s))
}

func (w *writer) align() {
	if rest := w.n % alignment; rest > 0 {
		w.put(make([]byte, alignment-rest))
	}
}

// The numbers of the types of metadata.
const (
	typeUint32  = uint32(4)
	typeInt32   = uint32(5)
	typeFloat32 = uint32(6)
	typeBool    = uint32(7)
	typeString  = uint32(8)
	typeArray   = uint32(9)
)

func (w *writer) value(v any) {
	switch v := v.(type) {
	case uint32:
		w.put(typeUint32)
		w.put(v)
	case float32:
		w.put(typeFloat32)
		w.put(v)
	case bool:
		w.put(typeBool)
		w.put(v)
	case string:
		w.put(typeString)
		w.text(v)
	case []string:
		w.put([]uint32{typeArray, typeString})
		w.put(uint64(len(v)))
		for _, s := range v {
			w.text(s)
		}
	case []int32:
		w.put([]uint32{typeArray, typeInt32})
		w.put(uint64(len(v)))
		w.put(v)
	default:
		w.err = fmt.Errorf("metadata of type %T", v)
	}
}

// writeFile writes a whole file.
func writeFile(to io.Writer, meta []entry, tensors []*tensor) error {
	w := &writer{w: bufio.NewWriter(to)}
	w.put([]byte(magic))
	w.put(uint32(version))
	w.put([]uint64{uint64(len(tensors)), uint64(len(meta))})
	for _, e := range meta {
		w.text(e.key)
		w.value(e.value)
	}
	offset := uint64(0)
	for _, t := range tensors {
		offset = w.describe(t, offset)
	}
	w.align()
	for _, t := range tensors {
		w.put(t.data)
		w.align()
	}
	if w.err != nil {
		return fmt.Errorf("write model: %w", w.err)
	}
	return w.w.Flush()
}

// describe writes what a tensor is and where its numbers begin, and returns
// where the next one's do.
func (w *writer) describe(t *tensor, offset uint64) uint64 {
	w.text(t.name)
	if t.rows == 1 {
		w.put(uint32(1))
		w.put(uint64(t.columns))
	} else {
		w.put(uint32(2))
		w.put([]uint64{uint64(t.columns), uint64(t.rows)})
	}
	w.put(uint32(floatType))
	w.put(offset)
	size := uint64(len(t.data)) * 4
	return offset + (size+alignment-1)/alignment*alignment
}
