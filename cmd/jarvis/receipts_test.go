package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jarvis-host/jarvis/host/gateway"
	"github.com/jarvis-host/jarvis/host/protocol"
)

type receiptList struct {
	Items []gateway.Receipt `json:"items"`
	Next  string            `json:"next"`
}

func (h *hostProcess) receipts(query string) receiptList {
	h.t.Helper()
	var all receiptList
	if code := h.get("/v1/receipts"+query, &all); code != http.StatusOK {
		h.t.Fatalf("GET /v1/receipts%s: %d", query, code)
	}
	return all
}

// receiptTold is what a receipt says of its call.
func receiptTold(r gateway.Receipt) string {
	return strings.TrimSpace(strings.Join([]string{r.Plugin, r.Tool, string(r.Arguments), r.State, r.Summary, r.Undo}, " "))
}

// E26: what was done is taken back after host and plugin were killed, with what
// the call answered with then; the receipts tell what was done, by whom asked,
// and that it was taken back.
func TestAnEffectIsTakenBackAfterARestart(t *testing.T) {
	config := quiet + withLamp
	h := startHost(t, "", config)
	h.ready("door")
	c := h.dial("a")
	c.ask("dim the lamp to 30")
	c.ask("dim the lamp to 0")
	h.kill()

	h = startHost(t, h.dir, config)
	h.ready("door")
	again := h.dial("b")
	again.session = c.session
	if got := again.ask("annule ça").done.Text; got != "back at 30" {
		t.Errorf("after a restart: got %q", got)
	}
	all := h.receipts("?plugin=door").Items
	if len(all) != 2 {
		t.Fatalf("receipts: %+v", all)
	}
	for i, want := range []string{`door dim {"level":0} verified  undone`, `door dim {"level":30} verified`} {
		r := all[i]
		if got := receiptTold(r); got != want || r.Session != c.session || r.Turn == "" || r.Origin != "sentence" || r.RequestID == "" || r.Ended == nil {
			t.Errorf("receipt %d: got %q of %+v, want %q", i, got, r, want)
		}
	}
	if all[0].Undoable || !all[1].Undoable || all[0].UndoAt == nil {
		t.Errorf("what can be taken back: %+v", all)
	}
}

// An end user sees and takes back their own receipts over REST, an operator
// everybody's; whoever follows the conversation is told.
func TestReceiptsAreTakenBackOverREST(t *testing.T) {
	h := startHost(t, "", quiet+withLamp)
	h.ready("door")
	bobs := h.newUser("bob")
	bob := h.dialAs("b", bobs)
	bob.next(protocol.TypeHello)
	bob.ask("dim the lamp to 40")
	var ran gateway.ToolRun
	if code := h.rest(http.MethodPost, "/v1/tools/door/dim", `{"level":50}`, &ran); code != http.StatusOK || ran.Receipt == "" {
		t.Fatalf("run: %d, %+v", code, ran)
	}
	operators := h.receipts("").Items
	if len(operators) != 2 || operators[0].ID != ran.Receipt || operators[0].Origin != "api" {
		t.Fatalf("an operator sees %+v", operators)
	}
	if named := h.receipts("?user=bob").Items; len(named) != 1 || named[0].Session != bob.session {
		t.Errorf("of bob: %+v", named)
	}
	page := h.receipts("?limit=1")
	if next := h.receipts("?limit=1&after=" + page.Next); len(next.Items) != 1 || next.Items[0].ID != operators[1].ID || next.Next != "" {
		t.Errorf("the second page: %+v", next)
	}

	operator := h.key
	undo := func(key, id, lang string) (code int, answer struct {
		gateway.Undone
		Error struct{ Code, Message string }
	},
	) {
		t.Helper()
		h.key = key
		defer func() { h.key = operator }()
		code = h.restWith(http.MethodPost, "/v1/receipts/"+id+"/undo", "", &answer, "Accept-Language", lang)
		return code, answer
	}
	if code, a := undo(bobs, ran.Receipt, "fr"); code != http.StatusNotFound || !strings.Contains(a.Error.Message, "reçu") {
		t.Errorf("somebody else's: %d, %+v", code, a)
	}
	if code, a := undo(operator, ran.Receipt, "en"); code != http.StatusOK || a.Text != "back at 40" || a.State != "undone" {
		t.Errorf("undo: %d, %+v", code, a)
	}
	if code, a := undo(operator, ran.Receipt, "fr"); code != http.StatusConflict || !strings.Contains(a.Error.Message, "déjà annulé") {
		t.Errorf("twice: %d, %+v", code, a)
	}
	if code, a := undo(bobs, operators[1].ID, "en"); code != http.StatusOK || a.Text != "back at 0" {
		t.Errorf("bob's own: %d, %+v", code, a)
	}
	var step protocol.Tool
	bob.into(bob.next(protocol.TypeTool), &step)
	if step.State != "undone" || step.Call != operators[1].ID || step.Turn != operators[1].Turn {
		t.Errorf("bob's conversation is told %+v", step)
	}
	if code, a := undo(operator, "call_made_up", "en"); code != http.StatusNotFound || a.Error.Code != "not_found" {
		t.Errorf("made up: %d, %+v", code, a)
	}
	if code := h.get("/v1/receipts?after=made-up", nil); code != http.StatusBadRequest {
		t.Errorf("a cursor that was made up: %d", code)
	}
	if code := h.get("/v1/receipts?user=nobody", nil); code != http.StatusNotFound {
		t.Errorf("of nobody: %d", code)
	}
	// Whoever's conversation is gone has no receipts of it.
	h.key = bobs
	if code := h.rest(http.MethodDelete, "/v1/sessions/"+bob.session, "", nil); code != http.StatusNoContent {
		t.Errorf("delete the conversation: %d", code)
	}
	if left := h.receipts("").Items; len(left) != 0 {
		t.Errorf("left behind: %+v", left)
	}
}

