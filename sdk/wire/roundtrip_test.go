package wire

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/intent"
	"github.com/jarvis-host/jarvis/sdk/wire/pluginpb"
)

// random fills every field of a value that the contract has, so that a field
// that a conversion forgets makes the round trip fail.
func random(r *rand.Rand, v reflect.Value) {
	switch v.Interface().(type) {
	case sdk.Effect:
		v.SetInt(r.Int64N(4))
		return
	case sdk.ConfirmWhen:
		v.SetInt(r.Int64N(3))
		return
	case json.RawMessage:
		if r.IntN(4) > 0 {
			v.SetBytes([]byte(fmt.Sprintf(`{"n":%d,"null":null}`, r.Int())))
		}
		return
	case intent.List:
		v.Set(reflect.ValueOf(randomList(r)))
		return
	case time.Duration:
		v.SetInt(r.Int64N(int64(time.Hour)))
		return
	}
	randomKind(r, v)
}

func randomKind(r *rand.Rand, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(randomText(r))
	case reflect.Int:
		v.SetInt(r.Int64N(1 << 30))
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Float64:
		v.SetFloat(r.Float64())
	case reflect.Interface:
		v.Set(reflect.ValueOf([]any{randomText(r), 1.5, true, []any{nil}}[r.IntN(4)]))
	case reflect.Struct:
		for i := range v.NumField() {
			random(r, v.Field(i))
		}
	case reflect.Pointer:
		if r.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			random(r, v.Elem())
		}
	case reflect.Slice:
		for range r.IntN(3) {
			item := reflect.New(v.Type().Elem()).Elem()
			random(r, item)
			v.Set(reflect.Append(v, item))
		}
	case reflect.Map:
		for range r.IntN(3) {
			if v.IsNil() {
				v.Set(reflect.MakeMap(v.Type()))
			}
			item := reflect.New(v.Type().Elem()).Elem()
			random(r, item)
			v.SetMapIndex(reflect.ValueOf(randomText(r)), item)
		}
	default:
		panic("no random " + v.Type().String())
	}
}

func randomList(r *rand.Rand) intent.List {
	switch r.IntN(3) {
	case 0:
		return intent.List{Wildcard: true}
	case 1:
		var n intent.Range
		random(r, reflect.ValueOf(&n).Elem())
		return intent.List{Range: &n}
	}
	values := make([]intent.Value, r.IntN(3))
	for i := range values {
		random(r, reflect.ValueOf(&values[i]).Elem())
	}
	return intent.List{Values: values}
}

func randomText(r *rand.Rand) string {
	letters := []rune("abcé'\"{}<>\\\n\x00🙂 ")
	text := make([]rune, r.IntN(8))
	for i := range text {
		text[i] = letters[r.IntN(len(letters))]
	}
	return string(text)
}

// trip sends random values of a type over the wire and compares.
func trip[T any, M proto.Message](t *testing.T, from func(T) (M, error), to func(M) (T, error)) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var zero T
	for i := range 300 {
		value := reflect.New(reflect.TypeOf(&zero).Elem()).Elem()
		if i > 0 { // the zero value goes first
			random(r, value)
		}
		want := value.Interface().(T)
		pb, err := from(want)
		if err != nil {
			t.Fatalf("encode %+v: %v", want, err)
		}
		raw, err := proto.Marshal(pb)
		if err != nil {
			t.Fatalf("marshal %+v: %v", want, err)
		}
		back := pb.ProtoReflect().New().Interface().(M)
		if err := proto.Unmarshal(raw, back); err != nil {
			t.Fatal(err)
		}
		got, err := to(back)
		if err != nil {
			t.Fatalf("decode %+v: %v", want, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%T changed on its way (-want +got):\n%s", want, diff)
		}
	}
}

// sure makes a conversion that can't fail one that could.
func sure[A, B any](f func(A) B) func(A) (B, error) {
	return func(a A) (B, error) { return f(a), nil }
}

func TestManifestsSurviveTheWire(t *testing.T) {
	trip(t,
		func(m sdk.Manifest) (*pluginpb.Manifest, error) { return fromManifest(&m) },
		func(pb *pluginpb.Manifest) (sdk.Manifest, error) {
			m, err := toManifest(pb)
			if err != nil {
				return sdk.Manifest{}, err
			}
			return *m, nil
		})
}

func TestCallsSurviveTheWire(t *testing.T) {
	trip(t,
		func(in sdk.Invocation) (*pluginpb.InvokeRequest, error) { return fromInvocation(&in), nil },
		func(pb *pluginpb.InvokeRequest) (sdk.Invocation, error) {
			in, err := toInvocation(pb)
			return *in, err
		})
}

