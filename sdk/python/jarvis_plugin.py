"""Write a Jarvis plugin in Python: one file, no code generation.

    from jarvis_plugin import Arg, Plugin

    p = Plugin("dice", "1.0.0", "Rolls dice", languages=["fr", "en"])

    @p.tool("Roll dice", read_only=True, say={"fr": ["lance {n} dés"], "en": ["roll {n} dice"]})
    def roll(call, n: Arg(int, "How many", min=1, max=10) = 2):
        return {"fr": "Voilà.", "en": "There."}[call.locale]

    p.serve()

It needs grpcio, protobuf and cryptography (Debian: python3-grpcio,
python3-protobuf, python3-cryptography) and the file contract.binpb beside it:
the contract jarvis.plugin.v1 as protobuf's own description of it.

Tools run in threads of their own, several at once. A call that is cancelled,
or whose deadline passes, ends at its next line of Python.
"""
import base64
import ctypes
import datetime
import inspect
import io
import json
import os
import pkgutil
import queue
import re
import signal
import sys
import tempfile
import threading
import time
import traceback
import typing
import urllib.error
import urllib.parse
import urllib.request
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

VERSION = "0.1.0"
MAX_STATE = 64 << 10  # bytes of session state
MAX_QUESTIONS = 3  # of one call
MAX_BODY = 4 << 20  # bytes of an answer to call.http


def _messages():
    """Makes the contract's message classes, by name, from its description."""
    files = descriptor_pb2.FileDescriptorSet()
    files.ParseFromString(pkgutil.get_data(__name__, "contract.binpb"))
    pool = descriptor_pool.DescriptorPool()
    for f in files.file:
        pool.Add(f)
    make = getattr(message_factory, "GetMessageClass", None) or message_factory.MessageFactory(pool).GetPrototype
    return lambda name: make(pool.FindMessageTypeByName(name))


message = _messages()


def pb(name):
    """The message class of that name in jarvis.plugin.v1."""
    return message("jarvis.plugin.v1." + name)


class Fail(Exception):
    """An error whose text the person reads as it is. The codes are those of
    the contract: invalid, not_found, unavailable, conflict, ..."""

    def __init__(self, code, text, retryable=False):
        super().__init__(text)
        self.code, self.text, self.retryable = code, text, retryable


class Declined(Exception):
    """The person did not answer a question, or said no."""


class Cancelled(BaseException):
    """The call is over; raised in the tool's own thread."""


class _NeedInput(BaseException):
    def __init__(self, need):
        super().__init__()
        self.need = need


class _NotMine(BaseException):
    def __init__(self, fallback):
        super().__init__()
        self.fallback = fallback


class Arg:
    """A tool's argument or a setting: its type, what it means, what is allowed."""

    _types = {str: "string", int: "integer", float: "number", bool: "boolean"}

    def __init__(self, type, desc="", *, min=None, max=None, enum=None, pattern=None, secret=False):
        if typing.get_origin(type) is typing.Literal:
            type, enum = str, list(typing.get_args(type))
        self.type, self.desc, self.min, self.max = type, desc, min, max
        self.enum, self.pattern, self.secret = enum, pattern, secret

    @classmethod
    def of(cls, annotation):
        if isinstance(annotation, cls):
            return annotation
        return cls(str if annotation is inspect.Parameter.empty else annotation)

    def schema(self):
        if typing.get_origin(self.type) is list:
            (item,) = typing.get_args(self.type)
            s = {"type": "array", "items": {"type": self._types[item]}}
            bounds = ("minItems", "maxItems")
        else:
            s = {"type": self._types[self.type]}
            bounds = ("minLength", "maxLength") if self.type is str else ("minimum", "maximum")
        for key, value in (("description", self.desc), ("enum", self.enum), ("pattern", self.pattern),
                           (bounds[0], self.min), (bounds[1], self.max), ("writeOnly", self.secret)):
            if value is not None and value != "" and value is not False:
                s[key] = value
        return s


def _object(members):
    """The JSON Schema of an object with these members: {name: (Arg, default)}."""
    props, required = {}, []
    for name, (arg, default) in members.items():
        props[name] = arg.schema()
        if default is inspect.Parameter.empty:
            required.append(name)
        elif default is not None:
            props[name]["default"] = default
    return {"type": "object", "properties": props, "required": required, "additionalProperties": False}


