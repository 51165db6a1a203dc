package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jarvis-host/jarvis/sdk"
)

// looksAfter asks after deeds that were none: with no arguments of the tool's,
// which have to be refused before anything is looked at or taken back. What a
// tool says that it can read back is read back, for that changes nothing.
func looksAfter(ctx context.Context, s *suite) error {
	r, ok := s.proc.Handler().(sdk.Reviser)
	if !ok {
		return errors.New("the plugin can't be asked what became of its calls")
	}
	ctx, cancel := context.WithTimeout(ctx, s.limit(callLimit))
	defer cancel()
	var wrong []error
	for _, t := range s.manifest.Tools {
		d := func(args json.RawMessage) *sdk.Deed {
			in := s.invocation(t.Name, s.lang(), args, 0)
			return &sdk.Deed{Info: in.Info, Tool: t.Name, Args: args}
		}
		_, err := r.Verify(ctx, d(json.RawMessage("[]")))
		wrong = append(wrong, declines(t.Name, "read-back", err))
		_, err = r.Undo(ctx, d(json.RawMessage("[]")))
		wrong = append(wrong, declines(t.Name, "undo", err))
		if !t.Verifiable {
			continue
		}
		if _, err := r.Verify(ctx, d(least(t))); sdk.ErrorCode(err) == sdk.CodeUnsupported {
			wrong = append(wrong, fmt.Errorf("tool %s declares a read-back and has none: %w", t.Name, err))
		}
	}
	return errors.Join(wrong...)
}

// declines says what is wrong with the answer to a deed that can't have been.
func declines(tool, what string, err error) error {
	switch code := sdk.ErrorCode(err); {
	case err == nil:
		return fmt.Errorf("%s of tool %s took [] for arguments, expected a problem with code invalid", what, tool)
	case code == sdk.CodeInvalid, code == sdk.CodeUnsupported, code == sdk.CodeNotFound:
		return nil
	default:
		return fmt.Errorf("%s of tool %s with []: problem has code %s, expected invalid, or unsupported where it declares none: %w", what, tool, code, err)
	}
}