func TestConfigurationsSurviveTheWire(t *testing.T) {
	trip(t, sure(fromConfiguration), toConfiguration)
	trip(t,
		func(c sdk.Configured) (*pluginpb.ConfigureResponse, error) { return fromConfigured(&c) },
		func(pb *pluginpb.ConfigureResponse) (sdk.Configured, error) {
			c, err := toConfigured(pb)
			return *c, err
		})
	none, err := fromConfigured(&sdk.Configured{Tools: []sdk.ToolSpec{}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := toConfigured(none); err != nil || got.Tools == nil {
		t.Errorf("no tools on offer became %+v, %v: those of the manifest", got, err)
	}
}

func TestEventsSurviveTheWire(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, zero := range []sdk.Event{sdk.Text{}, sdk.Progress{}, sdk.Result{}, sdk.Problem{}, sdk.NeedInput{}, sdk.NotMine{}} {
		for range 100 {
			v := reflect.New(reflect.TypeOf(zero)).Elem()
			random(r, v)
			raw, err := proto.Marshal(fromEvent(v.Interface().(sdk.Event)))
			if err != nil {
				t.Fatal(err)
			}
			var pb pluginpb.InvokeResponse
			if err := proto.Unmarshal(raw, &pb); err != nil {
				t.Fatal(err)
			}
			got, err := toEvent(&pb)
			if diff := cmp.Diff(v.Interface(), any(got)); diff != "" || err != nil {
				t.Fatalf("%T changed on its way (%v, -want +got):\n%s", zero, err, diff)
			}
		}
	}
}

func TestTextThatIsNoUTF8IsMendedInsteadOfLosingTheCall(t *testing.T) {
	if _, err := proto.Marshal(fromEvent(sdk.Result{Text: "caf\xe9", Speech: "\xff"})); err != nil {
		t.Errorf("marshal: %v", err)
	}
	got, err := toEvent(fromEvent(sdk.Text{Text: "caf\xe9"}))
	if err != nil || got != (sdk.Text{Text: "caf\uFFFD"}) {
		t.Errorf("text is %q, %v", got, err)
	}
}

func TestWhatBreaksTheContractIsAnErrorOfTheDecoder(t *testing.T) {
	bad := []byte("{")
	for name, f := range map[string]func() error{
		"no manifest":   func() error { _, err := toManifest(nil); return err },
		"config schema": func() error { _, err := toManifest(&pluginpb.Manifest{ConfigSchema: bad}); return err },
		"input schema":  func() error { _, err := toTool(&pluginpb.ToolSpec{InputSchema: bad}); return err },
		"output schema": func() error { _, err := toTool(&pluginpb.ToolSpec{OutputSchema: bad}); return err },
		"slots":         func() error { _, err := toSentences(&pluginpb.Sentences{Slots: []byte("[]")}); return err },
		"value":         func() error { _, err := toValue(&pluginpb.WordValue{Out: bad}); return err },
		"state": func() error {
			_, err := toEvent(&pluginpb.InvokeResponse{Event: &pluginpb.InvokeResponse_Result{Result: &pluginpb.Result{State: bad}}})
			return err
		},
		"empty event": func() error { _, err := toEvent(&pluginpb.InvokeResponse{}); return err },
		"arguments":   func() error { _, err := toInvocation(&pluginpb.InvokeRequest{Args: bad}); return err },
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestWhatANewerSideSaysIsTakenForTheWorst(t *testing.T) {
	tool, err := toTool(&pluginpb.ToolSpec{Effect: 99, Confirm: &pluginpb.Confirm{When: 99}})
	if err != nil || tool.Effect != sdk.EffectDestructive || tool.Confirm.When != sdk.ConfirmAlways {
		t.Errorf("tool is %+v, %v", tool, err)
	}
}

// FuzzDecode feeds what a plugin may send to the host's decoders: they never
// panic, and what they take comes back the same.
func FuzzDecode(f *testing.F) {
	manifest, err := fromManifest(&sdk.Manifest{ID: "x", Tools: []sdk.ToolSpec{{Name: "t", InputSchema: []byte(`{}`)}}})
	if err != nil {
		f.Fatal(err)
	}
	for _, m := range []proto.Message{
		manifest, fromEvent(sdk.Result{Text: "a", Listen: &sdk.Listen{TTL: 1}}), fromEvent(sdk.Progress{}),
		fromInvocation(&sdk.Invocation{Tool: "t", Args: []byte(`{}`)}), fromConfiguration(sdk.Configuration{}),
	} {
		raw, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		again(t, raw, &pluginpb.Manifest{}, toManifest, fromManifest)
		again(t, raw, &pluginpb.InvokeResponse{}, toEvent, sure(fromEvent))
		again(t, raw, &pluginpb.ConfigureResponse{}, toConfigured, fromConfigured)
		again(t, raw, &pluginpb.InvokeRequest{}, toInvocation, sure(fromInvocation))
		again(t, raw, &pluginpb.ConfigureRequest{}, toConfiguration, sure(fromConfiguration))
	})
}

func again[T any, M proto.Message](t *testing.T, raw []byte, pb M, to func(M) (T, error), from func(T) (M, error)) {
	t.Helper()
	if proto.Unmarshal(raw, pb) != nil {
		return
	}
	first, err := to(pb)
	if err != nil {
		return
	}
	back, err := from(first)
	if err != nil {
		t.Fatalf("what was decoded can't be encoded: %v", err)
	}
	second, err := to(back)
	if err != nil {
		t.Fatalf("what was encoded can't be decoded: %v", err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Fatalf("second decoding differs:\n%s", diff)
	}
}
