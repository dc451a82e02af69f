"""Millrace as its users run it: the standalone, as a process on a folder and ports of its own."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any, Callable

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 60.0

# Kills the process if this one ends before it has told that the process is gone.
GUARD = 'trap "" HUP INT TERM; read -r gone || kill -9 "$1"'


def binary() -> Path:
    """The standalone that cargo has built."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    path = target / "debug" / "millrace"
    assert path.exists(), f"{path} is missing: run cargo build --workspace --bins"
    return path


def until(what: str, holds: Callable[[], bool], timeout: float = PATIENCE) -> None:
    """Waits for a condition; fails when it hasn't come to hold in time."""
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not within {timeout} s"
        time.sleep(0.02)


def free_port() -> int:
    """A port below those of outgoing connections: a client that redials must not be given it as its own."""
    while True:
        port = random.randrange(10_000, 30_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


class Installation:
    """Starts on any free ports, unless `api_port` and `engine_port` say which.

    `settings` are further variables; `key` is what it is asked with.
    """

    def __init__(
        self,
        folder: Path,
        api_port: int = 0,
        engine_port: int = 0,
        settings: dict[str, str] | None = None,
        key: str | None = None,
    ) -> None:
        self.folder = folder
        self._api_key = {"X-Api-Key": key} if key else {}
        kept = ("PATH", "HOME", "XDG_CACHE_HOME", "MILLRACE_ENGINE_LIB")
        self._environment = {
            **{name: value for name, value in os.environ.items() if name in kept},
            "MILLRACE_DATA": str(folder / "data"),
            "API_PORT": str(api_port),
            "MILLRACE_ENGINE_PORT": str(engine_port),
            "LOG_LEVEL": "warn",
            **(settings or {}),
        }
        self.start()

    def start(self) -> None:
        """Returns when it is ready."""
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen([binary()], env=self._environment, stdout=output, stderr=output)
        self._guard = subprocess.Popen(
            ["sh", "-c", GUARD, "guard", str(self.process.pid)], stdin=subprocess.PIPE
        )
        endpoints = self.folder / "data" / "endpoints.json"
        until("the endpoints are written", lambda: self._alive() and endpoints.exists())
        told = json.loads(endpoints.read_text())
        self.url, self.clickhouse = told["api"], told["clickhouse"]
        self._key = {
            "X-ClickHouse-User": told["clickhouse_user"],
            "X-ClickHouse-Key": told["clickhouse_password"],
        }
        until("the api is ready", lambda: self._alive() and self._ready())

    def kill(self) -> None:
        """A power cut."""
        self.process.kill()
        self.process.wait()
        self._guard.communicate(b"\n")
        (self.folder / "data" / "endpoints.json").unlink()

    def stop(self) -> None:
        """Asks it to end, and waits until it has."""
        self.process.terminate()
        status = self.process.wait(PATIENCE)
        self._guard.communicate(b"\n")
        assert status == 0, self.output()

    def output(self) -> str:
        return (self.folder / "output").read_text()

    def get(self, path: str) -> Any:
        request = urllib.request.Request(self.url + path, headers=self._api_key)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def sql(self, query: str) -> str:
        """What ClickHouse itself says."""
        request = urllib.request.Request(self.clickhouse, data=query.encode(), headers=self._key)
        with urllib.request.urlopen(request) as answer:
            text: str = answer.read().decode()
        return text.strip()

    def catch_up(self) -> None:
        """Waits until all that was taken in is in the table."""
        until("the lag is 0", lambda: bool(self.get("/pipeline")["data"]["lag"] == 0), timeout=300.0)

    def _alive(self) -> bool:
        assert self.process.poll() is None, self.output()
        return True

    def _ready(self) -> bool:
        try:
            return bool(self.get("/ready")["success"])
        except OSError:
            return False
