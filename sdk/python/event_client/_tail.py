"""What is done to events, while it is done."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator

from ._calls import Calls
from ._parameters import address
from ._types import Filters, Json

# Seconds. A tail says every 15 that it is there.
TAIL_TIMEOUT = 45.0


class Tails(Calls):
    """Watches events being taken in."""

    def tail(self, filters: Filters = (), *, after: str = "") -> Generator[Json, None, None]:
        """What is done to events while it is taken in: from now on, or behind the message of the id `after`.

        Each is `{"event": …, "id": …, "data": …}`: `created` with the event, `updated` with its id and what
        changed, `deleted` with its id, or `missed` with a `count` if this reads too slowly. It begins when it
        is iterated and ends with the API; raises EventUnavailableError if the connection breaks.
        """
        headers = f"Accept: text/event-stream\r\nLast-Event-ID: {after}\r\n"
        target = address("/tail", {}, {"filters": filters})
        with self._streamed(target, TAIL_TIMEOUT, headers, "the tail of {} broke off") as response:
            yield from _messages(response)


def _messages(lines: Iterable[bytes]) -> Iterator[Json]:
    """Server-sent events of one line of data, comments left out."""
    message: Json = {}
    for line in lines:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name in ("event", "id", "data"):
            message[name] = json.loads(value) if name == "data" else value
        elif not name and message:
            yield {"id": "", **message}
            message = {}
