"""An HTTP proxy in front of the api that loses answers and turns requests away.

That is what a bad network and a full server do.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import socket
import struct
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, NamedTuple

# Cut off after the server has taken the events in; or the server never knows, and this is the status.
Fault = Literal["cut", 429, 503]

RETRY_AFTER = "1"


class Exchange(NamedTuple):
    """A request with events in it, and what the client was told."""

    path: str
    headers: dict[str, str]
    body: bytes
    events: list[dict[str, Any]]
    answer: int | Literal["cut"]


class Answer(NamedTuple):
    """What the server, or the proxy in its place, answers."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Proxy:
    """Each event suffers these faults, one a try, before it is let through."""

    def __init__(self, upstream: str, faults: tuple[Fault, ...]) -> None:
        self._upstream = upstream.removeprefix("http://")
        self._faults = faults
        self._tries: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.exchanges: list[Exchange] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": self}))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._serving = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> Proxy:
        self._serving.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._serving.join()
        self._server.server_close()

    def acknowledged(self) -> set[str]:
        """The ids of the events whose client has been told that they are taken in."""
        with self._lock:
            return {event["messageId"] for it in self.exchanges if it.answer == 200 for event in it.events}

    def fault(self, events: list[dict[str, Any]]) -> Fault | None:
        """What happens to a request with these events."""
        ids = [event["messageId"] for event in events]
        with self._lock:
            # Clients mix new events with those that they try again.
            tries = max((self._tries[message_id] for message_id in ids), default=len(self._faults))
            self._tries.update(ids)
        return self._faults[tries] if tries < len(self._faults) else None

    def note(self, exchange: Exchange) -> None:
        """Remembers a request."""
        with self._lock:
            self.exchanges.append(exchange)

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """What the server answers to the same request."""
        with contextlib.closing(http.client.HTTPConnection(self._upstream, timeout=60)) as connection:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                if name != "connection":
                    connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())


def events_of(body: bytes, headers: dict[str, str]) -> list[dict[str, Any]]:
    """The events of a body: those of its batch, or the one that it is."""
    text = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
    sent = json.loads(text)
    events: list[dict[str, Any]] = sent.get("batch", [sent])
    return events


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        assert "transfer-encoding" not in headers, "no client is known to send in chunks"
        body = self.rfile.read(int(headers.get("content-length", "0")))
        events = events_of(body, headers) if self.command == "POST" else []
        fault = self.proxy.fault(events) if events else None

        if isinstance(fault, int):
            told: int | Literal["cut"] = fault
            answer = self._turn_away(fault)
        else:
            answer = self.proxy.forward(self.command, self.path, headers, body)
            told = fault if fault and answer.status == 200 else answer.status
        # Before the client knows, who may end then.
        if events:
            self.proxy.note(Exchange(self.path, headers, body, events, told))
        if told == "cut":
            self._reset()
        else:
            self._send(answer)

    do_GET = do_POST = do_OPTIONS = _serve  # noqa: N815

    def _turn_away(self, status: int) -> Answer:
        headers = [("Content-Type", "application/json"), ("Retry-After", RETRY_AFTER)]
        # As the server does, or a browser hides the answer.
        if origin := self.headers.get("Origin"):
            headers += [
                ("Access-Control-Allow-Origin", origin),
                ("Access-Control-Allow-Credentials", "true"),
                ("Access-Control-Expose-Headers", "Retry-After, X-Request-Id"),
            ]
        return Answer(
            status, headers, b'{"success":false,"code":"OVERLOADED","message":"later","error":"later"}'
        )

    def _send(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        # It holds the socket open.
        self.rfile.close()
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""
