// Package wiretest is plugins of other times: built against contracts that were
// frozen, or against one that is still to come. It shares no code with the SDK, so
// that a change of the contract which breaks what people have installed breaks a
// test.
package wiretest

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Contract is a state of the contract between hosts and plugins.
type Contract string

// The contracts.
const (
	// First is the first contract that was ever served.
	First Contract = "first"
	// Second is the one that added the host's services, events, figures, Verify
	// and Undo.
	Second Contract = "second"
	// Next is Second and what nobody knows yet: fields, a method, features.
	Next Contract = "next"
	// Major is one that this host can't speak; only its number is known.
	Major Contract = "major"
)

//go:embed contracts/*.binpb
var frozen embed.FS

// Files returns the descriptors of First, Second or Next, apart from those that the
// process has registered.
func (c Contract) Files() (*protoregistry.Files, error) {
	set, err := c.set()
	if err != nil {
		return nil, fmt.Errorf("contract %s: %w", c, err)
	}
	files, err := protodesc.NewFiles(set)
	if err != nil {
		return nil, fmt.Errorf("contract %s: %w", c, err)
	}
	return files, nil
}

func (c Contract) set() (*descriptorpb.FileDescriptorSet, error) {
	name := c
	if c == Next {
		name = Second
	}
	raw, err := frozen.ReadFile("contracts/" + string(name) + ".binpb")
	if err != nil {
		return nil, err
	}
	set := &descriptorpb.FileDescriptorSet{}
	if err := proto.Unmarshal(raw, set); err != nil {
		return nil, err
	}
	if c == Next {
		grow(set)
	}
	return set, nil
}

// novelty is a field that every message of Next has.
const novelty = "novelty"

// grow adds to each message a field, and to the plugin's service a method.
func grow(set *descriptorpb.FileDescriptorSet) {
	for _, f := range set.GetFile() {
		if f.GetPackage() != "jarvis.plugin.v1" {
			continue
		}
		for _, m := range f.GetMessageType() {
			m.Field = append(m.Field, &descriptorpb.FieldDescriptorProto{
				Name: proto.String(novelty), Number: proto.Int32(900),
				Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(), Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(),
			})
		}
		s := f.GetService()[0]
		dream, _ := proto.Clone(s.GetMethod()[0]).(*descriptorpb.MethodDescriptorProto)
		dream.Name = proto.String("Dream")
		s.Method = append(s.Method, dream)
	}
}

// Broken lists what in now is not as c has it, so that programs built against c
// would misunderstand a host of now: messages, fields, values and methods that are
// gone or another, one line each. What was added is not told.
func (c Contract) Broken(now *protoregistry.Files) ([]string, error) {
	then, err := c.Files()
	if err != nil {
		return nil, err
	}
	var out []string
	then.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(f.Package()), "jarvis.") {
			return true // protobuf's own
		}
		for m := range all(f.Messages()) {
			out = append(out, brokenMessage(m, now)...)
		}
		for e := range all(f.Enums()) {
			out = append(out, brokenEnum(e, now)...)
		}
		for s := range all(f.Services()) {
			out = append(out, brokenService(s, now)...)
		}
		return true
	})
	slices.Sort(out)
	return out, nil
}

// all lists descriptors.
func all[D protoreflect.Descriptor, L interface {
	Len() int
	Get(i int) D
}](list L) func(yield func(D) bool) {
	return func(yield func(D) bool) {
		for i := range list.Len() {
			if !yield(list.Get(i)) {
				return
			}
		}
	}
}

func find[D protoreflect.Descriptor](then D, now *protoregistry.Files) (d D, ok bool) {
	found, err := now.FindDescriptorByName(then.FullName())
	if err != nil {
		return d, false
	}
	d, ok = found.(D)
	return d, ok
}

func brokenMessage(then protoreflect.MessageDescriptor, files *protoregistry.Files) (out []string) {
	now, ok := find(then, files)
	if !ok {
		return []string{string(then.FullName()) + " is gone"}
	}
	for f := range all(then.Fields()) {
		g := now.Fields().ByName(f.Name())
		if g == nil {
			out = append(out, string(f.FullName())+" is gone")
			continue
		}
		if was, is := shape(f), shape(g); was != is {
			out = append(out, fmt.Sprintf("%s was %s and is %s", f.FullName(), was, is))
		}
	}
	return out
}

// shape is what of a field a program must know to read it.
func shape(f protoreflect.FieldDescriptor) string {
	kind, oneof := f.Kind().String(), ""
	switch {
	case f.IsMap():
		kind = fmt.Sprintf("map<%s, %s>", shape(f.MapKey()), shape(f.MapValue()))
	case f.Message() != nil:
		kind = string(f.Message().FullName())
	case f.Enum() != nil:
		kind = string(f.Enum().FullName())
	}
	if o := f.ContainingOneof(); o != nil {
		oneof = " in " + string(o.Name())
	}
	return fmt.Sprintf("%s %s = %d%s", f.Cardinality(), kind, f.Number(), oneof)
}

func brokenEnum(then protoreflect.EnumDescriptor, files *protoregistry.Files) (out []string) {
	now, ok := find(then, files)
	if !ok {
		return []string{string(then.FullName()) + " is gone"}
	}
	for v := range all(then.Values()) {
		w := now.Values().ByName(v.Name())
		if w == nil || w.Number() != v.Number() {
			out = append(out, fmt.Sprintf("%s = %d is gone", v.FullName(), v.Number()))
		}
	}
	return out
}

func brokenService(then protoreflect.ServiceDescriptor, files *protoregistry.Files) (out []string) {
	now, ok := find(then, files)
	if !ok {
		return []string{string(then.FullName()) + " is gone"}
	}
	for m := range all(then.Methods()) {
		n := now.Methods().ByName(m.Name())
		if n == nil || signature(n) != signature(m) {
			out = append(out, fmt.Sprintf("%s%s is gone", m.FullName(), signature(m)))
		}
	}
	return out
}

func signature(m protoreflect.MethodDescriptor) string {
	return fmt.Sprintf("(%s, %v) (%s, %v)", m.Input().FullName(), m.IsStreamingClient(), m.Output().FullName(), m.IsStreamingServer())
}
