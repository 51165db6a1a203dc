"""HTTP for plugins: only what the operator granted is in reach."""
import http.client
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


def place(url):
    """Where a URL leads: (host, port)."""
    where = urllib.parse.urlsplit(url)
    return where.hostname, where.port or PORTS.get(where.scheme)


def granted(needs, settings):
    """The places that granted needs lead to."""
    places = set()
    for need in needs:
        if need.kind != "net":
            continue
        if need.scope.startswith("config:/"):
            places.add(place(str(settings.get(need.scope[len("config:/"):], ""))))
        else:
            host, _, port = need.scope.rpartition(":")
            places.add((host.strip("[]"), int(port)))
    return places


def fetch(opener, places, url, method, data, headers, timeout):
    """One request; redirects are not followed, for they lead to places nobody
    granted. What does not answer well is a Fail, unavailable; the error itself,
    such as urllib.error.HTTPError with its code, is its __cause__."""
    where = place(url)
    if where not in places:
        raise Fail("forbidden", detail="%s:%s was not granted: declare it with needs(\"net\", \"%s:%s\", \"why\")" % (where * 2))
    request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
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


def opener():
    """What opens URLs: no proxy, which would see past the grants."""
    handlers = [_NoRedirects, urllib.request.ProxyHandler({})]
    if not NETWORK:
        return urllib.request.build_opener(*handlers)
    return urllib.request.build_opener(*handlers, _Http, _Https)


class _Http(urllib.request.HTTPHandler):
    def http_open(self, request):
        return self.do_open(_Diverted, request)


class _Https(urllib.request.HTTPSHandler):
    def https_open(self, request):
        return self.do_open(_Diverted, request)


class _Diverted(http.client.HTTPConnection):
    """A connection into the test's network, wherever it is meant to lead."""

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(NETWORK)
