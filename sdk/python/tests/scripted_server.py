"""An HTTP server that answers each request as its script says: late, half, wrong or not at all."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import ssl
import struct
import threading
import time
from typing import Any, BinaryIO, Callable, NamedTuple


class Request(NamedTuple):
    """What arrived, on which connection (from 0), and when (`time.monotonic`)."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int
    at: float

    @property
    def json_text(self) -> bytes:
        return gzip.decompress(self.body) if "content-encoding" in self.headers else self.body

    @property
    def json(self) -> Any:
        return json.loads(self.json_text)


# Answers a request; whether the connection is kept.
Act = Callable[[socket.socket, Request], bool]


def reply(body: object = None, status: int = 200, keep: bool = True, **headers: str) -> Act:
    """A whole answer. A body that is no bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body or {"success": status < 400}).encode()
    lines = {"Content-Length": str(len(content)), **{n.replace("_", "-"): v for n, v in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())

    def act(connection: socket.socket, request: Request) -> bool:
        connection.sendall(f"HTTP/1.1 {status} Status\r\n{head}\r\n".encode() + content)
        return keep

    return act


def raw(text: bytes) -> Act:
    """These bytes, then the end of the connection."""

    def act(connection: socket.socket, request: Request) -> bool:
        connection.sendall(text)
        return False

    return act


def reset(connection: socket.socket, request: Request) -> bool:
    """The connection breaks."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def hang(connection: socket.socket, request: Request) -> bool:
    """No answer until the client gives up."""
    while connection.recv(1024):
        pass
    return False


def events_of(request: Request) -> list[dict[str, Any]]:
    """The events of a batch."""
    events: list[dict[str, Any]] = request.json["events"]
    return events


def echo_batch(connection: socket.socket, request: Request) -> bool:
    """Takes every event of a batch."""
    results = [{"id": event["id"]} for event in events_of(request)]
    return reply({"success": True, "data": {"results": results}}, 202)(connection, request)


class ScriptedServer:
    """Plays one act for each request, and the last one for all that follow."""

    def __init__(self, *acts: Act, tls: ssl.SSLContext | None = None) -> None:
        self.acts = acts or (reply(),)
        self._tls = tls
        self.requests: list[Request] = []
        self.connections: list[socket.socket] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._accepting = threading.Thread(target=self._accept)
        self._serving: list[threading.Thread] = []
        self._accepting.start()

    def __enter__(self) -> ScriptedServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listener.close()
        self.hang_up()
        for thread in self._serving:
            thread.join()

    def hang_up(self) -> None:
        """Ends every connection, as a server that stops does."""
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def gaps(self) -> list[float]:
        """The seconds between one request and the next."""
        times = [request.at for request in self.requests]
        return [later - earlier for earlier, later in zip(times, times[1:])]

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                number = len(self.connections)
                self.connections.append(connection)
                thread = threading.Thread(target=self._serve, args=(connection, number))
                self._serving.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), connection:
            encrypted = self._tls and self._tls.wrap_socket(connection, server_side=True)
            with encrypted or connection as plain, plain.makefile("rb") as stream:
                self.connections[number] = plain
                while self._answer(plain, _read(stream, number)):
                    pass

    def _answer(self, connection: socket.socket, request: Request | None) -> bool:
        if request is None:
            return False
        with self._lock:
            act = self.acts[min(len(self.requests), len(self.acts) - 1)]
            self.requests.append(request)
        return act(connection, request)


def _read(stream: BinaryIO, connection: int) -> Request | None:
    line = stream.readline().decode()
    if not line:
        return None
    at = time.monotonic()
    method, target, _ = line.split(" ")
    headers = {}
    for header in iter(stream.readline, b"\r\n"):
        name, _, value = header.decode().partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body, connection, at)
