"""What the host does for a plugin: the contract jarvis.host.v1."""
import contextlib
import datetime
import json
import queue
import socket
import threading

import grpc

from .contract import CODES, Fail, hb
from .http import canonical, connect

TIMEOUT = 10  # seconds, of a request that does not stream
CHUNK = 32 << 10  # bytes in one message of a connection
PAGE = 1000  # keys in one answer
SWAPS = 16  # tries of KV.update
SCOPES = {"user": 1, "session": 2, "global": 3}
SERVICE = "/jarvis.host.v1.Host/"


class Link:
    """The way to the host's services, made anew when the host says where they
    are. Safe for all threads."""

    def __init__(self):
        self._access, self._channel, self._token = None, None, ""
        self.brokered = False  # the plugin has no network of its own

    def connect(self, access):
        """Takes over a HostAccess."""
        here, self.brokered = (access.socket, access.token), access.brokered
        if here == self._access:
            return
        old, self._access, self._token = self._channel, here, access.token
        self._channel = grpc.insecure_channel("unix:" + access.socket, options=[
            ("grpc.max_receive_message_length", 4 << 20)]) if access.socket else None
        if old:
            old.close()

    def _metadata(self, call):
        pairs = [("jarvis-token", self._token)]
        return pairs + [("jarvis-call", call)] if call else pairs

    def _open(self):
        if self._channel is None:
            raise Fail("unsupported", detail="the host offers no services")
        return self._channel

    def ask(self, call, method, request):
        """One request, one answer."""
        rpc = self._open().unary_unary(SERVICE + method, lambda m: m.SerializeToString(), hb(method + "Response").FromString)
        with _told(method):
            return rpc(request, timeout=TIMEOUT, metadata=self._metadata(call))

    def stream(self, call, method, request):
        """One request, many answers."""
        rpc = self._open().unary_stream(SERVICE + method, lambda m: m.SerializeToString(), hb(method + "Response").FromString)
        with _told(method):
            answers = rpc(request, metadata=self._metadata(call))
            try:
                yield from answers
            finally:
                answers.cancel()


    def dial(self, call, host, port, timeout=None):
        """A socket that the host connects to a place."""
        place = "[%s]:%d" % (host, port) if ":" in host else "%s:%d" % (host, port)
        sends = queue.SimpleQueue()  # what goes up: at most one chunk waits
        room = threading.Semaphore(1)
        rpc = self._open().stream_stream(SERVICE + "Dial", lambda m: m.SerializeToString(), hb("DialResponse").FromString)

        def requests():
            yield hb("DialRequest")(place=place)
            while (chunk := sends.get()) is not None:
                yield hb("DialRequest")(data=chunk)
                room.release()

        stream = rpc(requests(), metadata=self._metadata(call))
        late = threading.Timer(timeout or TIMEOUT, stream.cancel)
        late.start()
        try:
            with _told("Dial"):
                next(stream)
        except BaseException:
            sends.put(None)
            raise
        finally:
            late.cancel()
        near, far = socket.socketpair()
        threading.Thread(target=_upwards, args=(far, sends, room, stream), daemon=True).start()
        threading.Thread(target=_downwards, args=(far, sends, stream), daemon=True).start()
        line = _Line(fileno=near.detach())
        line.settimeout(timeout)
        return line


class _Line(socket.socket):
    """One end of a connection that the host has."""

    def setsockopt(self, level, *rest):
        if level != socket.IPPROTO_TCP:  # the host sees to that
            super().setsockopt(level, *rest)


def _upwards(far, sends, room, stream):
    try:
        while chunk := far.recv(CHUNK):
            while not room.acquire(timeout=1):
                if not stream.is_active():
                    return
            sends.put(chunk)
    except OSError:
        stream.cancel()
    finally:
        sends.put(None)