// E12: of an effect that a crash of the host cut nobody says that it happened,
// or that it did not; it is not done again, and can't be taken back.
func TestAnEffectThatACrashCutIsToldAsNotKnown(t *testing.T) {
	config := quiet + "plugins:\n  door:\n    enabled: true\n    path: jarvis-plugin-door\n    grants: [hold]\n"
	h := startHost(t, "", config)
	h.ready("door")
	c := h.dial("a")
	c.say("hold the door")
	c.next(protocol.TypeAccepted)
	var step protocol.Tool
	c.into(c.next(protocol.TypeTool), &step)
	until(t, "the receipt", func() bool { return len(h.receipts("").Items) == 1 })
	h.kill()

	h = startHost(t, h.dir, config)
	h.ready("door")
	all := h.receipts("").Items
	if len(all) != 1 || all[0].ID != step.Call || all[0].State != "intended" || all[0].Ended != nil || all[0].Undoable {
		t.Errorf("after the crash: %+v", all)
	}
	if code := h.rest(http.MethodPost, "/v1/receipts/"+step.Call+"/undo", "", nil); code != http.StatusConflict {
		t.Errorf("undo: %d", code)
	}
}

// E27: an effect that is lost under a living host, because its plugin died
// or was late, is told as one that may have happened: in the answer, the receipt
// and the recap, in both languages. It is not made again.
func TestAnEffectThatIsLostUnderALivingHostIsToldAsNotKnown(t *testing.T) {
	h := startHost(t, "", quiet+"plugins:\n  door:\n    enabled: true\n    path: jarvis-plugin-door\n    grants: [hold, push]\n")
	h.ready("door")
	c := h.dial("a")
	c.say("hold the door")
	until(t, "the receipt", func() bool { return len(h.receipts("").Items) == 1 })
	dead := h.plugin("door").PID
	if err := syscall.Kill(dead, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	var done protocol.Done
	c.into(c.next(protocol.TypeDone), &done)
	if done.State != "failed" || done.Code != "unavailable" || !strings.Contains(done.Text, "It may have happened all the same") {
		t.Errorf("after its plugin's death: %+v", done)
	}
	until(t, "another door", func() bool { p := h.plugin("door"); return p.State == "ready" && p.PID != dead })
	late := c.ask("pousse la porte")
	if late.done.Code != "timeout" || !strings.Contains(late.done.Text, "peut-être fait") || late.tools[len(late.tools)-1].State != "unverified" {
		t.Errorf("late: %+v", late)
	}
	recap := told(c.ask("what did you just do?"))
	if strings.Count(recap, "asked for, but not confirmed (") != 2 || strings.Contains(recap, "Tried, without success") {
		t.Errorf("the recap:\n%s", recap)
	}
	all := h.receipts("").Items
	if len(all) != 2 {
		t.Fatalf("receipts: %+v", all)
	}
	for _, r := range all {
		if r.State != "intended" || r.Ended == nil || r.Undoable || r.Summary == "" {
			t.Errorf("receipt: %+v", r)
		}
	}
}

// I06: the same Idempotency-Key on a tool's route is answered as before and has
// one effect, after a restart too; with another call it is refused, and where the
// host's end cut the call it is told as one that may have happened.
func TestAToolIsRunOnceForAnIdempotencyKey(t *testing.T) {
	config := quiet + "plugins:\n  door:\n    enabled: true\n    path: jarvis-plugin-door\n    grants: [dim, hold, push]\n"
	h := startHost(t, "", config)
	h.ready("door")
	run := func(tool, args, key string) (code int, answer string) {
		t.Helper()
		var raw json.RawMessage
		code = h.restWith(http.MethodPost, "/v1/tools/door/"+tool, args, &raw, "Idempotency-Key", key)
		return code, regexp.MustCompile(`"request_id":"[^"]*"`).ReplaceAllString(string(raw), "")
	}
	effects := func(want int) {
		t.Helper()
		if got := h.receipts("").Items; len(got) != want {
			t.Errorf("%d effects, want %d: %+v", len(got), want, got)
		}
	}
	// Many at once, and again.
	var all sync.WaitGroup
	answers := make([]string, 5)
	for i := range answers {
		all.Go(func() {
			code, a := run("dim", `{"level":30}`, "one")
			answers[i] = strconv.Itoa(code) + a
		})
	}
	all.Wait()
	first := answers[0]
	if !strings.HasPrefix(first, "200") || !strings.Contains(first, `"receipt"`) || len(slices.Compact(answers)) != 1 {
		t.Fatalf("answers: %q", answers)
	}
	late, lateAnswer := run("push", "{}", "two")
	if late != http.StatusRequestTimeout || !strings.Contains(lateAnswer, "may have happened") {
		t.Errorf("late: %d %s", late, lateAnswer)
	}
	// What is refused has done nothing, and is decided anew.
	if code, a := run("open", `{"door":"red"}`, "three"); code != http.StatusForbidden {
		t.Errorf("not granted: %d %s", code, a)
	}
	effects(2)
	go func() { // the host's end cuts it
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+h.addr+"/v1/tools/door/hold", nil)
		req.Header.Set("Authorization", "Bearer "+h.key)
		req.Header.Set("Idempotency-Key", "four")
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
		}
	}()
	until(t, "the call", func() bool { return len(h.receipts("").Items) == 3 })
	h.kill()

	h = startHost(t, h.dir, strings.Replace(config, "push", "push, open", 1))
	h.ready("door")
	if code, a := run("open", `{"door":"red"}`, "three"); code != http.StatusConflict || !strings.Contains(a, "in a conversation") {
		t.Errorf("granted since: %d %s", code, a)
	}
	if code, a := run("dim", `{"level":30}`, "one"); strconv.Itoa(code)+a != first {
		t.Errorf("after a restart: %d %s, first %s", code, a, first)
	}
	if code, a := run("push", "{}", "two"); code != late || a != lateAnswer {
		t.Errorf("late, after a restart: %d %s, first %s", code, a, lateAnswer)
	}
	if code, a := run("dim", `{"level":60}`, "one"); code != http.StatusConflict || !strings.Contains(a, "used for another request") {
		t.Errorf("its key for something else, after a restart: %d %s", code, a)
	}
	if code, a := run("hold", "", "four"); code != http.StatusConflict || !strings.Contains(a, "may have happened") {
		t.Errorf("what the host's end cut: %d %s", code, a)
	}
	effects(3)
}

