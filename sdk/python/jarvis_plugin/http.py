"""HTTP for plugins: only what the operator granted is in reach."""
import functools
import http.client
import ipaddress
import os
import socket
import urllib.parse
import urllib.request

from .contract import Fail

MAX_BODY = 4 << 20  # bytes of an answer
PORTS = {"http": 80, "https": 443}

# A test may set it, a host never does: the path of a Unix socket that is the
# network.
NETWORK = os.path.join(os.environ["JARVIS_TEST_WORLD"], "network") if os.environ.get("JARVIS_TEST_WORLD") else ""


def canonical(host):
    """A host as grants are compared."""
    return host.strip("[]").lower().removesuffix(".")


def place(url):
    """Where a URL leads: (host, port)."""
    where = urllib.parse.urlsplit(url)
    return canonical(where.hostname or ""), where.port or PORTS.get(where.scheme)


def written(text):
    """The place that an operator wrote, as a URL or host:port; None for neither."""
    try:
        if "://" in text:
            return place(text)
        host, _, port = text.rpartition(":")
        return canonical(host), int(port)
    except ValueError:
        return None


def at(settings, pointer):
    """The text at a JSON pointer, or ""."""
    for part in pointer.removeprefix("/").split("/"):
        settings = settings.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(settings, dict) else None
    return settings if isinstance(settings, str) else ""


def granted(needs, settings):
    """The places that granted needs lead to, and whether each is the operator's
    own word, which reaches into the own network too."""
    places = {}
    for need in needs:
        if need.kind != "net":
            continue
        operators = need.scope.startswith("config:")
        where = written(at(settings, need.scope.removeprefix("config:")) if operators else need.scope)
        if where:
            places[where] = places.get(where, False) or operators
    return places


def fetch(opener, places, url, method, data, headers, timeout):
    """One request; redirects are not followed, for they lead to places nobody
    granted. What does not answer well is a Fail, unavailable; the error itself,
    such as urllib.error.HTTPError with its code, is its __cause__."""
    where = place(url)
    if where not in places:
        raise Fail("forbidden", detail="%s:%s was not granted: declare it with needs(\"net\", \"%s:%s\", \"why\")" % (where * 2))
    request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    request.operators = places[where]
    try:
        with opener.open(request, timeout=timeout) as answer:
            body = answer.read(MAX_BODY + 1)
    except (OSError, http.client.HTTPException) as e:
        raise Fail("unavailable", detail="%s %s: %s" % (method, where[0], e)) from e
    if len(body) > MAX_BODY:
        raise Fail("too_large", detail="the answer of %s is over %d bytes" % (where[0], MAX_BODY))
    return body


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def opener(link):
    """What opens URLs: no proxy, which would see past the grants. Where the link
    says that the plugin has no network of its own, the host connects."""
    return urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}), _Http(link), _Https(link))


class Refused(Fail):
    """A granted name leads where no plugin may go."""

    def __init__(self, why):
        super().__init__("forbidden", detail=why)


METADATA = [ipaddress.ip_network(n) for n in ("169.254.0.0/16", "fd00:ec2::/32", "100.100.100.200/32", "192.0.0.192/32")]
TUNNELS = [ipaddress.ip_network(n) for n in ("2001::/23", "2002::/16", "3fff::/20", "192.88.99.0/24")]
NAT64 = ipaddress.ip_network("64:ff9b::/96")


def plain(text):
    """An address without what wraps it, or None for a name."""
    try:
        a = ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    if a.version == 6 and a.ipv4_mapped:
        return a.ipv4_mapped
    return a


def check(host, leads, operators):
    """Raises Refused unless host may lead to an address; see sdk/address, which
    has the reasons."""
    to = plain(leads)
    literal, here = plain(host) == to, ("." + host.lower().rstrip(".")).endswith(".localhost")
    end = ipaddress.ip_address(int(to) & 0xFFFFFFFF) if to in NAT64 else to
    if end.is_unspecified or end.is_multicast or str(end) == "255.255.255.255":
        allowed = False
    elif any(end in n for n in METADATA):
        allowed = operators and literal
    elif literal:
        allowed = True
    elif here:
        allowed = to.is_loopback
    else:
        allowed = operators or end.is_global and not any(end in n for n in TUNNELS)
    if not allowed:
        raise Refused("%s leads to %s, where this grant does not reach; what the operator writes into the configuration "
                      "(a need of scope config:/...) may be on the own network" % (host, to))


def connect(operators, where, timeout, source=None):
    """socket.create_connection, but only to an address that may be reached: what
    was checked is what is connected to."""
    failed = OSError("%s leads nowhere" % where[0])
    for *_, to in socket.getaddrinfo(*where, type=socket.SOCK_STREAM):
        check(where[0], to[0], operators)
        try:
            return socket.create_connection(to[:2], timeout, source)
        except OSError as e:
            failed = e
    raise failed


def _checked(kind, request, link):
    def through(where, timeout, _source):
        return link.dial("", *where, timeout if isinstance(timeout, (int, float)) else None)

    def make(*args, **named):
        c = kind(*args, **named)
        c._create_connection = through if link.brokered else functools.partial(connect, request.operators)
        return c
    return make


class _Http(urllib.request.HTTPHandler):
    def __init__(self, link):
        super().__init__()
        self._link = link

    def http_open(self, request):
        return self.do_open(_Diverted if NETWORK else _checked(http.client.HTTPConnection, request, self._link), request)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, link):
        super().__init__()
        self._link = link

    def https_open(self, request):
        return self.do_open(_Diverted if NETWORK else _checked(http.client.HTTPSConnection, request, self._link), request)


class _Diverted(http.client.HTTPConnection):
    """A connection into the test's network, wherever it is meant to lead."""

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(NETWORK)
