"""What an author declares."""
import datetime
import inspect
import json
import os
import re
import sys
import traceback
import types

from . import http
from .arguments import Arg, check, object_schema
from .call import Call
from .contract import Declined, Fail, NeedInput, NotMine, pb
from .figures import Figure
from .host import Host, Link, moment
from .serving import describe, serve
from .words import BY_CODE, OWN, fill

VERSION = "0.1.0"


class Plugin:
    """A plugin: its tools, texts, needs and settings; serve() never returns.
    host is the host's services for what belongs to nobody."""

    def __init__(self, id, version, description, languages=("en",)):
        self.manifest = pb("Manifest")(id=id, version=version, description=description,
                                       sdk="python/" + VERSION, languages=languages)
        self.tools, self.settings, self.figures, self._texts = {}, {}, [], {}
        self._config = object_schema({})
        self._granted, self._on_settings, self._on_schedule, self._on_notice = [], None, None, None
        self.link = Link()
        self.link.places, self.opener = self.granted_places, http.opener(self.link)
        self.host = Host(self.link)
        self.clock = clock

    def needs(self, kind, scope, reason):
        """Declares what the plugin wants; it has it only where it is granted."""
        self.manifest.needs.add(kind=kind, scope=scope, reason=reason)
        return self

    def granted(self, kind, scope=""):
        """Tells whether the operator granted a need."""
        return any(n.kind == kind and n.scope == scope for n in self._granted)

    def granted_places(self):
        """The (host, port) pairs that the operator granted."""
        return http.granted(self._granted, self.settings)

    def texts(self, lang, **texts):
        """Adds what the plugin says in one language, for Call.t."""
        self._texts.setdefault(lang, {}).update(texts)
        return self

    def check(self):
        """Raises a ValueError for a text that one language has and another has
        not; serve and tests begin with it."""
        for lang, texts in self._texts.items():
            for other, theirs in self._texts.items():
                for key in sorted(theirs.keys() - texts.keys()):
                    raise ValueError("texts: %s has no %r, which %s has" % (lang, key, other))

    def word(self, lang, key):
        """A text by its key, in a language or else in the plugin's first."""
        return self._word(self._texts, lang, key)

    def own(self, call, key, **values):
        """A text of the helper's own, in the language of a call."""
        return fill(self._word(OWN, call.locale, key), values)

    def _word(self, table, lang, key):
        for want in (lang, *self.manifest.languages, "en"):
            if key in table.get(want, {}):
                return table[want][key]
        raise KeyError("there is no text %r" % key)

    def vocabulary(self, lang, rules=None, **lists):
        """Declares what the sentences of a language share: rules for <name>,
        and for {name} lists, {what is said: value} or [what is said]."""
        v = self.manifest.vocabulary.add(lang=lang, rules=rules or {})
        for name, values in lists.items():
            pairs = values.items() if isinstance(values, dict) else ((said, said) for said in values)
            for said, value in pairs:
                getattr(v.lists[name].values, "values").add(**{"in": said}, out=json.dumps(value).encode())
        return self

    def config(self, on_change=None, **members):
        """Declares the configuration: name=Arg(...) or name=(Arg(...), default).
        on_change gets each new one before calls do; a ValueError refuses it."""
        pairs = {n: m if isinstance(m, tuple) else (m, inspect.Parameter.empty) for n, m in members.items()}
        self._config, self._on_settings = object_schema(pairs), on_change
        self.manifest.config_schema = json.dumps(self._config).encode()
        return self

    def counter(self, name, help, *labels):
        """Declares a figure that only grows; its name ends with _total."""
        if not name.endswith("_total"):
            raise ValueError("counter %s: expected a name that ends with _total" % name)
        return self._figure(Figure(name, help, True, labels))

    def gauge(self, name, help, *labels):
        """Declares a figure that goes up and down."""
        return self._figure(Figure(name, help, False, labels))

    def _figure(self, figure):
        self.figures.append(figure)
        return figure

    def on_schedule(self, f):
        """Declares the function below it as what happens when a schedule is
        due: f(call, due), due with name, data, at and late. What fails is done
        again a few times, so doing it twice must do no harm."""
        self._on_schedule = f
        return f

    def on_notice(self, f):
        """The same for a notice that a person acknowledged: f(call, notice)."""
        self._on_notice = f
        return f

    def tool(self, description, *, say=None, examples=None, reply=None, read_only=False, additive=False,
             destructive=False, idempotent=False, open_world=False, stateful=False, confirm=None, confirm_when="always",
             timeout=None, verify=None, undo=None):
        """Declares the function below it as a tool; its first parameter is the
        Call, the others are the arguments. It returns a text, or a dict that
        becomes text by reply, {lang: template}. say is {lang: [sentence]},
        examples {lang: {utterance: {argument: value}}}.

        verify(call, **arguments) reads back whether the effect holds: verified,
        not_yet or failed, or a pair of that and what was seen.
        undo(call, data, **arguments) takes a call back, data being the dict that
        it returned, and returns what to tell the person; timeout is in seconds."""
        def declare(f):
            members = {n: (Arg.of(p.annotation), p.default) for n, p in list(inspect.signature(f).parameters.items())[1:]}
            schema = object_schema(members)
            spec = self.manifest.tools.add(
                name=f.__name__, description=description, input_schema=json.dumps(schema).encode(), idempotent=idempotent,
                open_world=open_world, stateful=stateful, verifiable=verify is not None, undoable=undo is not None)
            spec.effect = 1 if read_only else 2 if additive else 3
            if timeout:
                spec.timeout.FromMilliseconds(int(timeout * 1000))
            if confirm:
                spec.confirm.when = {"always": 3, "model": 2}[confirm_when]
                spec.confirm.text.update(confirm)
            for lang in {**(say or {}), **(examples or {})}:
                s = spec.sentences.add(lang=lang, patterns=(say or {}).get(lang, []))
                for text, args in (examples or {}).get(lang, {}).items():
                    s.examples.add(text=text, args=json.dumps(args).encode() if args else b"")
            self.tools[f.__name__] = types.SimpleNamespace(run=f, schema=schema, reply=reply or {}, verify=verify, undo=undo)
            return f
        return declare

    def log(self, level, text, **fields):
        """Writes one line to the host's log: trace, debug, info, warn, error."""
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        line = json.dumps({**fields, "@level": level, "@message": text, "@timestamp": now}, default=str)
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    def describe(self):
        """The manifest as JSON, for people."""
        return describe(self.manifest)

    def serve(self):
        """The plugin's whole main."""
        self.check()
        serve(self)

    # ---- what the host asks for, without any wire: tests use it too

    def configure(self, request):
        """Checks a ConfigureRequest and takes it over."""
        answer = pb("ConfigureResponse")()
        values = _decoded(request.values)
        if values is None:
            answer.diagnostics.add(fatal=True, summary="expected a JSON object")
            return answer
        for name, s in self._config["properties"].items():
            if name not in values and "default" in s:
                values[name] = s["default"]
        for path, wrong in check(self._config, values):
            answer.diagnostics.add(fatal=True, path=path, summary=wrong)
        if answer.diagnostics or request.validate_only:
            return answer
        before = self.settings, self._granted
        self.settings, self._granted = values, list(request.granted)
        self.link.connect(request.host)
        try:
            if self._on_settings:
                self._on_settings(values)
        except ValueError as e:
            self.settings, self._granted = before
            answer.diagnostics.add(fatal=True, summary=str(e))
        return answer

    def invoke(self, request, emit=lambda event: None):
        """Runs one InvokeRequest and returns its end, an InvokeResponse."""
        answer = pb("InvokeResponse")
        call = Call(self, request, emit)
        try:
            tool, args = self._understood(call, request.tool, request.args)
            return answer(result=call.result(tool.run(call, **args), tool.reply))
        except NeedInput as e:
            return answer(need_input=e.need)
        except NotMine as e:
            return answer(not_mine=pb("NotMine")(fallback=e.fallback))
        except Exception as e:
            return answer(problem=self._problem(call, e, tool=request.tool))

    def event(self, request):
        """Handles an OnEventRequest; what it raises tells the host to come back."""
        call = Call(self, request, lambda event: None)
        kind = request.WhichOneof("event")
        if kind == "schedule" and self._on_schedule:
            due = request.schedule
            self._on_schedule(call, types.SimpleNamespace(
                name=due.name, data=json.loads(due.data) if due.data else None, at=moment(due.due), late=due.late))
        elif kind == "notice" and self._on_notice:
            self._on_notice(call, request.notice.notice)
        else:
            raise Fail("unsupported", detail="plugin handles no such event")

    def verify(self, deed):
        """Reads back what a Deed did."""
        call, tool, args = self._deed(deed)
        if not tool.verify:
            raise Fail("unsupported", detail="the tool declares no verify")
        seen = tool.verify(call, **args)
        finding, seen = seen if isinstance(seen, tuple) else (seen, "")
        return pb("VerifyResponse")(finding={"verified": 1, "not_yet": 2, "failed": 3}[finding], seen=seen)

    def undo(self, deed):
        """Takes a Deed back."""
        call, tool, args = self._deed(deed)
        if not tool.undo:
            raise Fail("unsupported", detail="the tool declares no undo")
        try:
            return pb("UndoResponse")(text=tool.undo(call, json.loads(deed.data) if deed.data else None, **args))
        except Exception as e:
            return pb("UndoResponse")(problem=self._problem(call, e, tool=deed.tool))

    def _deed(self, deed):
        call = Call(self, deed, lambda event: None)
        return (call, *self._understood(call, deed.tool, deed.args))

    def _understood(self, call, name, raw):
        """The tool and its arguments, checked."""
        tool = self.tools.get(name)
        if tool is None:
            raise Fail("not_found", self.own(call, "unknown_tool", tool=name))
        args = _decoded(raw)
        if args is None:
            raise Fail("invalid", detail="the arguments are no JSON object")
        for path, wrong in check(tool.schema, args):
            raise Fail("invalid", self.own(call, "invalid_field", field=path[1:]), detail="%s %s" % (path, wrong))
        for key, s in tool.schema["properties"].items():  # a whole number may come as 3.0
            if key in args and s["type"] == "integer":
                args[key] = int(args[key])
        return tool, args

    def _problem(self, call, e, **fields):
        """A Problem: one sentence for the person, the whole for the author."""
        if isinstance(e, Declined):
            return pb("Problem")(code="forbidden", message=self.own(call, "declined"))
        reference = call.request_id or call.id
        if isinstance(e, Fail):
            text = e.text or self.own(call, BY_CODE.get(e.code, "internal"), reference=reference)
            return pb("Problem")(code=e.code, message=text, detail=e.detail, retryable=e.retryable)
        call.log("error", "tool failed", **fields, error=repr(e), stack=traceback.format_exc())
        return pb("Problem")(code="internal", message=self.own(call, "internal", reference=reference), detail=repr(e))


def _decoded(raw):
    """A JSON object, or None for what is none."""
    try:
        value = json.loads(raw or b"{}")
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def clock():
    """The time in UTC; a test's program has that of the test, see serve.WorldClock
    of the Go SDK: a moment, or how far it is ahead of the real time."""
    now = datetime.datetime.now(datetime.timezone.utc)
    try:
        with open(os.path.join(os.environ["JARVIS_TEST_WORLD"], "clock"), encoding="utf-8") as f:
            says = f.read()
    except (KeyError, OSError):
        return now
    if "T" in says:
        return datetime.datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", says).replace("Z", "+00:00"))
    units = {"h": 3600, "m": 60, "s": 1, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}
    return now + datetime.timedelta(seconds=sum(float(n) * units[u] for n, u in re.findall(r"([\d.]+)(h|ms|µs|ns|m|s)", says)))
