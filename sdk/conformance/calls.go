package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
)

const (
	// textMissing is what an SDK logs when a plugin asks for a text that it does not
	// have.
	textMissing = "text is missing"
	// obeyLimit is how long a plugin may work on after a call is over for its
	// host.
	obeyLimit = 500 * time.Millisecond
	// callLimit is how long a sample call may take.
	callLimit = 10 * time.Second
)

func callChecks() []check {
	return []check{
		{"call.unknown_tool", "refuses a tool that it does not have", refusesUnknownTool},
		{"call.no_object", "refuses arguments that are no object", refusesNoObject},
		{"call.missing_argument", "refuses calls without a required argument", refusesMissing},
		{"call.mistyped_argument", "refuses arguments of the wrong type", refusesMistyped},
		{"call.looks_after", "looks after what its calls did where it says so, and only with arguments of theirs", looksAfter},
		{"call.ends_once", "ends each call once, without a failure of its own", endsOnce},
		{"call.ungranted", "says politely that it may not, with nothing granted", refusesPolitely},
		{"call.declared", "reaches for nothing that it does not declare", reachesForWhatItDeclares},
		{"call.worded", "has words for each structured result, in each of its languages", wordsResults},
		{"call.cancel", fmt.Sprintf("stops working within %v of a cancelled call", obeyLimit), obeysCancel},
		{"call.deadline", fmt.Sprintf("stops working within %v of a deadline", obeyLimit), obeysDeadline},
		{"call.parallel", "answers 64 calls at once", answersMany},
	}
}

// invoke makes one call and returns its end.
func (s *suite) invoke(ctx context.Context, in *sdk.Invocation) (sdk.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, s.limit(callLimit))
	defer cancel()
	var end sdk.Event
	for ev, err := range s.proc.Handler().Invoke(ctx, in) {
		if err != nil {
			if errors.Is(ctx.Err(), context.DeadlineExceeded) { // what the wire calls it helps nobody
				return nil, fmt.Errorf("tool %s with %s did not end within %v", in.Tool, cut(in.Args), s.limit(callLimit))
			}
			return nil, fmt.Errorf("tool %s with %s: %w", in.Tool, cut(in.Args), err)
		}
		end = ev
	}
	return end, nil
}

func cut(raw json.RawMessage) string {
	if len(raw) > 80 {
		return string(raw[:80]) + "…"
	}
	return string(raw)
}

// refused makes a call that must end with a problem of the caller's making.
func (s *suite) refused(ctx context.Context, tool string, args json.RawMessage) error {
	end, err := s.invoke(ctx, s.invocation(tool, s.lang(), args, 0))
	if sdk.ErrorCode(err) == sdk.CodeInvalid { // refused before any tool saw it
		return nil
	}
	if err != nil {
		return err
	}
	p, ok := end.(sdk.Problem)
	switch {
	case !ok:
		return fmt.Errorf("tool %s took %s and ended with %T, expected a problem with code invalid", tool, cut(args), end)
	case p.Code != sdk.CodeInvalid && p.Code != sdk.CodeNotFound:
		return fmt.Errorf("tool %s with %s: problem has code %s, expected invalid", tool, cut(args), p.Code)
	case p.Message == "":
		return fmt.Errorf("tool %s with %s: the problem has no words for the person", tool, cut(args))
	}
	return nil
}

func refusesUnknownTool(ctx context.Context, s *suite) error {
	return s.refused(ctx, "no_such_tool", json.RawMessage("{}"))
}

func refusesNoObject(ctx context.Context, s *suite) error {
	var wrong []error
	for _, t := range s.manifest.Tools {
		for _, args := range []string{`[]`, `"x"`, `{"a":`} {
			wrong = append(wrong, s.refused(ctx, t.Name, json.RawMessage(args)))
		}
	}
	return errors.Join(wrong...)
}

