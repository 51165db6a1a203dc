"""The contract's messages, and how a call can end early."""
import pkgutil
import sys

try:
    import cryptography  # noqa: F401
    import grpc  # noqa: F401
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
except ImportError as e:
    raise ImportError(
        "%s: %s. A Jarvis plugin needs grpcio, protobuf and cryptography; on Debian: "
        "apt install python3-grpcio python3-protobuf python3-cryptography, and then /usr/bin/python3 instead of "
        "another python3" % (sys.executable, e)) from None


def _messages():
    """Makes the contract's message classes, by name, from its description."""
    files = descriptor_pb2.FileDescriptorSet()
    files.ParseFromString(pkgutil.get_data(__package__, "contract.binpb"))
    pool = descriptor_pool.DescriptorPool()
    for f in files.file:
        pool.Add(f)
    make = getattr(message_factory, "GetMessageClass", None) or message_factory.MessageFactory(pool).GetPrototype
    return lambda name: make(pool.FindMessageTypeByName(name))


message = _messages()


def pb(name):
    """The message class of that name in jarvis.plugin.v1."""
    return message("jarvis.plugin.v1." + name)


def hb(name):
    """The message class of that name in jarvis.host.v1."""
    return message("jarvis.host.v1." + name)


# The contract's codes for errors, as gRPC has them.
STATUS = {
    "invalid": "INVALID_ARGUMENT", "unauthenticated": "UNAUTHENTICATED", "forbidden": "PERMISSION_DENIED",
    "not_found": "NOT_FOUND", "timeout": "DEADLINE_EXCEEDED", "conflict": "ABORTED", "too_large": "RESOURCE_EXHAUSTED",
    "unsupported": "UNIMPLEMENTED", "unavailable": "UNAVAILABLE", "internal": "INTERNAL",
}
CODES = {status: code for code, status in STATUS.items()}
RETRYABLE = {"timeout", "unavailable", "busy", "rate_limited"}


class Fail(Exception):
    """An error with one of the contract's codes: invalid, not_found,
    unavailable, conflict, forbidden, timeout, too_large... The person reads
    its text as it is; without one, a polite sentence. The detail is for the
    operator. What the host refuses comes as a Fail too."""

    def __init__(self, code, text="", retryable=None, detail=""):
        super().__init__(text or detail or code)
        self.code, self.text, self.detail = code, text, detail
        self.retryable = code in RETRYABLE if retryable is None else retryable


class Declined(Exception):
    """The person did not answer a question, or said no."""


class Cancelled(BaseException):
    """The call is over; raised in the tool's own thread."""


class NeedInput(BaseException):
    """A question leaves the tool."""

    def __init__(self, need):
        super().__init__()
        self.need = need


class NotMine(BaseException):
    """The tool that holds the floor lets go of an utterance."""

    def __init__(self, fallback):
        super().__init__()
        self.fallback = fallback
