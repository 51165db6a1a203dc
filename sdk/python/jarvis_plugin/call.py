"""One call of a tool, and what the tool can do in it."""
import json
import zoneinfo

from .contract import Declined, NeedInput, NotMine, pb
from .host import Host
from .http import fetch
from .words import fill

MAX_STATE = 64 << 10  # bytes of session state


class Call(Host):
    """One call of a tool, and what the tool can do in it; it has the host's
    services too, for the person of the call."""

    def __init__(self, plugin, request, emit):
        info = request.info
        super().__init__(plugin.link, info.call)
        self._plugin, self._answers, self._emit = plugin, list(getattr(request, "answers", ())), emit
        self.id, self.session, self.user = info.call, info.session, info.user
        self.locale, self.time_zone, self.origin = info.locale, info.time_zone, info.origin
        self.confirmed, self.request_id, self.utterance = info.confirmed, info.request_id, info.utterance
        self.trace_parent = info.trace_parent
        self._state = getattr(request, "state", b"")
        self.state = json.loads(self._state) if self._state else None
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
        return fill(self._plugin.word(self.locale, key), values)

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
            raise NeedInput(need)
        answer = self._answers.pop(0)
        if answer.declined:
            raise Declined()
        return answer

    def listen(self, tool, slot, seconds):
        """Takes the floor: the conversation's next utterances go to this tool."""
        self._listen = (tool, slot, seconds)

    def not_mine(self, fallback=""):
        """Ends the call of a tool that holds the floor: not my business."""
        raise NotMine(fallback)

    def log(self, level, text, **fields):
        """Writes a line to the host's log, with the ids of the call."""
        ids = {"call": self.id, "request_id": self.request_id}
        if self.trace_parent:
            ids["trace_id"] = self.trace_parent.split("-")[1]
        self._plugin.log(level, text, **ids, **fields)

    def now(self):
        """The time, in the person's time zone."""
        return self._plugin.clock().astimezone(zoneinfo.ZoneInfo(self.time_zone or "UTC"))

    def http(self, url, *, method="GET", data=None, headers=None, timeout=10):
        """Asks a web service that the operator granted; returns its body.
        Redirects are not followed. A service that does not answer well is a
        Fail, unavailable, which the person reads politely; its __cause__ tells
        more. The call's request id goes with it as X-Request-ID, and its trace
        context, if it has one, as traceparent."""
        own = {"X-Request-ID": self.request_id}
        if self.trace_parent:
            own["Traceparent"] = self.trace_parent
        headers = {**own, **(headers or {})}
        return fetch(self._plugin.opener, self._plugin.granted_places(), url, method, data, headers, timeout)

    # ---- how it ends, for the helper itself

    def result(self, out, reply):
        """The Result of what a tool returned."""
        result = pb("Result")()
        if isinstance(out, str):
            result.text = out
        elif out is not None:
            result.data = json.dumps(out).encode()
            template = reply.get(self.locale)
            result.text = fill(template, out) if template and isinstance(out, dict) else json.dumps(out, ensure_ascii=False)
        self._keep(result)
        if self._listen:
            tool, slot, seconds = self._listen
            result.listen.tool, result.listen.slot = tool, slot
            result.listen.ttl.FromMilliseconds(int(seconds * 1000))
        return result

    def _keep(self, result):
        state = b"" if self.state is None else json.dumps(self.state).encode()
        if self.state is None and self._state:
            state = b"null"
        if len(state) > MAX_STATE:
            raise ValueError("the session state weighs %d bytes, at most %d are kept" % (len(state), MAX_STATE))
        if state != self._state:
            result.state = state
