"""A plugin as a process: the contract jarvis.plugin.v1 on a Unix socket."""
import base64
import ctypes
import datetime
import json
import os
import queue
import signal
import sys
import tempfile
import threading
import time
import traceback
from concurrent import futures

import grpc

from .contract import STATUS, Cancelled, Fail, pb


def serve(plugin):
    """The plugin's whole main: it never returns."""
    if sys.argv[1:] == ["describe"]:
        print(plugin.describe())
        return
    if os.environ.get("JARVIS_PLUGIN") != "jarvis-plugin-v1":
        sys.exit("%s is a Jarvis plugin: the host starts it. `%s describe` prints what it offers."
                 % (plugin.manifest.id, sys.argv[0]))
    for s in (signal.SIGINT, signal.SIGTERM):  # the host says when to end
        signal.signal(s, signal.SIG_IGN)
    _conceal()
    shake, sys.stdout = os.fdopen(os.dup(1), "w"), sys.stderr
    os.dup2(2, 1)  # nothing but the handshake may reach the standard output
    server = Server(plugin)
    shake.write("|".join(filter(None, ("1", "1", "unix", server.path, "grpc", server.certificate))) + "\n")
    shake.close()
    server.wait()
    os._exit(0)  # threads that ignore their end must not keep the process


def _conceal():
    """Keeps what this process holds from others of the same account."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE


class Server:
    """What listens for the host."""

    def __init__(self, plugin):
        self._plugin, self._lock, self._threads, self._draining = plugin, threading.Lock(), set(), False
        self._done = threading.Event()
        self._grpc = grpc.server(futures.ThreadPoolExecutor(max_workers=128), options=[
            ("grpc.max_receive_message_length", 4 << 20), ("grpc.so_reuseport", 0)])
        self._grpc.add_generic_rpc_handlers(self._handlers())
        folder = os.environ.get("PLUGIN_UNIX_SOCKET_DIR") or tempfile.mkdtemp()
        self.path, self.certificate = os.path.join(folder, "p%d" % os.getpid()), ""
        host = os.environ.pop("PLUGIN_CLIENT_CERT", "")
        if host:
            key, pem, self.certificate = _identity()
            self._grpc.add_secure_port("unix:" + self.path, grpc.ssl_server_credentials(
                [(key, pem)], root_certificates=host.encode(), require_client_auth=True))
        else:
            self._grpc.add_insecure_port("unix:" + self.path)
        self._grpc.start()

    def wait(self):
        """Returns when the host is gone, or has said that this is the end."""
        self._done.wait()
        self._grpc.stop(0.2).wait()

    def _apart(self, context, work):
        """Runs work(emit) in a thread of its own, and yields what it emits and
        then what it returns. When the person or the time is gone, the thread
        gets Cancelled."""
        out, lock, over = queue.Queue(), threading.Lock(), []

        def run():
            try:
                last = work(out.put)
            except Cancelled:
                last = None
            except BaseException as e:  # goes where it is waited for
                last = e
            with lock:  # from here on there is nothing to cancel
                over.append(True)
            out.put(last)

        thread = threading.Thread(target=run, daemon=True)

        def end():
            with lock:
                if not over:
                    over.append(True)
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Cancelled))
            out.put(None)

        with self._lock:
            if self._draining:
                raise Fail("unavailable", detail="the plugin is draining")
            self._threads = {t for t in self._threads if t.is_alive()} | {thread}
            thread.start()
        context.add_callback(end)
        while (event := out.get()) is not None:
            if isinstance(event, BaseException):
                raise event
            yield event

    def _invoke(self, request, context):
        try:
            for event in self._apart(context, lambda emit: self._plugin.invoke(request, emit)):
                yield event
                if event.WhichOneof("event") not in ("text", "progress"):
                    return
        except Fail as e:
            context.abort(grpc.StatusCode.UNAVAILABLE, e.detail)

    def _once(self, answer):
        """A handler of one answer, in a thread of its own; errors of the
        contract become gRPC's."""
        def handle(request, context):
            try:
                for out in self._apart(context, lambda emit: answer(request)):
                    return out
            except Fail as e:
                status, text = STATUS.get(e.code, "UNAVAILABLE"), e.detail or e.text
            except Exception as e:
                self._plugin.log("error", "plugin failed", error=repr(e), stack=traceback.format_exc())
                status, text = "INTERNAL", repr(e)
            else:
                status, text = "CANCELLED", "the call is over"
            context.abort(getattr(grpc.StatusCode, status), text)
        return handle

    def _event(self, request):
        self._plugin.event(request)
        return pb("OnEventResponse")()

    def _metrics(self, _request, _context):
        answer = pb("MetricsResponse")()
        for f in self._plugin.figures:
            f.write(answer.metrics.add())
        return answer

    def _health(self, _request, _context):
        return pb("HealthResponse")(ok=not self._draining, in_flight=self._busy())

    def _busy(self):
        return sum(t.is_alive() for t in self._threads)

    def _drain(self, request, _context):
        end = time.monotonic() + request.grace.ToMilliseconds() / 1000
        with self._lock:
            self._draining = True
        for t in self._threads:
            t.join(max(0, end - time.monotonic()))
        return pb("DrainResponse")(unfinished=self._busy())

    def _attach(self, requests, context):
        context.send_initial_metadata(())
        try:
            for _ in requests:
                pass
        except Exception:  # the host is gone, however it went
            pass
        self._done.set()
        return
        yield

    def _handlers(self):
        unary, stream, bytes_of = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler, _serialized

        def one(name, handle):
            return unary(handle, pb(name + "Request").FromString, bytes_of)

        describe_ = lambda _r, _c: pb("DescribeResponse")(manifest=self._plugin.manifest)  # noqa: E731
        handlers = grpc.method_handlers_generic_handler
        return (
            handlers("jarvis.plugin.v1.Plugin", {
                "Describe": one("Describe", describe_),
                "Configure": one("Configure", lambda r, _c: self._plugin.configure(r)),
                "Invoke": stream(self._invoke, pb("InvokeRequest").FromString, bytes_of),
                "OnEvent": one("OnEvent", self._once(self._event)),
                "Verify": one("Verify", self._once(lambda r: self._plugin.verify(r.deed))),
                "Undo": one("Undo", self._once(lambda r: self._plugin.undo(r.deed))),
                "Metrics": one("Metrics", self._metrics),
                "Health": one("Health", self._health),
                "Drain": one("Drain", self._drain),
                "Attach": grpc.stream_stream_rpc_method_handler(self._attach, pb("AttachRequest").FromString, bytes_of),
            }),
            # What the launcher expects of every program that it starts.
            handlers("grpc.health.v1.Health", {"Check": unary(lambda _r, _c: b"\x08\x01")}),
            handlers("plugin.GRPCController", {"Shutdown": unary(lambda _r, _c: self._done.set() or b"")}),
            handlers("plugin.GRPCStdio", {"StreamStdio": stream(_hold)}),
        )


def _serialized(m):
    return m.SerializeToString()


def _hold(_request, context):
    over = threading.Event()
    context.add_callback(over.set)
    over.wait()
    return
    yield


def describe(manifest):
    """A manifest as JSON, for people."""
    return json.dumps(_plain(manifest), indent=2, ensure_ascii=False)


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
