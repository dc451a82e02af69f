"""Connections to the server, kept alive."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import time
from base64 import b64encode
from collections import deque
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection, IncompleteRead
from urllib.parse import SplitResult, quote, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from ._answers import Answer
from ._version import __version__

# Seconds.
MAX_IDLE = 60.0
# What is read at once of an answer that is read as it comes.
PIECE_BYTES = 64 << 10


class Connections:
    """Connections to one server, kept alive; as many as threads ask at the same time."""

    def __init__(self, base_url: str, headers: Mapping[str, str], ssl_context: ssl.SSLContext | None) -> None:
        url = urlsplit(base_url)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError("base_url must be an http or https URL, such as http://localhost:8080")
        address = url.netloc.rpartition("@")[2]
        path = url.path.rstrip("/")
        self.base_url = f"{url.scheme}://{address}{path}"
        self._host, self._port = url.hostname, url.port or (443 if url.scheme == "https" else 80)
        self._path = quote(path, safe="/%")
        self._tls = (ssl_context or ssl.create_default_context()) if url.scheme == "https" else None
        user = _basic(url)
        if user and "Authorization" in headers:
            raise ValueError("it must be either an api_key or a user in base_url, not both")
        proxy = None if proxy_bypass(address) else getproxies().get(url.scheme)
        self._proxy = _proxy(proxy) if proxy else None
        proxy_user = _basic(self._proxy) if self._proxy else None
        # In the request that opens a tunnel, or else in each request.
        self._tunnel = {"Proxy-Authorization": proxy_user} if proxy_user else {}
        if self._proxy and self._tls is None:
            self._path = f"http://{address}{self._path}"
            headers = {**headers, **self._tunnel}
        fixed = {
            "Host": address,
            "User-Agent": f"millrace-python/{__version__}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            **({"Authorization": user} if user else {}),
            **headers,
        }
        if not all(value.isascii() and value.isprintable() for value in fixed.values()):
            raise ValueError("base_url, api_key and tenant must be printable ASCII")
        self._head = "".join(f"{name}: {value}\r\n" for name, value in fixed.items())
        # Each with the time since when.
        self._idle: deque[tuple[HTTPConnection, float]] = deque()
        self._process = os.getpid()

    def close(self) -> None:
        """Closes those that are idle."""
        for connection, _ in iter(self._pop, None):
            connection.close()

    def exchange(self, method: str, target: str, headers: str, body: bytes, timeout: float) -> Answer:
        """One attempt; an OSError or HTTPException if the answer does not come, or not whole."""
        with self.answer(method, target, headers, body, timeout) as response:
            return read(response)

    @contextlib.contextmanager
    def answer(
        self,
        method: str,
        target: str,
        headers: str = "",
        body: bytes = b"",
        timeout: float = 30.0,
        patience: float | None = None,
    ) -> Iterator[HTTPResponse]:
        """The same, for the caller to read; each piece within `patience` seconds, by default `timeout`.

        An answer that is not read to its end costs the connection.
        """
        length = f"Content-Length: {len(body)}\r\n\r\n"
        head = f"{method} {self._path}{target} HTTP/1.1\r\n{self._head}{headers}{length}"
        request = head.encode() + body
        if self._process != os.getpid():
            # After a fork: these are the parent's.
            self.close()
            self._process = os.getpid()
        connection = None
        try:
            connection = self._take() or self._open(timeout)
            _send(connection.sock, request, timeout)
            connection.sock.settimeout(timeout if patience is None else patience)
            with HTTPResponse(connection.sock, method=method) as response:
                response.begin()
                yield response
                keep = response.isclosed() and not response.will_close
        except BaseException:
            if connection:
                connection.close()
            # Those that are idle may be as dead, and must not cost an attempt each.
            self.close()
            raise
        if keep:
            self._idle.append((connection, time.monotonic()))
        else:
            connection.close()

    def _pop(self) -> tuple[HTTPConnection, float] | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _take(self) -> HTTPConnection | None:
        """The last used of those that still stand."""
        for connection, since in iter(self._pop, None):
            if time.monotonic() - since < MAX_IDLE and _is_quiet(connection.sock):
                return connection
            connection.close()
        return None

    def _open(self, timeout: float) -> HTTPConnection:
        host, port = self._host, self._port
        if self._proxy:
            host, port = str(self._proxy.hostname), self._proxy.port or 80
        connection = (
            HTTPConnection(host, port, timeout=timeout)
            if self._tls is None
            else HTTPSConnection(host, port, timeout=timeout, context=self._tls)
        )
        if self._proxy and self._tls:
            connection.set_tunnel(self._host, self._port, self._tunnel)
        try:
            connection.connect()  # with TCP_NODELAY
        except BaseException:
            connection.close()
            raise
        return connection


def read(response: HTTPResponse) -> Answer:
    """The whole of an answer."""
    ends = _ends(response)
    return Answer(response.status, response.getheader("Retry-After", ""), response.read(), ends)


def pieces(response: HTTPResponse) -> Iterator[bytes]:
    """The same as it comes; an HTTPException if it can't be seen to have come to its end."""
    if not _ends(response):
        raise IncompleteRead(b"")
    yield from iter(lambda: response.read1(PIECE_BYTES), b"")
    if response.length:
        raise IncompleteRead(b"", response.length)


def _ends(response: HTTPResponse) -> bool:
    return response.chunked or response.length is not None


def _send(sock: socket.socket, request: bytes, timeout: float) -> None:
    sock.settimeout(timeout)
    # What can't be sent whole may have been answered already: too large, say.
    with contextlib.suppress(ConnectionError, ssl.SSLEOFError):
        # One packet, where `HTTPConnection.request` makes two of head and body.
        sock.sendall(request)


def _basic(url: SplitResult) -> str | None:
    """Basic authentication (RFC 7617) by the user and the password in a URL, if there are any."""
    if "@" not in url.netloc:
        return None
    user = f"{unquote(url.username or '')}:{unquote(url.password or '')}"
    return f"Basic {b64encode(user.encode()).decode()}"


def _proxy(url: str) -> SplitResult:
    """A proxy as the environment names it, perhaps without a scheme."""
    proxy = urlsplit(url if "://" in url else f"http://{url}")
    if proxy.scheme != "http" or not proxy.hostname:
        raise ValueError(f"a proxy must be an http URL; of {proxy.scheme} this client knows none")
    proxy.port  # noqa: B018, an error if it is none
    return proxy


def _is_quiet(sock: socket.socket) -> bool:
    """Whether the peer has neither closed an idle connection nor sent what nobody asked for."""
    sock.settimeout(0.0)
    try:
        socket.socket.recv(sock, 1, socket.MSG_PEEK)  # beneath TLS
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False
