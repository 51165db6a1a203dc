package wire

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/jarvis-host/jarvis/sdk/wire/hostpb"
	"github.com/jarvis-host/jarvis/sdk/wire/pluginpb"
	"github.com/jarvis-host/jarvis/sdk/wire/wiretest"
)

// D08: nothing that an earlier contract names was taken away or changed its place;
// cmd/jarvis runs plugins that were built with them.
func TestTheContractStillHasAllThatEarlierOnesHad(t *testing.T) {
	for _, then := range []wiretest.Contract{wiretest.First, wiretest.Second} {
		broken, err := then.Broken(today(t, nil))
		if err != nil || len(broken) > 0 {
			t.Errorf("plugins of contract %q don't understand this one (%v):\n%s", then, err, strings.Join(broken, "\n"))
		}
	}
}

func TestWhatBreaksEarlierPluginsIsFound(t *testing.T) {
	message := func(f *descriptorpb.FileDescriptorProto, name string) *descriptorpb.DescriptorProto {
		i := slices.IndexFunc(f.GetMessageType(), func(m *descriptorpb.DescriptorProto) bool { return m.GetName() == name })
		return f.GetMessageType()[i]
	}
	for want, change := range map[string]func(f *descriptorpb.FileDescriptorProto){
		"jarvis.plugin.v1.Manifest.id was optional string = 1 and is optional string = 901": func(f *descriptorpb.FileDescriptorProto) {
			message(f, "Manifest").GetField()[0].Number = proto.Int32(901)
		},
		"jarvis.plugin.v1.Manifest.id was optional string = 1 and is optional bytes = 1": func(f *descriptorpb.FileDescriptorProto) {
			message(f, "Manifest").GetField()[0].Type = descriptorpb.FieldDescriptorProto_TYPE_BYTES.Enum()
		},
		"jarvis.plugin.v1.Manifest.id was optional string = 1 and is repeated string = 1": func(f *descriptorpb.FileDescriptorProto) {
			message(f, "Manifest").GetField()[0].Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
		},
		"jarvis.plugin.v1.Answer.declined is gone": func(f *descriptorpb.FileDescriptorProto) {
			m := message(f, "Answer")
			m.Field = m.Field[:1]
		},
		"jarvis.plugin.v1.EFFECT_DESTRUCTIVE = 3 is gone": func(f *descriptorpb.FileDescriptorProto) {
			f.GetEnumType()[0].GetValue()[3].Number = proto.Int32(4)
		},
		"jarvis.plugin.v1.Plugin.Describe(jarvis.plugin.v1.DescribeRequest, false) (jarvis.plugin.v1.DescribeResponse, false) is gone": func(f *descriptorpb.FileDescriptorProto) {
			f.GetService()[0].GetMethod()[0].ServerStreaming = proto.Bool(true)
		},
	} {
		broken, err := wiretest.First.Broken(today(t, change))
		if err != nil || !slices.Contains(broken, want) {
			t.Errorf("got %q, %v, want %q", broken, err, want)
		}
	}
}

// today is the contract of this tree, with a change of the plugins' part.
func today(t *testing.T, change func(*descriptorpb.FileDescriptorProto)) *protoregistry.Files {
	t.Helper()
	files := &protoregistry.Files{}
	for _, f := range []protoreflect.FileDescriptor{pluginpb.File_plugin_proto, hostpb.File_host_proto} {
		raw := protodesc.ToFileDescriptorProto(f)
		if change != nil && f == pluginpb.File_plugin_proto {
			change(raw)
		}
		made, err := protodesc.NewFile(raw, protoregistry.GlobalFiles)
		if err != nil {
			t.Fatal(err)
		}
		if err := files.RegisterFile(made); err != nil {
			t.Fatal(err)
		}
	}
	return files
}