def _isa(kind, v):
    if kind == "number":
        return isinstance(v, (int, float)) and not isinstance(v, bool)
    if kind == "integer":
        return isinstance(v, (int, float)) and not isinstance(v, bool) and v == int(v)
    return isinstance(v, {"string": str, "boolean": bool, "array": list, "object": dict}[kind])


def _check(schema, values):
    """Yields (JSON pointer, sentence) for each thing that is wrong."""
    for name in values:
        if name not in schema["properties"]:
            yield "/" + name, "is unknown, expected one of " + ", ".join(sorted(schema["properties"]))
    for name in schema["required"]:
        if name not in values:
            yield "/" + name, "is missing"
    for name, s in schema["properties"].items():
        if name in values:
            wrong = _wrong(s, values[name])
            if wrong:
                yield "/" + name, wrong


def _wrong(s, v):
    if not _isa(s["type"], v):
        return "expected %s, got %s" % (s["type"], json.dumps(v)[:80])
    size = len(v) if s["type"] in ("string", "array") else v
    low = s.get("minimum", s.get("minLength", s.get("minItems")))
    high = s.get("maximum", s.get("maxLength", s.get("maxItems")))
    if s["type"] != "boolean" and (low is not None and size < low or high is not None and size > high):
        return "expected %s to %s, got %s" % (low, high, size)
    if "enum" in s and v not in s["enum"]:
        return "expected one of %s" % ", ".join(map(str, s["enum"]))
    if "pattern" in s and not re.search(s["pattern"], v):
        return "expected to match %s" % s["pattern"]
    if s["type"] == "array" and not all(_isa(s["items"]["type"], item) for item in v):
        return "expected a list of %s" % s["items"]["type"]
    return None


class Call:
    """One call of a tool, and what the tool can do in it."""

    def __init__(self, plugin, request, emit, over):
        self._plugin, self._answers, self._emit, self._over = plugin, list(request.answers), emit, over
        info = request.info
        self.id, self.session, self.user = info.call, info.session, info.user
        self.locale, self.time_zone, self.origin = info.locale, info.time_zone, info.origin
        self.confirmed, self.request_id, self.utterance = info.confirmed, info.request_id, info.utterance
        self._state = request.state
        self.state = json.loads(request.state) if request.state else None
        self._listen = None

    @property
    def settings(self):
        """The plugin's configuration, a dict complete with its defaults."""
        return self._plugin.settings

    def text(self, text):
        """Says a piece of the answer at once."""
        self._emit(pb("InvokeResponse")(text=pb("Text")(text=text)))

    def progress(self, fraction, text=""):
        """Tells how far the call has come: 0 to 1, negative when unknown."""
        self._emit(pb("InvokeResponse")(progress=pb("Progress")(fraction=fraction, message=text)))

    def t(self, key, **values):
        """A text of Plugin.texts in the call's language, {names} filled in."""
        return _fill(self._plugin.word(self.locale, key), values)

    def ask(self, text):
        """Asks the person for a text. The tool runs again from its beginning
        with the answer, so do nothing before that must not happen twice."""
        return self._question("text", text).value

    def choose(self, text, options):
        """Asks for one of options, {value: label}; returns the value."""
        return self._question("choice", text, options).value

    def confirm(self, text):
        """Asks for a yes; no answer is a no."""
        try:
            return self._question("confirm", text).value == "true"
        except Declined:
            return False

    def _question(self, kind, text, options=None):
        if not self._answers:
            need = pb("NeedInput")(kind=kind, text=text)
            for value, label in (options or {}).items():
                need.options.add(value=value, label=label)
            raise _NeedInput(need)
        answer = self._answers.pop(0)
        if answer.declined:
            raise Declined()
        return answer

    def listen(self, tool, slot, seconds):
        """Takes the floor: the conversation's next utterances go to this tool."""
        self._listen = (tool, slot, seconds)

    def not_mine(self, fallback=""):
        """Ends the call of a tool that holds the floor: not my business."""
        raise _NotMine(fallback)

    def log(self, level, text, **fields):
        """Writes a line to the host's log, with the ids of the call."""
        self._plugin.log(level, text, call=self.id, request_id=self.request_id, **fields)

    def http(self, url, *, method="GET", data=None, headers=None, timeout=10):
        """Asks a web service that the operator granted; returns its body.
        Redirects are not followed, for they lead to places nobody granted."""
        where = urllib.parse.urlsplit(url)
        port = where.port or {"http": 80, "https": 443}.get(where.scheme)
        if (where.hostname, port) not in self._plugin.granted_hosts():
            raise Fail("forbidden", self.t("_not_granted", host="%s:%s" % (where.hostname, port)))
        request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
        with self._plugin.opener.open(request, timeout=timeout) as answer:
            body = answer.read(MAX_BODY + 1)
        if len(body) > MAX_BODY:
            raise ValueError("the answer of %s is over %d bytes" % (where.hostname, MAX_BODY))
        return body


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def _fill(template, values):
    return re.sub(r"\{(\w+)\}", lambda m: str(values.get(m[1], m[0])), template)


