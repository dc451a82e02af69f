"""Redis as a process on a folder and a port of its own."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis

from installation import GUARD, PATIENCE, free_port, until


class RedisServer:
    """Debian's `redis-server`, on loopback. `options` are those of its command line."""

    def __init__(self, folder: Path, *options: str, password: str = "") -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://:{password}@127.0.0.1:{self.port}"
        self._options = ("--requirepass", password, *options)
        self.start()

    def __enter__(self) -> RedisServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Returns when it is ready."""
        with (self.folder / "redis").open("ab") as output:
            self.process = subprocess.Popen(
                [
                    "redis-server", "--port", str(self.port), "--bind", "127.0.0.1",
                    "--dir", self.folder, "--save", "", *self._options,
                ],
                stdout=output,
                stderr=output,
            )  # fmt: skip
        self._guard = subprocess.Popen(
            ["sh", "-c", GUARD, "guard", str(self.process.pid)], stdin=subprocess.PIPE
        )
        until("Redis is ready", self._ready)

    def kill(self) -> None:
        """A power cut."""
        self.process.kill()
        self.process.wait(PATIENCE)
        self._guard.communicate(b"\n")

    @contextlib.contextmanager
    def client(self) -> Iterator[Any]:
        """What others see of it. Its types say too little."""
        with redis.Redis.from_url(self.url, decode_responses=True) as client:
            yield client

    def _ready(self) -> bool:
        assert self.process.poll() is None, (self.folder / "redis").read_text()
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


class Cable:
    """A way to a server that can be cut: from then on nothing passes, and nobody is told."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._cut = threading.Event()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._cut.set()

    def mend(self) -> None:
        """Only for new connections: those that were cut stay silent."""
        self._cut = threading.Event()

    def close(self) -> None:
        self._listener.close()
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            far = socket.create_connection(("127.0.0.1", self._to))
            self._open += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, target, self._cut), daemon=True).start()

    @staticmethod
    def _carry(source: socket.socket, target: socket.socket, cut: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                if not cut.is_set():
                    target.sendall(data)
            target.shutdown(socket.SHUT_WR)