// The list of tools is what the caller may call: nothing of a plugin whose
// effects are not granted, and to a guest nothing of a plugin they were not
// invited to.
func TestEverybodyIsOfferedTheToolsThatTheyMayCall(t *testing.T) {
	h := startHost(t, "", quiet+withLamp)
	h.ready("door")
	offered := func(key string) (names []string) {
		t.Helper()
		var all struct {
			Items []gateway.Tool `json:"items"`
		}
		mine := h.key
		h.key = key
		defer func() { h.key = mine }()
		if code := h.get("/v1/tools", &all); code != http.StatusOK {
			t.Fatalf("GET /v1/tools: %d", code)
		}
		for _, o := range all.Items {
			if o.Plugin == "door" {
				names = append(names, o.Name)
			}
		}
		slices.Sort(names)
		return names
	}
	if got := offered(h.key); !slices.Equal(got, []string{"dim", "kick", "listen", "wait"}) { // dim is granted, the others only read
		t.Errorf("an operator is offered %q", got)
	}
	if got := offered(h.newUser("guest", "--role", "guest")); len(got) != 0 {
		t.Errorf("a guest is offered %q", got)
	}
}

// S07: the arguments of a call over REST go through no conversation, and still no
// secret of the host's gets into its receipt: not on disk, not in what is listed.
// Its effect is not taken back, for what is kept is not what was done.
func TestAReceiptHoldsNoSecretOfTheHosts(t *testing.T) {
	bird := newCanary("shop")
	file := filepath.Join(t.TempDir(), "shop.key")
	if err := os.WriteFile(file, []byte(bird.value), 0o600); err != nil {
		t.Fatal(err)
	}
	h := startHost(t, "", quiet+strings.Replace(withKitchen, "env:SHOP_SECRET", "file:"+file, 1)+
		strings.Replace(strings.TrimPrefix(withLamp, "plugins:\n"), "[dim]", "[knock]", 1))
	h.ready("door", "kitchen")
	var ran gateway.ToolRun
	if code := h.rest(http.MethodPost, "/v1/tools/door/knock", `{"door":`+quoted(bird.value)+`}`, &ran); code != http.StatusOK {
		t.Fatalf("knock: %d", code)
	}
	all := h.receipts("?plugin=door").Items
	if len(all) != 1 || string(all[0].Arguments) != `{"door":"[redacted]"}` || all[0].Undoable {
		t.Errorf("receipts: %+v", all)
	}
	h.stop()
	for encoding, text := range bird.encodings() {
		if files := h.holdingExactly(text); len(files) > 0 {
			t.Errorf("the secret, written as %s, is in %v", encoding, files)
		}
	}
}
