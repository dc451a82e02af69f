"""The clients, each as a program that makes calls: which one, with what settings, and what it holds out."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from calls import Call, large, of_every_kind, of_nobody, small
from installation import until
from proxy import Exchange, Fault, Proxy

HERE = Path(__file__).resolve().parents[1]
# Longer than any client holds out with these faults, on a slow machine too.
PATIENCE = 240.0
SERVER_KINDS = ("identify", "track", "page", "screen", "group", "alias")
STORM: tuple[Fault, ...] = ("cut", "cut")
WAITS: tuple[Fault, ...] = (429, 503)


@dataclass(frozen=True)
class Client:
    """A program of this folder."""

    name: str
    program: tuple[str, ...]
    # In a page, which stays open until all is sent.
    is_page: bool = False
    # Jitsu's clients drop what is not taken in at once.
    retries: bool = True

    def command(self) -> tuple[str, ...]:
        """With the interpreter in which the client is installed; scripts/test-sdks.sh says where that is."""
        if self.program[0] == "python":
            tools = json.loads(os.environ["MILLRACE_TEST_SDKS"])[self.name]
            return (f"{tools}/python", str(HERE / "python" / "send.py"), *self.program[1:])
        return ("node", str(HERE / "node" / self.program[0]), *self.program[1:])


@dataclass(frozen=True)
class Case:
    """What a client is told to send, and what happens to it on the way."""

    client: Client
    what: str
    calls: tuple[Call, ...]
    faults: tuple[Fault, ...] = ()
    # The client's settings: events in a batch, in a beacon, and whether bodies are compressed.
    batch: int | None = None
    beacon: int | None = None
    gzip: bool = False

    @property
    def name(self) -> str:
        """A tenant of its own."""
        return f"{self.client.name}-{self.what}"

    @property
    def key(self) -> str:
        """Jitsu's clients take no key without a colon."""
        return self.name if self.client.retries else f"{self.name}:secret"

    @property
    def is_lost(self) -> bool:
        """Whether the client gives up before the server takes anything in."""
        return not self.client.retries and self.faults == WAITS

    def plan(self, host: str) -> str:
        """What the program reads."""
        return json.dumps(
            {
                "host": host,
                "key": self.key,
                "calls": self.calls,
                "batch": self.batch,
                "beacon": self.beacon,
                "gzip": self.gzip,
                "errorsExpected": bool(self.faults) and not self.client.retries,
            }
        )

    def run(self, api: str) -> list[Exchange]:
        """Lets the client make its calls; what was sent."""
        with Proxy(api, self.faults) as proxy:
            with subprocess.Popen(
                self.client.command(), stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            ) as program:
                try:
                    self._talk(program, proxy)
                finally:
                    # Chromium ends with it.
                    program.kill()
            return proxy.exchanges

    def _talk(self, program: subprocess.Popen[str], proxy: Proxy) -> None:
        assert program.stdin is not None
        if self.client.is_page:
            program.stdin.write(self.plan(proxy.url) + "\n")
            program.stdin.flush()
            try:
                until(f"{self.name} has sent all", lambda: self._is_done(program, proxy), PATIENCE)
            except AssertionError as error:
                program.kill()
                raise AssertionError(f"{error}; it says {program.communicate()[1]}") from None
            _, said = program.communicate(timeout=PATIENCE)
        else:
            _, said = program.communicate(self.plan(proxy.url), timeout=PATIENCE)
        assert program.returncode == 0, f"{self.name}: {said}"

    def _is_done(self, program: subprocess.Popen[str], proxy: Proxy) -> bool:
        refused = [exchange for exchange in proxy.exchanges if exchange.answer not in (200, *self.faults)]
        assert not refused, refused
        if self.is_lost:
            return len(proxy.exchanges) >= len(self.calls)
        return program.poll() is not None or len(proxy.acknowledged()) >= len(self.calls)


SEGMENT_PYTHON = Client("segment-analytics-python-2.4.0", ("python", "segment.analytics"))
SEGMENT_PYTHON_OLDER = Client("segment-analytics-python-2.3.6", ("python", "segment.analytics"))
RUDDER_PYTHON = Client("rudder-sdk-python-2.1.9", ("python", "rudderstack.analytics"))
SEGMENT_NODE = Client("segment-node", ("send.mjs", "segment"))
RUDDER_NODE = Client("rudder-node", ("send.mjs", "rudder"))
JITSU_NODE = Client("jitsu-node", ("send.mjs", "jitsu"), retries=False)
SEGMENT_PAGE = Client("segment-page", ("browser.mjs", "segment"), is_page=True)
RUDDER_PAGE = Client("rudder-page", ("browser.mjs", "rudder"), is_page=True)
JITSU_PAGE = Client("jitsu-page", ("browser.mjs", "jitsu"), is_page=True, retries=False)


def cases() -> Iterator[Case]:
    """Those that wait longest come first."""
    of_all = (*of_every_kind(*SERVER_KINDS), of_nobody())
    for client in (SEGMENT_PYTHON_OLDER, RUDDER_PYTHON, SEGMENT_PYTHON, SEGMENT_NODE, RUDDER_NODE):
        yield Case(client, "storm", (*small(120), *of_all), STORM, gzip=True)
        yield Case(client, "waits", (*small(120), *of_all), WAITS, gzip=True)
        yield Case(client, "large", tuple(large()), batch=1_000, gzip=client is not SEGMENT_PYTHON_OLDER)
        yield Case(client, "plain", of_all)
        yield Case(client, "gzip", of_all, gzip=True)
    of_jitsu = tuple(of_every_kind("identify", "track", "page", "group"))
    of_segment = tuple(of_every_kind(*SERVER_KINDS))
    of_rudder = tuple(of_every_kind("identify", "track", "page", "group", "alias"))
    for client, calls in ((SEGMENT_PAGE, of_segment), (RUDDER_PAGE, of_rudder)):
        yield Case(client, "storm", (*calls[:-1], *small(10), calls[-1]), STORM)
        yield Case(client, "waits", (*calls[:-1], *small(10), calls[-1]), WAITS)
        yield Case(client, "plain", calls)
        yield Case(client, "batches", (*calls[:-1], *small(10), calls[-1]), batch=5)
    yield Case(RUDDER_PAGE, "beacon", (*of_rudder[:-1], *small(10), of_rudder[-1]), beacon=5)
    for client in (JITSU_NODE, JITSU_PAGE):
        yield Case(client, "plain", of_jitsu)
    yield Case(JITSU_NODE, "storm", of_jitsu, ("cut",))
    yield Case(JITSU_NODE, "waits", of_jitsu, WAITS)