def _downwards(far, sends, stream):
    try:
        for answer in stream:
            if answer.ended:
                far.shutdown(socket.SHUT_WR)
            elif answer.data:
                far.sendall(answer.data)
    except (grpc.RpcError, OSError):
        stream.cancel()
    finally:
        sends.put(None)
        far.close()


@contextlib.contextmanager
def _told(method):
    """Turns gRPC's errors into those of the contract."""
    try:
        yield
    except grpc.RpcError as e:
        raise Fail(CODES.get(e.code().name, "internal"), detail="%s: %s" % (method, e.details())) from None


class Host:
    """What the host does for a plugin. That of a call acts for the call's
    person, until the call is over; that of the plugin, plugin.host, acts for
    nobody and reaches only what belongs to nobody. Each service wants the need
    of its name; without the grant it raises a Fail, forbidden, that names it."""

    def __init__(self, link, call=""):
        self._link, self._call = link, call

    def _ask(self, method, **fields):
        return self._link.ask(self._call, method, hb(method + "Request")(**fields))

    def kv(self, scope="user"):
        """The values of a scope: user, session or global. Need: kv."""
        return KV(self, SCOPES[scope])

    def schedule(self, name, *, at=None, every=None, cron="", zone="", data=None):
        """Makes the host call what on_schedule declared: at, a datetime with a
        time zone; every, a timedelta or seconds; or cron, "minute hour day
        month weekday", in a zone. One of the same name is replaced. Returns
        when it fires first. Need: schedule."""
        request = hb("PutScheduleRequest")()
        s = request.schedule
        s.name, s.time_zone = name, zone
        if at is not None:
            s.at.FromDatetime(at.astimezone(datetime.timezone.utc).replace(tzinfo=None))
        elif every is not None:
            s.every.FromTimedelta(every if isinstance(every, datetime.timedelta) else datetime.timedelta(seconds=every))
        elif cron:
            s.cron = cron
        if data is not None:
            s.data = json.dumps(data).encode()
        return moment(self._link.ask(self._call, "PutSchedule", request).next)

    def schedules(self):
        """What is still to fire: [(name, when)]. Need: schedule."""
        return [(p.schedule.name, moment(p.next)) for p in self._ask("ListSchedules").pending]

    def unschedule(self, name):
        """Removes a schedule; tells whether there was one. Need: schedule."""
        return self._ask("CancelSchedule", name=name).found

    def notify(self, text, kind="", due=None):
        """Tells the person outside of the conversation, again until somebody
        acknowledges it; returns the notice's id. kind is timer, reminder or
        plugin; due, a datetime with a time zone, is when it was due if that was
        earlier. Need: notify."""
        request = hb("NotifyRequest")(text=text, kind=kind)
        if due is not None:
            request.due.FromDatetime(due.astimezone(datetime.timezone.utc).replace(tzinfo=None))
        return self._link.ask(self._call, "Notify", request).notice

    def withdraw(self, notice):
        """Takes a notice back; tells whether it was open. Need: notify."""
        return self._ask("WithdrawNotice", notice=notice).found

    def say(self, text, session=""):
        """Says something that nobody asked for in a conversation in which the
        plugin was called, "" is that of the call; keep call.session to come back
        to it. Returns (turn, notice): if the conversation is gone, the text is a
        notice instead, where that was granted. Need: session."""
        said = self._ask("Say", session=session, text=text)
        return said.turn, said.notice

    def dial(self, host, port, timeout=TIMEOUT):
        """A socket that is connected to a place, within the grants: through the
        host where the plugin has no network of its own. Need: net HOST:PORT."""
        operators = self._link.places().get((canonical(host), port))
        if operators is None:
            raise Fail("forbidden", detail="%s:%s was not granted: declare it with needs(\"net\", \"%s:%s\", \"why\")" % ((host, port) * 2))
        if self._link.brokered:
            return self._link.dial(self._call, host, port, timeout)
        try:
            return connect(operators, (host, port), timeout)
        except OSError as e:
            raise Fail("unavailable", detail="%s: %s" % (host, e)) from e

    def generate(self, *messages, temperature=None, max_tokens=0, schema=None):
        """Yields a language model's answer to messages, each (role, text), in
        pieces; an answer that is cut raises. Need: llm."""
        request = hb("GenerateRequest")(temperature=temperature, max_tokens=max_tokens,
                                        schema=json.dumps(schema).encode() if schema else b"")
        for role, text in messages:
            request.messages.add(role=role, text=text)
        whole = False
        for piece in self._link.stream(self._call, "Generate", request):
            if piece.WhichOneof("piece") == "text":
                yield piece.text
            else:
                whole = True
        if not whole:
            raise Fail("unavailable", detail="Generate: the answer was cut off")

    def complete(self, question):
        """The whole answer of a language model to one question. Need: llm."""
        return "".join(self.generate(("user", question)))

    def embed(self, *texts):
        """(model, a vector for each text); vectors of different models can't be
        compared. Need: llm."""
        answer = self._ask("Embed", texts=texts)
        return answer.model, [list(v.values) for v in answer.vectors]

    def secret(self, name):
        """What the operator set under plugins.<id>.secrets. Need: secret NAME."""
        return self._ask("GetSecret", name=name).value

    def memories(self, query, limit=0):
        """What the host remembers of the person: [(id, text)], best first.
        Need: memory read."""
        return [(m.id, m.text) for m in self._ask("SearchMemory", query=query, limit=limit).memories]

    def remember(self, text):
        """Keeps a fact about the person; returns its id. Need: memory write."""
        return self._ask("Remember", text=text).id

    def forget(self, memory):
        """Removes one memory; tells whether there was one. Need: memory write."""
        return self._ask("Forget", id=memory).found