func refusesMissing(ctx context.Context, s *suite) error {
	var wrong []error
	for _, t := range s.manifest.Tools {
		if schema, err := parseSchema(t.InputSchema); err == nil && len(schema.Required) > 0 {
			wrong = append(wrong, s.refused(ctx, t.Name, json.RawMessage("{}")))
		}
	}
	if len(wrong) == 0 {
		return skip("no tool requires an argument")
	}
	return errors.Join(wrong...)
}

func refusesMistyped(ctx context.Context, s *suite) error {
	var wrong []error
	for _, t := range s.manifest.Tools {
		schema, err := parseSchema(t.InputSchema)
		if err != nil {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
			v, ok := wrongType(schema.Properties[name])
			if !ok {
				continue
			}
			args := map[string]any{}
			_ = json.Unmarshal(least(t), &args) // it was written here
			args[name] = v
			raw, err := json.Marshal(args)
			if err != nil {
				return fmt.Errorf("write arguments: %w", err)
			}
			wrong = append(wrong, s.refused(ctx, t.Name, raw))
		}
	}
	if len(wrong) == 0 {
		return skip("no tool has an argument of a plain type")
	}
	return errors.Join(wrong...)
}

// sampled lists the sample calls; it is an error to have none.
func (s *suite) sampled() ([]sample, error) {
	all := s.samples()
	if len(all) == 0 {
		return nil, skip("no tool may be called: none is read-only, or no arguments are known; examples of sentences would tell some")
	}
	return all, nil
}

// clean reports what is wrong with the end of a call that was right.
func clean(in *sdk.Invocation, end sdk.Event) error {
	switch e := end.(type) {
	case nil:
		return fmt.Errorf("tool %s with %s ended without an end", in.Tool, cut(in.Args))
	case sdk.Problem:
		if e.Code == sdk.CodeInternal {
			return fmt.Errorf("tool %s with %s failed: %s", in.Tool, cut(in.Args), e.Detail)
		}
		if e.Message == "" {
			return fmt.Errorf("tool %s with %s: the problem %s has no words for the person", in.Tool, cut(in.Args), e.Code)
		}
	case sdk.NeedInput:
		if e.Text == "" {
			return fmt.Errorf("tool %s with %s asks a question without words", in.Tool, cut(in.Args))
		}
	case sdk.Result:
		if len(e.State) > sdk.MaxState {
			return fmt.Errorf("tool %s with %s returns %d bytes of state, at most %d are kept", in.Tool, cut(in.Args), len(e.State), sdk.MaxState)
		}
	}
	return nil
}

func (s *suite) try(ctx context.Context, x sample, n int) error {
	in := s.invocation(x.tool.Name, x.lang, x.args, n)
	end, err := s.invoke(ctx, in)
	if err != nil {
		return err
	}
	return clean(in, end)
}

func endsOnce(ctx context.Context, s *suite) error {
	all, err := s.sampled()
	if err != nil {
		return err
	}
	var wrong []error
	for i, x := range all {
		wrong = append(wrong, s.try(ctx, x, i))
	}
	return errors.Join(wrong...)
}

// refusesPolitely looks at the same calls as endsOnce, none of which was
// granted anything, once more: a plugin without needs shows nothing by them.
func refusesPolitely(ctx context.Context, s *suite) error {
	if len(s.manifest.Needs) == 0 {
		return skip("the plugin needs nothing")
	}
	return endsOnce(ctx, s)
}

// wished finds in what an SDK says of a refused request which place it was about.
var wished = regexp.MustCompile(`(?i)needs\("net", "([^"]+)"`)

// reachesForWhatItDeclares looks at what is refused, with nothing granted: whatever
// it is, an operator can grant only what the plugin declares.
func reachesForWhatItDeclares(ctx context.Context, s *suite) error {
	all, err := s.sampled()
	if err != nil {
		return err
	}
	var wrong []error
	for i, x := range all {
		end, err := s.invoke(ctx, s.invocation(x.tool.Name, x.lang, x.args, i))
		p, ok := end.(sdk.Problem)
		if err != nil || !ok {
			continue // call.ends_once looks at these
		}
		if place := wished.FindStringSubmatch(p.Detail); place != nil && !declares(s.manifest.Needs, place[1]) {
			wrong = append(wrong, fmt.Errorf("tool %s with %s: %s", x.tool.Name, cut(x.args), p.Detail))
		}
	}
	return errors.Join(wrong...)
}

