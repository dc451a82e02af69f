"""All events of a period as rows, or as a file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from ._calls import Calls
from ._connections import pieces
from ._errors import EventUnavailableError, EventValidationError
from ._parameters import address, period
from ._records import CSV, NDJSON, Format, cells, event
from ._types import Json

# How long one piece of an export may take, in seconds: while the server reads events that are not wanted,
# nothing comes.
EXPORT_TIMEOUT = 600.0


class Exports(Calls):
    """Reads any number of events in bounded memory; docs/warehouse.md says which columns there are.

    `columns` are the usual ones by default. `after` is the id of the last event that is already there: those
    behind it are wanted. `timeout` is how long one piece may take, in seconds.
    """

    def export(
        self,
        columns: Sequence[str] | None = None,
        *,
        source: str | None = None,
        event_name: str | None = None,
        after: str | None = None,
        timeout: float = EXPORT_TIMEOUT,
        **when: Any,
    ) -> Iterator[Json]:
        """The events one by one, oldest first, while they come.

        If they break off, they go on behind the last one, unless its columns lack the `event_id`.
        """
        query = _query(NDJSON.name, columns, source, event_name, after, when)
        return map(event, self._records(NDJSON, query, timeout))

    def export_to(
        self,
        path: str | os.PathLike[str],
        format: str,
        columns: Sequence[str] | None = None,
        *,
        source: str | None = None,
        event_name: str | None = None,
        after: str | None = None,
        timeout: float = EXPORT_TIMEOUT,
        **when: Any,
    ) -> None:
        """Writes the events to a file, whose `format` is `"ndjson"`, `"csv"` or `"parquet"`.

        It is there once it is whole, in place of one that was. If lines break off, they go on as those of
        `export` do; a file of Parquet is begun again.
        """
        query = _query(format, columns, source, event_name, after, when)
        lines = {NDJSON.name: NDJSON, CSV.name: CSV}.get(format)
        unfinished = f"{os.fspath(path)}.part"
        try:
            with open(unfinished, "wb") as file:
                if lines:
                    file.writelines(self._records(lines, query, timeout))
                else:
                    self._write_whole(file, query, timeout)
            os.replace(unfinished, path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.remove(unfinished)
            raise

    def _records(self, lines: Format, query: Json, timeout: float) -> Iterator[bytes]:
        """Each record once, that of the names too, in as many attempts without any as other calls have."""
        names: list[str] = []
        attempt = 0
        while True:
            attempt, last = attempt + 1, b""
            try:
                records = lines.records(self._pieces(query, timeout))
                if lines.is_csv:
                    head = next(records, b"")
                    if not names:
                        names = cells(head)
                        yield head
                for record in records:
                    yield record
                    attempt, last = 1, record
            except EventUnavailableError as error:
                if last:
                    query = {**query, "after": lines.event_id(last, names)}
                    if not query["after"]:
                        raise
                self._wait(attempt, self.max_retries, error)
            else:
                return

    def _pieces(self, query: Json, timeout: float) -> Iterator[bytes]:
        """Of one attempt; an `EventUnavailableError` if they don't come to their end."""
        with self._streamed(address("/export", {}, query), timeout) as response:
            yield from pieces(response)

    def _write_whole(self, file: BinaryIO, query: Json, timeout: float) -> None:
        attempt = 0
        while True:
            attempt += 1
            file.seek(0)
            file.truncate()
            try:
                file.writelines(self._pieces(query, timeout))
            except EventUnavailableError as error:
                self._wait(attempt, self.max_retries, error)
            else:
                return


def _query(
    format: str,
    columns: Sequence[str] | None,
    source: str | None,
    event_name: str | None,
    after: str | None,
    when: Json,
) -> Json:
    if isinstance(columns, str):
        raise EventValidationError("columns must be a list of names")
    names = None if columns is None else ",".join(columns)
    query = {"format": format, "columns": names, "source": source, "event_name": event_name, "after": after}
    return {**query, **period(when)}
