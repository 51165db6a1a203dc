package host

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/jarvis-host/jarvis/host/notice"
	"github.com/jarvis-host/jarvis/host/recording"
	"github.com/jarvis-host/jarvis/host/schedule"
	"github.com/jarvis-host/jarvis/host/services"
	"github.com/jarvis-host/jarvis/host/supervisor"
	"github.com/jarvis-host/jarvis/host/telemetry"
	"github.com/jarvis-host/jarvis/sdk"
)

// defaultTokens is how many tokens a plugin may use in a day when its section
// does not say.
const defaultTokens = 200_000

// pluginHost is what the host does for plugins.
type pluginHost struct {
	sections  pluginSections
	notices   *notice.Room
	schedules *schedule.Keeper
	desk      *services.Desk
}

// servicesDir is the folder of the socket for plugins, in the data directory.
const servicesDir = "services"

// newServices makes what the host does for plugins.
func (h *Host) newServices(conceal func(string)) error {
	h.notices = notice.New(notice.Options{
		Store: h.accounts.db, Now: time.Now, Acknowledged: h.noticeAcknowledged, Counted: h.metrics.Notices,
		Clean: h.scrubber.ScrubKnown,
	})
	h.schedules = schedule.New(schedule.Options{Store: h.accounts.db, Now: time.Now, Tell: h.tellDue, Failed: h.notTold})
	h.sections.set(h.cfg.Plugins)
	desk, err := services.Open(services.Options{
		Dir: filepath.Join(h.cfg.DataDir, servicesDir), Values: h.accounts.db, Schedules: h.schedules, Notices: h.notices, Model: h.model, Memory: h.memoryForPlugins(), Sessions: pluginTalk{h}, Now: time.Now, Conceal: conceal,
		Budget: &services.Tokens{Ledger: h.accounts.db, Now: h.model.now, Limit: func(payer string) int {
			return cmp.Or(h.sections.of(strings.TrimPrefix(payer, "plugin:")).TokensPerDay, defaultTokens)
		}},
		Settings: h.pluginSettings,
		Secret:   h.pluginSecret, Refused: h.serviceRefused,
		Panicked: func(method, value, stack string) {
			h.log.Error("service for plugins panicked", telemetry.KeyMethod, method, telemetry.KeyError, value, telemetry.KeyStack, stack)
		},
	})
	if err != nil {
		return err
	}
	h.desk = desk
	h.onStop("services for plugins", func(context.Context) error { return desk.Close() })
	return nil
}

// pluginSettings is a plugin's configuration; what can't be read is none.
func (h *Host) pluginSettings(plugin string) json.RawMessage {
	all, err := values(h.sections.of(plugin))
	if err != nil {
		return nil
	}
	return all
}

func (h *Host) pluginSecret(plugin, name string) (string, bool) {
	v, ok := h.sections.of(plugin).Secrets[name].(string)
	return v, ok
}

// serviceRefused writes down that a plugin asked for what it may not have.
func (h *Host) serviceRefused(plugin, need, method, call string) {
	h.log.Warn("plugin refused what was not granted", telemetry.KeyPlugin, plugin, telemetry.KeyNeed, need, telemetry.KeyMethod, method, telemetry.KeyCall, call)
}

// admission lets the supervisor admit plugins to the desk.
type admission struct{ desk *services.Desk }

// Admit implements [supervisor.Services].
func (a admission) Admit(plugin string, granted []sdk.Need) (sdk.HostAccess, supervisor.Pass) {
	return a.desk.Admit(plugin, granted)
}

// tellDue hands an event to the plugin whose schedule is due.
func (h *Host) tellDue(ctx context.Context, p schedule.Plan, due sdk.Due) error {
	return h.plugins.Tell(ctx, p.Plugin, &sdk.Occurrence{
		Info: sdk.CallInfo{
			Call: "event_" + rand.Text()[:16], Session: p.Session, User: p.User, Locale: p.Locale, TimeZone: p.Zone,
			Origin: sdk.OriginEvent, RequestID: "event_" + rand.Text()[:16],
		},
		Schedule: &due,
	})
}

// notTold writes down that a plugin was told in vain, or that plans can't be
// read or written.
func (h *Host) notTold(p schedule.Plan, err error) {
	level := hclog.Warn
	if sdk.ErrorCode(err) == sdk.CodeUnavailable {
		level = hclog.Debug // it is told when it is there
	}
	h.log.Log(level, "schedule not delivered", telemetry.KeyPlugin, p.Plugin, telemetry.KeySchedule, p.Name, telemetry.KeyTries, p.Tries, telemetry.KeyError, err)
}

// noticeAcknowledged tells the plugin whose notice reached a person. Plugins
// that do not want to know say so.
func (h *Host) noticeAcknowledged(n notice.Notice) {
	if n.Plugin == "" {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), acknowledgePatience)
		defer cancel()
		lang, z := h.userSettings(ctx, n.User)
		err := h.plugins.Tell(ctx, n.Plugin, &sdk.Occurrence{
			Info: sdk.CallInfo{
				Call: "event_" + rand.Text()[:16], User: n.User, Locale: lang, TimeZone: z, Origin: sdk.OriginEvent, RequestID: "event_" + rand.Text()[:16],
			},
			Notice: &sdk.Acknowledged{Notice: n.ID},
		})
		if err != nil && sdk.ErrorCode(err) != sdk.CodeUnsupported {
			h.log.Warn("acknowledgement not delivered", telemetry.KeyPlugin, n.Plugin, telemetry.KeyError, err)
		}
	}()
}

const acknowledgePatience = 10 * time.Second

// userSettings are an end user's language and time zone.
func (h *Host) userSettings(ctx context.Context, id string) (lang, zoneName string) {
	u, err := h.accounts.db.User(ctx, id)
	if err != nil {
		h.log.Warn("user not read", telemetry.KeyUser, id, telemetry.KeyError, err)
	}
	zoneName = u.Zone
	if zoneName == "" {
		zoneName = zone(h.cfg.TimeZone).String()
	}
	return h.detect("", u.Lang), zoneName
}

// runServices does what is due until ctx ends.
func (h *Host) runServices(ctx context.Context) {
	go h.notices.Run(ctx)
	h.schedules.Run(ctx)
}

// recordingsDir is the folder of recorded calls in the data directory.
const recordingsDir = "recordings"

// recordCalls keeps the last calls of the plugins whose sections ask for it.
func (h *Host) recordCalls() {
	recorder := &recording.Recorder{Dir: filepath.Join(h.cfg.DataDir, recordingsDir), Scrub: h.scrubber.Scrub}
	h.providers.recorded = func(plugin string) bool { return h.sections.of(plugin).Record > 0 }
	h.providers.record = func(plugin string, c recording.Call) {
		if err := recorder.Add(plugin, h.sections.of(plugin).Record, c); err != nil {
			h.log.Warn("call not recorded", telemetry.KeyPlugin, plugin, telemetry.KeyError, err)
		}
	}
}