class KV:
    """The values of one scope, each JSON: at most 64 KiB, 10,000 of them and
    16 MiB in all the plugin's scopes."""

    def __init__(self, host, scope):
        self._host, self._scope = host, scope

    def get(self, key, default=None):
        """The value of a key."""
        answer = self._host._ask("GetValue", scope=self._scope, key=key)
        return json.loads(answer.value.data) if answer.HasField("value") else default

    def set(self, key, value, ttl=None):
        """Keeps a value, for ttl seconds; it is on disk when set returns."""
        self._set(key, value, ttl=ttl)

    def _set(self, key, value, ttl=None, if_version=None):
        request = hb("SetValueRequest")(scope=self._scope, key=key, data=json.dumps(value).encode(), if_version=if_version)
        if ttl is not None:
            request.ttl.FromMilliseconds(int(ttl * 1000))
        self._host._link.ask(self._host._call, "SetValue", request)

    def update(self, key, change, default=None):
        """Changes a value as if nobody else did meanwhile: change gets what is
        there, or default, and returns what to keep. It may run several times.
        Returns what is kept."""
        for _ in range(SWAPS):
            answer = self._host._ask("GetValue", scope=self._scope, key=key)
            there = answer.HasField("value")
            value = change(json.loads(answer.value.data) if there else default)
            try:
                self._set(key, value, if_version=answer.value.version if there else 0)
                return value
            except Fail as e:
                if e.code != "conflict":
                    raise
        raise Fail("conflict", detail="value %r was changed by others %d times meanwhile" % (key, SWAPS))

    def delete(self, key):
        """Removes a value; tells whether there was one."""
        return self._host._ask("DeleteValue", scope=self._scope, key=key).found

    def keys(self, prefix=""):
        """The keys with a prefix, in order."""
        found = []
        while True:
            page = self._host._ask("ListValues", scope=self._scope, prefix=prefix, after=found[-1] if found else "", limit=PAGE).keys
            found += page
            if len(page) < PAGE:
                return found


def moment(stamp):
    """A protobuf Timestamp as a datetime in UTC."""
    return stamp.ToDatetime().replace(tzinfo=datetime.timezone.utc)