_OWN = {  # what the helper itself says
    "fr": {"_internal": "Quelque chose s'est mal passé.", "_not_granted": "Je n'ai pas le droit de joindre {host}.",
           "_declined": "D'accord, je laisse.", "_invalid": "Je n'ai pas compris : {what}."},
    "en": {"_internal": "Something went wrong.", "_not_granted": "I am not allowed to reach {host}.",
           "_declined": "All right, never mind.", "_invalid": "I did not understand: {what}."},
}


class Plugin:
    """What an author declares; serve() never returns."""

    def __init__(self, id, version, description, languages=("en",)):
        self.manifest = pb("Manifest")(id=id, version=version, description=description,
                                       sdk="python/" + VERSION, languages=languages)
        self.tools, self.settings, self._texts = {}, {}, {}
        self._config = _object({})
        self._granted, self._on_settings, self._on_event = [], None, None
        self._lock, self._running, self._draining = threading.Condition(), 0, False
        self.opener = urllib.request.build_opener(_NoRedirects)
        self.host = None

    def needs(self, kind, scope, reason):
        """Declares what the plugin wants; it has it only where it is granted."""
        self.manifest.needs.add(kind=kind, scope=scope, reason=reason)
        return self

    def texts(self, lang, **texts):
        """Adds what the plugin says in one language, for Call.t."""
        self._texts.setdefault(lang, {}).update(texts)
        return self

    def vocabulary(self, lang, rules=None, **lists):
        """Declares what the sentences of a language share: rules for <name>,
        and for {name} lists, {what is said: value} or [what is said]."""
        v = self.manifest.vocabulary.add(lang=lang, rules=rules or {})
        for name, values in lists.items():
            pairs = values.items() if isinstance(values, dict) else ((said, said) for said in values)
            for said, value in pairs:
                getattr(v.lists[name].values, "values").add(**{"in": said}, out=json.dumps(value).encode())
        return self

    def word(self, lang, key):
        """A text by its key, in a language or else in the plugin's first."""
        for table in (self._texts, _OWN):
            for want in (lang, *self.manifest.languages, "en"):
                if key in table.get(want, {}):
                    return table[want][key]
        raise KeyError("there is no text %r" % key)

    def config(self, on_change=None, **members):
        """Declares the configuration: name=Arg(...) or name=(Arg(...), default).
        on_change gets each new one before calls do; a ValueError refuses it."""
        pairs = {n: m if isinstance(m, tuple) else (m, inspect.Parameter.empty) for n, m in members.items()}
        self._config, self._on_settings = _object(pairs), on_change
        self.manifest.config_schema = json.dumps(self._config).encode()
        return self

    def tool(self, description, *, say=None, examples=None, reply=None, read_only=False, additive=False,
             destructive=False, idempotent=False, open_world=False, stateful=False, confirm=None, confirm_when="always"):
        """Declares the function below it as a tool; its first parameter is the
        Call, the others are the arguments. It returns a text, or a dict that
        becomes text by reply, {lang: template}. say is {lang: [sentence]},
        examples {lang: {utterance: {argument: value}}}."""
        def declare(f):
            members = {n: (Arg.of(p.annotation), p.default) for n, p in list(inspect.signature(f).parameters.items())[1:]}
            schema = _object(members)
            spec = self.manifest.tools.add(name=f.__name__, description=description, input_schema=json.dumps(schema).encode(),
                                           idempotent=idempotent, open_world=open_world, stateful=stateful)
            spec.effect = 1 if read_only else 2 if additive else 3
            if confirm:
                spec.confirm.when = {"always": 3, "model": 2}[confirm_when]
                spec.confirm.text.update(confirm)
            for lang in {**(say or {}), **(examples or {})}:
                s = spec.sentences.add(lang=lang, patterns=(say or {}).get(lang, []))
                for text, args in (examples or {}).get(lang, {}).items():
                    s.examples.add(text=text, args=json.dumps(args).encode() if args else b"")
            self.tools[f.__name__] = (f, schema, reply or {})
            return f
        return declare

    def granted_hosts(self):
        """The (host, port) pairs that the operator granted."""
        pairs = set()
        for need in self._granted:
            scope = need.scope
            if need.kind != "net":
                continue
            if scope.startswith("config:/"):
                url = urllib.parse.urlsplit(str(self.settings.get(scope[len("config:/"):], "")))
                pairs.add((url.hostname, url.port or {"http": 80, "https": 443}.get(url.scheme)))
            else:
                host, _, port = scope.rpartition(":")
                pairs.add((host.strip("[]"), int(port)))
        return pairs

    def log(self, level, text, **fields):
        """Writes one line to the host's log: trace, debug, info, warn, error."""
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        line = json.dumps({**fields, "@level": level, "@message": text, "@timestamp": now}, default=str)
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    # ---- a call, without any wire: tests use it too

    def invoke(self, request, emit=lambda event: None, over=None):
        """Runs one InvokeRequest and returns its end, an InvokeResponse."""
        answer = pb("InvokeResponse")
        call = Call(self, request, emit, over)
        try:
            return answer(result=self._run(call, request))
        except _NeedInput as e:
            return answer(need_input=e.need)
        except _NotMine as e:
            return answer(not_mine=pb("NotMine")(fallback=e.fallback))
        except Declined:
            return answer(problem=pb("Problem")(code="conflict", message=call.t("_declined")))
        except Fail as e:
            return answer(problem=pb("Problem")(code=e.code, message=e.text, retryable=e.retryable))
        except Exception as e:  # the person reads one sentence, the author the whole
            call.log("error", "tool failed", tool=request.tool, error=repr(e), stack=traceback.format_exc())
            return answer(problem=pb("Problem")(code="internal", message=call.t("_internal"), detail=repr(e)))

    def _run(self, call, request):
        if request.tool not in self.tools:
            raise Fail("not_found", call.t("_invalid", what=request.tool))
        f, schema, reply = self.tools[request.tool]
        try:
            args = json.loads(request.args or b"{}")
        except ValueError:
            args = None
        if not isinstance(args, dict):
            raise Fail("invalid", call.t("_invalid", what="JSON"))
        for path, wrong in _check(schema, args):
            raise Fail("invalid", call.t("_invalid", what="%s %s" % (path[1:], wrong)))
        for name, s in schema["properties"].items():  # a whole number may come as 3.0
            if name in args and s["type"] == "integer":
                args[name] = int(args[name])
        return self._result(call, f(call, **args), reply)

    def _result(self, call, out, reply):
        result = pb("Result")()
        if isinstance(out, str):
            result.text = out
        elif out is not None:
            result.data = json.dumps(out).encode()
            template = reply.get(call.locale)
            result.text = _fill(template, out) if template and isinstance(out, dict) else json.dumps(out, ensure_ascii=False)
        state = b"null" if call.state is None and call._state else json.dumps(call.state).encode() if call.state is not None else b""
        if len(state) > MAX_STATE:
            raise ValueError("the session state weighs %d bytes, at most %d are kept" % (len(state), MAX_STATE))
        if state != call._state:
            result.state = state
        if call._listen:
            tool, slot, seconds = call._listen
            result.listen.tool, result.listen.slot = tool, slot
            result.listen.ttl.FromMilliseconds(int(seconds * 1000))
        return result

    # ---- the wire

    def _serve_invoke(self, request, context):
        with self._lock:
            if self._draining:
                context.abort(grpc.StatusCode.UNAVAILABLE, "the plugin is draining")
            self._running += 1
        events, over = queue.Queue(), threading.Event()

        def work():
            try:
                events.put(self.invoke(request, events.put, over))
            except Cancelled:
                pass
            finally:
                events.put(None)
                with self._lock:
                    self._running -= 1
                    self._lock.notify_all()

        thread = threading.Thread(target=work, daemon=True)

        def end():  # the person, or the time, is gone
            over.set()
            events.put(None)
            if thread.is_alive():
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Cancelled))

        context.add_callback(end)
        thread.start()
        while (event := events.get()) is not None:
            yield event
            if event.WhichOneof("event") not in ("text", "progress"):
                return

    def _serve_configure(self, request, _context):
        answer = pb("ConfigureResponse")()
        try:
            values = json.loads(request.values or b"{}")
        except ValueError:
            values = None
        if not isinstance(values, dict):
            answer.diagnostics.add(fatal=True, summary="expected a JSON object")
            return answer
        for name, s in self._config["properties"].items():
            if name not in values and "default" in s:
                values[name] = s["default"]
        for path, wrong in _check(self._config, values):
            answer.diagnostics.add(fatal=True, path=path, summary=wrong)
        if answer.diagnostics or request.validate_only:
            return answer
        before = self.settings, self._granted
        self.settings, self._granted = values, list(request.granted)
        try:
            if self._on_settings:
                self._on_settings(values)
        except ValueError as e:
            self.settings, self._granted = before
            answer.diagnostics.add(fatal=True, summary=str(e))
        return answer

    def _serve_drain(self, request, _context):
        end = time.monotonic() + request.grace.ToMilliseconds() / 1000
        with self._lock:
            self._draining = True
            while self._running and time.monotonic() < end:
                self._lock.wait(end - time.monotonic())
            return pb("DrainResponse")(unfinished=self._running)

    def _handlers(self, done):
        unary, stream = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler
        out = lambda m: m.SerializeToString()  # noqa: E731

        def of(name):
            return pb(name).FromString

        def attach(requests, context):
            context.send_initial_metadata(())
            try:
                for _ in requests:
                    pass
            except Exception:  # the host is gone, however it went
                pass
            done.set()
            return
            yield

        def hold(_request, context):
            over = threading.Event()
            context.add_callback(over.set)
            over.wait()
            return
            yield

        health = lambda _r, _c: pb("HealthResponse")(ok=not self._draining, in_flight=self._running)  # noqa: E731
        handlers = grpc.method_handlers_generic_handler
        return (
            handlers("jarvis.plugin.v1.Plugin", {
                "Describe": unary(lambda _r, _c: pb("DescribeResponse")(manifest=self.manifest), of("DescribeRequest"), out),
                "Configure": unary(self._serve_configure, of("ConfigureRequest"), out),
                "Invoke": stream(self._serve_invoke, of("InvokeRequest"), out),
                "Health": unary(health, of("HealthRequest"), out),
                "Drain": unary(self._serve_drain, of("DrainRequest"), out),
                "Attach": grpc.stream_stream_rpc_method_handler(attach, of("AttachRequest"), out),
            }),
            # What the launcher expects of every program that it starts.
            handlers("grpc.health.v1.Health", {"Check": unary(lambda _r, _c: b"\x08\x01")}),
            handlers("plugin.GRPCController", {"Shutdown": unary(lambda _r, _c: done.set() or b"")}),
            handlers("plugin.GRPCStdio", {"StreamStdio": stream(hold)}),
        )

    def describe(self):
        """The manifest as JSON, for people."""
        return json.dumps(_plain(self.manifest), indent=2, ensure_ascii=False)

    def serve(self):
        """The plugin's whole main."""
        if sys.argv[1:] == ["describe"]:
            print(self.describe())
            return
        if os.environ.get("JARVIS_PLUGIN") != "jarvis-plugin-v1":
            sys.exit("%s is a Jarvis plugin: the host starts it. `%s describe` prints what it offers."
                     % (self.manifest.id, sys.argv[0]))
        for s in (signal.SIGINT, signal.SIGTERM):  # the host says when to end
            signal.signal(s, signal.SIG_IGN)
        shake, sys.stdout = os.fdopen(os.dup(1), "w"), sys.stderr
        os.dup2(2, 1)  # nothing but the handshake may reach the standard output
        done = threading.Event()
        server = grpc.server(futures.ThreadPoolExecutor(max_workers=128), options=[
            ("grpc.max_receive_message_length", 4 << 20), ("grpc.so_reuseport", 0)])
        server.add_generic_rpc_handlers(self._handlers(done))
        folder = os.environ.get("PLUGIN_UNIX_SOCKET_DIR") or tempfile.mkdtemp()
        path = os.path.join(folder, "p%d" % os.getpid())
        certificate = ""
        host = os.environ.pop("PLUGIN_CLIENT_CERT", "")
        if host:
            key, pem, certificate = _identity()
            server.add_secure_port("unix:" + path, grpc.ssl_server_credentials(
                [(key, pem)], root_certificates=host.encode(), require_client_auth=True))
        else:
            server.add_insecure_port("unix:" + path)
        server.start()
        shake.write("|".join(filter(None, ("1", "1", "unix", path, "grpc", certificate))) + "\n")
        shake.close()
        done.wait()
        server.stop(0.2).wait()
        os._exit(0)  # threads that ignore their end must not keep the process


