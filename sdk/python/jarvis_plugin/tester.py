"""Tries a plugin without Jarvis, for unittest or pytest:

    h = Tester(p, pages={"https://dice.example.org/fall": "4"})
    assert h.call("roll", "en", n=2).text == "..."

Sentences are matched by the host: `jarvis plugin verify .` tries the examples,
`jarvis plugin call . --say "roll two dice"` any other.
"""
import datetime
import io
import itertools
import json
import types
import urllib.error

from .contract import Fail, hb, pb

NEEDS = {"GetValue": "kv", "SetValue": "kv", "DeleteValue": "kv", "ListValues": "kv", "PutSchedule": "schedule",
         "ListSchedules": "schedule", "CancelSchedule": "schedule", "Notify": "notify", "Say": "session", "WithdrawNotice": "notify",
         "Generate": "llm", "Embed": "llm", "GetSecret": "secret", "SearchMemory": "memory", "Remember": "memory", "Forget": "memory"}

MAX_SAID = 4096  # characters of what is said at once


class Reply:
    """What came of a call: its text, and data when it returned a dict; the code
    of a problem, a question, or neither."""

    def __init__(self, texts, end):
        kind = end.WhichOneof("event")
        self.question = end.need_input.text if kind == "need_input" else None
        self.problem = end.problem.code if kind == "problem" else None
        self.not_mine = kind == "not_mine"
        self.detail = end.problem.detail
        self.text = "".join(texts) + (end.problem.message if self.problem else end.result.text)
        self.data = json.loads(end.result.data) if end.result.data else None
        self.listens = end.result.listen.tool or None