// declares reports whether a need may cover a place; where the configuration leads
// is not known here.
func declares(needs []sdk.Need, place string) bool {
	return slices.ContainsFunc(needs, func(n sdk.Need) bool {
		return n.Kind == "net" && (strings.EqualFold(n.Scope, place) || strings.HasPrefix(n.Scope, "config:"))
	})
}

// wordsResults fails for texts that are missing, and warns of data that people read
// as it is.
func wordsResults(ctx context.Context, s *suite) error {
	all, err := s.sampled()
	if err != nil {
		return err
	}
	var found []string
	seen := map[string]bool{}
	for i, x := range all {
		for _, lang := range s.manifest.Languages {
			end, err := s.invoke(ctx, s.invocation(x.tool.Name, lang, x.args, i))
			r, ok := end.(sdk.Result)
			if err != nil || !ok || seen[x.tool.Name+lang] || !isData(r) {
				continue
			}
			seen[x.tool.Name+lang] = true
			found = append(found, fmt.Sprintf("tool %s has no words for its result in language %s: people read %s; give it a reply, or return a text",
				x.tool.Name, lang, cut(r.Data)))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.keys) > 0 {
		return fmt.Errorf("it has no text %s: people read the key", strings.Join(s.keys, ", "))
	}
	if len(found) > 0 {
		return warning(strings.Join(found, "; "))
	}
	return nil
}

// isData reports whether all that a result says is its data.
func isData(r sdk.Result) bool {
	var data, text any
	return json.Unmarshal(r.Data, &data) == nil && json.Unmarshal([]byte(r.Text), &text) == nil && reflect.DeepEqual(data, text)
}

func obeysCancel(ctx context.Context, s *suite) error {
	return s.obeys(ctx, func(ctx context.Context, x sample) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		time.AfterFunc(20*time.Millisecond, cancel)
		_, _ = s.invoke(ctx, s.invocation(x.tool.Name, x.lang, x.args, 0)) // how it ends does not matter
	})
}

func obeysDeadline(ctx context.Context, s *suite) error {
	return s.obeys(ctx, func(ctx context.Context, x sample) {
		ctx, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		_, _ = s.invoke(ctx, s.invocation(x.tool.Name, x.lang, x.args, 0))
	})
}

// obeys breaks calls off and waits until the plugin says that it works on none.
func (s *suite) obeys(ctx context.Context, breakOff func(context.Context, sample)) error {
	all, err := s.sampled()
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, x := range all {
		if seen[x.tool.Name] {
			continue
		}
		seen[x.tool.Name] = true
		breakOff(ctx, x)
		if err := s.idle(ctx); err != nil {
			return fmt.Errorf("tool %s: %w", x.tool.Name, err)
		}
	}
	return nil
}

// idle waits until no call is in flight, at most for obeyLimit.
func (s *suite) idle(ctx context.Context) error {
	late := time.Now().Add(s.limit(obeyLimit))
	for {
		h, err := s.proc.Handler().Health(ctx)
		if err != nil {
			return err
		}
		if h.InFlight == 0 {
			return nil
		}
		if time.Now().After(late) {
			return fmt.Errorf("%d calls still run %v after they were broken off; pass the call's context on to whatever waits", h.InFlight, s.limit(obeyLimit))
		}
		pause(ctx, 5*time.Millisecond)
	}
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-ctx.Done()
}

func answersMany(ctx context.Context, s *suite) error {
	return s.many(ctx, 64, 64)
}

// many makes n calls, some of them at once, until one goes wrong.
func (s *suite) many(ctx context.Context, n, parallel int) error {
	all, err := s.sampled()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range parallel {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := s.try(ctx, all[i%len(all)], i); err != nil {
					cancel(err) // the first one counts
				}
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}