class Reply:
    """What came of a call in a test."""

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
    """Calls a plugin's tools without a host, in one conversation. pages is
    what call.http finds: {url: bytes, str or an exception}."""

    def __init__(self, plugin, config=None, pages=None):
        self.plugin, self.state = plugin, b""
        request = pb("ConfigureRequest")(values=json.dumps(config or {}).encode(), granted=plugin.manifest.needs)
        self.diagnostics = [(d.path, d.summary) for d in plugin._serve_configure(request, None).diagnostics]
        plugin.opener = _Pages(pages or {})

    def call(self, tool, lang="en", answers=(), origin="model", **args):
        """Runs a tool; answers are the person's, None for one who declines."""
        request = pb("InvokeRequest")(tool=tool, args=json.dumps(args).encode(), state=self.state)
        request.info.locale, request.info.origin, request.info.call = lang, origin, "test"
        request.info.session, request.info.user, request.info.time_zone = "session", "user", "UTC"
        for a in answers:
            request.answers.add(value=str(a).lower() if isinstance(a, bool) else a or "", declined=a is None)
        texts = []
        end = self.plugin.invoke(request, lambda e: texts.append(e.text.text))
        if end.result.state:
            self.state = b"" if end.result.state == b"null" else end.result.state
        return Reply(texts, end)


