"""The records of a file of lines that comes in pieces."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ._errors import EventSDKError
from ._types import Json


class Format(NamedTuple):
    """A format of lines."""

    name: str
    # Whether the first line has the names of the columns, and a quoted text may have line breaks in it.
    is_csv: bool

    def records(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Each whole record with its line break."""
        record, rest = b"", b""
        for piece in pieces:
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                record += line + b"\n"
                # A quote within a quoted text is two.
                if not (self.is_csv and record.count(b'"') % 2):
                    yield record
                    record = b""
        if record or rest:
            raise EventSDKError("the answer is no file of lines")

    def event_id(self, record: bytes, names: Sequence[str]) -> str | None:
        """The id of a record's event, if there is a column that says it."""
        row = dict(zip(names, cells(record))) if self.is_csv else event(record)
        return row.get("event_id") or row.get("id")


NDJSON = Format("ndjson", is_csv=False)
CSV = Format("csv", is_csv=True)


def cells(record: bytes) -> list[str]:
    """The texts of a record of CSV."""
    return next(csv.reader([record.decode()]))


def event(record: bytes) -> Json:
    """The event of a record of JSON."""
    try:
        row = json.loads(record)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise EventSDKError(
            "a line of the answer is no JSON object", response=record.decode(errors="replace")
        )
    return row
