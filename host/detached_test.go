package host

import (
	"fmt"
	"testing"
	"time"
)

func TestStateOutsideOfConversationsIsEachUsersOwnAndBounded(t *testing.T) {
	now := time.Unix(0, 0)
	d := newDetached(func() time.Time { return now })
	ctx := t.Context()
	if err := d.of("anna").Set(ctx, "plugin/game", []byte("word")); err != nil {
		t.Fatal(err)
	}
	read := func(user string) string {
		got, err := d.of(user).Get(ctx, "plugin/game")
		if err != nil {
			t.Fatal(err)
		}
		return string(got)
	}
	if got := read("bela"); got != "" {
		t.Errorf("another end user reads %q", got)
	}
	if got := read("anna"); got != "word" {
		t.Errorf("after a while: got %q, want what was set", got)
	}
	for i := range detachedMax {
		now = now.Add(time.Second)
		d.of(fmt.Sprint(i))
	}
	if n := len(d.users); n > detachedMax {
		t.Errorf("%d end users are kept, want at most %d", n, detachedMax)
	}
	if got := read("anna"); got != "" {
		t.Errorf("whoever was away longest still has %q", got)
	}
	if err := d.of("anna").Set(ctx, "plugin/game", []byte("word")); err != nil {
		t.Fatal(err)
	}
	now = now.Add(detachedFor + time.Second)
	if got := read("anna"); got != "" {
		t.Errorf("after an hour alone: got %q, want nothing", got)
	}
}