class _Pages:
    def __init__(self, pages):
        self.pages = pages

    def open(self, request, timeout):
        page = self.pages.get(request.full_url)
        if page is None:
            raise urllib.error.HTTPError(request.full_url, 404, "no such page in this test", {}, None)
        if isinstance(page, Exception):
            raise page
        return io.BytesIO(page.encode() if isinstance(page, str) else page)


def _plain(m):
    """A message as a dict; what holds JSON is shown as what it holds."""
    out = {}
    for field, value in m.ListFields():
        if field.message_type and field.message_type.GetOptions().map_entry:
            out[field.name] = {k: _plain(v) if hasattr(v, "ListFields") else v for k, v in value.items()}
        elif field.label == field.LABEL_REPEATED:
            out[field.name] = [_plain(v) if field.message_type else v for v in value]
        elif field.message_type:
            out[field.name] = _plain(value)
        elif field.type == field.TYPE_BYTES:
            out[field.name] = json.loads(value)
        elif field.enum_type:
            out[field.name] = field.enum_type.values_by_number[value].name.lower()
        else:
            out[field.name] = value
    return out


def _identity():
    """A key and a certificate for this run: the host learns it from the
    handshake and trusts no other."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5)).not_valid_after(now + datetime.timedelta(days=3650))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH,
                                                  x509.ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .sign(key, hashes.SHA256()))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    der = cert.public_bytes(serialization.Encoding.DER)
    return pem, cert.public_bytes(serialization.Encoding.PEM), base64.b64encode(der).decode().rstrip("=")