class Tester:
    """A small host with one plugin, one person and one conversation. pages is
    what call.http finds: {url: bytes, str or an exception}; deny names needs
    that are withheld, models what the language model answers, one after the
    other, secrets and memories what there is of them; now is where the clock
    stands."""

    def __init__(self, plugin, config=None, pages=None, deny=(), models=(), secrets=None, memories=(), zone="UTC",
                 now=datetime.datetime(2026, 5, 1, 18, 0, tzinfo=datetime.timezone.utc)):
        plugin.check()
        self.plugin, self.state, self.zone, self.now = plugin, b"", zone, now
        self.notices, self.said, self.schedules, self.values, self.prompts = [], [], {}, {}, []
        self.memories, self._models, self._secrets = list(memories), list(models), secrets or {}
        self._denied, self._values, self._gone, self._closed = set(deny), config or {}, False, set()
        self._ids, self._versions = itertools.count(1), itertools.count(1)
        plugin.opener, plugin.clock = Pages(pages or {}), lambda: self.now
        self.diagnostics = self.configure(self._values)
        plugin.link.ask, plugin.link.stream = self._ask, self._stream

    def call(self, tool, lang="en", answers=(), origin="model", **args):
        """Runs a tool; answers are the person's, None for one who declines."""
        request = pb("InvokeRequest")(tool=tool, args=json.dumps(args).encode(), state=self.state)
        self._stamp(request.info, lang, origin)
        for a in answers:
            request.answers.add(value=str(a).lower() if isinstance(a, bool) else "" if a is None else str(a), declined=a is None)
        texts = []
        end = self.plugin.invoke(request, lambda e: texts.append(e.text.text))
        if end.result.state:
            self.state = b"" if end.result.state == b"null" else end.result.state
        reply = Reply(texts, end)
        reply.deed = pb("Deed")(info=request.info, tool=tool, args=request.args, data=end.result.data)
        return reply

    def configure(self, config):
        """A new configuration, as an operator gives it; what is wrong with it."""
        self._values = config
        self._granted = [n for n in self.plugin.manifest.needs if " ".join((n.kind, n.scope)).strip() not in self._denied]
        request = pb("ConfigureRequest")(values=json.dumps(config).encode(), granted=self._granted)
        return [(d.path, d.summary) for d in self.plugin.configure(request).diagnostics]

    def deny(self, need):
        """Withholds a need from now on, such as "notify"."""
        self._denied.add(need)
        self.configure(self._values)

    def grant(self, need):
        """Gives a need back."""
        self._denied.discard(need)
        self.configure(self._values)

    def lose(self, gone=True):
        """Takes the host's services away, or gives them back."""
        self._gone = gone

    def acknowledge(self, notice, lang="en"):
        """What a person does with a notice, "notice-1"; the plugin hears of it."""
        if not self._close(notice):
            raise ValueError("notice %r is not open" % notice)
        request = pb("OnEventRequest")()
        self._stamp(request.info, lang, "event")
        request.notice.notice = notice
        self.plugin.event(request)

    def verify(self, reply):
        """Reads back what a call did: ("verified", what was seen)."""
        seen = self.plugin.verify(reply.deed)
        return {1: "verified", 2: "not_yet", 3: "failed"}[seen.finding], seen.seen

    def undo(self, reply, lang="en"):
        """Takes a call back, as a person who says "undo that"; another Tester can
        take back what this one did, as after a restart."""
        deed = pb("Deed")()
        deed.CopyFrom(reply.deed)
        deed.info.locale = lang
        done = self.plugin.undo(deed)
        end = pb("InvokeResponse")()
        if done.HasField("problem"):
            end.problem.CopyFrom(done.problem)
        return Reply([] if end.problem.code else [done.text], end)

    def advance(self, **time):
        """Moves the clock, advance(minutes=5), and lets fire what is due by
        then. Schedules by cron fire by name: fire("name")."""
        until = self.now + datetime.timedelta(**time)
        while due := min((s for s in self.schedules.values() if s.next and s.next <= until), key=lambda s: s.next, default=None):
            self.now = max(self.now, due.next)
            due.next = due.next + due.every if due.every else None
            self.fire(due.name)
        self.now = until

    def fire(self, name, lang=None):
        """Lets a schedule fire now."""
        due = self.schedules[name]
        if not due.every and not due.cron:
            del self.schedules[name]
        request = pb("OnEventRequest")()
        self._stamp(request.info, lang or due.lang, "event")
        request.schedule.name, request.schedule.data = name, due.data
        request.schedule.due.FromDatetime(self.now.astimezone(datetime.timezone.utc).replace(tzinfo=None))
        self.plugin.event(request)

    def _stamp(self, info, lang, origin):
        self._lang = lang
        info.call, info.locale, info.origin, info.time_zone = "call-%d" % next(self._ids), lang, origin, self.zone
        info.session, info.user, info.request_id = "session", "user", "request"

    # ---- the services of the host, in memory

    def _ask(self, call, method, request):
        if self._gone:
            raise Fail("unavailable", detail="the host is gone")
        kind, scope = NEEDS[method], ""
        if kind == "secret":
            scope = request.name
        elif kind == "memory":
            scope = "read" if method == "SearchMemory" else "write"
        if not any(n.kind == kind and n.scope == scope for n in self._granted):
            raise Fail("forbidden", detail="%r was not granted: declare it with needs(%r, %r, \"why\")" % ((kind + " " + scope).strip(), kind, scope))
        return getattr(self, "_" + method)(request, hb(method + "Response")())

    def _stream(self, call, method, request):
        yield from self._ask(call, method, request)

    def _kept(self, request):
        kept = self.values.get((request.scope, request.key))
        if kept and kept.expires and kept.expires <= self.now:
            kept = None
        return kept

    def _GetValue(self, request, answer):
        if kept := self._kept(request):
            answer.value.data, answer.value.version = kept.data, kept.version
        return answer

    def _SetValue(self, request, answer):
        kept = self._kept(request)
        if request.HasField("if_version") and request.if_version != (kept.version if kept else 0):
            raise Fail("conflict", detail="the value has another version")
        ttl = request.ttl.ToTimedelta() if request.HasField("ttl") else None
        answer.version = next(self._versions)
        self.values[request.scope, request.key] = types.SimpleNamespace(
            data=request.data, version=answer.version, expires=self.now + ttl if ttl else None)
        return answer

    def _DeleteValue(self, request, answer):
        answer.found = self._kept(request) is not None
        self.values.pop((request.scope, request.key), None)
        return answer

    def _ListValues(self, request, answer):
        keys = sorted(k for s, k in self.values if s == request.scope and k.startswith(request.prefix) and k > request.after)
        answer.keys.extend(keys[:request.limit or 1000])
        return answer

    def _PutSchedule(self, request, answer):
        s, kind = request.schedule, request.schedule.WhichOneof("when")
        if not kind:
            raise Fail("invalid", detail="expected one of at, every and cron")
        every = s.every.ToTimedelta() if kind == "every" else None
        at = s.at.ToDatetime().replace(tzinfo=datetime.timezone.utc) if kind == "at" else self.now + every if every else None
        self.schedules[s.name] = types.SimpleNamespace(name=s.name, next=at, every=every, cron=s.cron, data=s.data, lang=self._lang)
        answer.next.FromDatetime((at or self.now).astimezone(datetime.timezone.utc).replace(tzinfo=None))
        return answer

    def _ListSchedules(self, _request, answer):
        for s in self.schedules.values():
            p = answer.pending.add()
            p.schedule.name = s.name
            p.next.FromDatetime((s.next or self.now).astimezone(datetime.timezone.utc).replace(tzinfo=None))
        return answer

    def _CancelSchedule(self, request, answer):
        answer.found = self.schedules.pop(request.name, None) is not None
        return answer

    def _Notify(self, request, answer):
        self.notices.append(request.text)
        answer.notice = "notice-%d" % len(self.notices)
        return answer

    def _WithdrawNotice(self, request, answer):
        answer.found = self._close(request.notice)
        return answer

    def _close(self, notice):
        at = notice.rpartition("-")[2]
        there = at.isdigit() and 0 < int(at) <= len(self.notices) and notice not in self._closed
        self._closed.add(notice)
        return there

    def _Say(self, request, answer):
        if not request.text.strip():
            raise Fail("invalid", detail="text is empty")
        if len(request.text) > MAX_SAID:
            raise Fail("too_large", detail="text has %d characters, expected at most %d" % (len(request.text), MAX_SAID))
        if request.session not in ("", "session"):
            raise Fail("forbidden", detail="the plugin was not called in session %r" % request.session)
        self.said.append(request.text)
        answer.turn = "turn-%d" % len(self.said)
        return answer

    def _Generate(self, request, answer):
        self.prompts.append([(m.role, m.text) for m in request.messages])
        if not self._models:
            raise Fail("unavailable", detail="the test gives the language model no more answers: Tester(models=[...])")
        return [hb("GenerateResponse")(text=self._models.pop(0)), hb("GenerateResponse")(usage=hb("Usage")(model="test"))]

    def _Embed(self, request, answer):
        answer.model = "test"
        for text in request.texts:
            answer.vectors.add(values=[float(len(text)), float(sum(text.encode()) % 97)])
        return answer

    def _GetSecret(self, request, answer):
        if request.name not in self._secrets:
            raise Fail("not_found", detail="the test has no secret %r: Tester(secrets={...})" % request.name)
        answer.value = self._secrets[request.name]
        return answer

    def _SearchMemory(self, request, answer):
        for i, text in enumerate(self.memories):
            if text and set(request.query.lower().split()) & set(text.lower().split()):
                answer.memories.add(id=str(i), text=text)
        return answer

    def _Remember(self, request, answer):
        self.memories.append(request.text)
        answer.id = str(len(self.memories) - 1)
        return answer

    def _Forget(self, request, answer):
        answer.found = bool(self.memories[int(request.id)])
        self.memories[int(request.id)] = ""
        return answer


class Pages:
    """An opener that finds {url: bytes, str or an exception}."""

    def __init__(self, pages):
        self.pages = pages

    def open(self, request, timeout):
        page = self.pages.get(request.full_url)
        if page is None:
            raise urllib.error.HTTPError(request.full_url, 404, "no such page in this test", {}, None)
        if isinstance(page, Exception):
            raise page
        return io.BytesIO(page.encode() if isinstance(page, str) else page)
