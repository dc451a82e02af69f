"""Exports, as warehouses read them, of a running Millrace."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pyarrow.parquet
import pytest
import requests

from event_client import EventClient
from installation import Installation


@pytest.fixture
def sent(client: EventClient) -> list[dict[str, Any]]:
    events = [
        {
            "conversation_id": f"c-{n % 7}",
            "event_name": "event_a",
            "input": f"=SUM({n}) ü",
            "latency": n / 4,
            "tags": ["a", str(n)],
            "properties": {"total": "12345678901234.5678", "n": n},
        }
        for n in range(3_000)
    ]
    results = client.track_events(events, wait=True)
    return [{**event, "event_id": result["id"]} for event, result in zip(events, results)]


def export(millrace: Installation, tenant: str, **parameters: str) -> bytes:
    with requests.get(
        f"{millrace.url}/export", params=parameters, headers={"X-Tenant": tenant}, timeout=60
    ) as response:
        assert response.status_code == 200, response.text
        return response.content


def test_pyarrow_reads_every_row_of_parquet(
    millrace: Installation, tenant: str, sent: list[dict[str, Any]]
) -> None:
    table = pyarrow.parquet.read_table(io.BytesIO(export(millrace, tenant, format="parquet")))
    assert table.num_rows == len(sent)
    assert table.column_names == [
        *("event_id", "event_type", "tenant_id", "user_id"),
        *("timestamp", "data", "metadata", "inserted_at"),
    ]
    assert str(table.schema.field("timestamp").type) == "timestamp[ms, tz=UTC]"
    rows = table.to_pylist()
    assert [row["event_id"] for row in rows] == [event["event_id"] for event in sent]
    assert [json.loads(row["data"]) for row in rows] == [event["properties"] for event in sent]

    names = ("event_id", "input", "latency", "tags")
    file = export(millrace, tenant, format="parquet", columns=",".join(names))
    assert pyarrow.parquet.read_table(io.BytesIO(file)).to_pylist() == [
        {name: event[name] for name in names} for event in sent
    ]


def test_lines_and_rows_say_the_same(millrace: Installation, tenant: str, sent: list[dict[str, Any]]) -> None:
    lines = export(millrace, tenant, columns="event_id,input,tags").decode().splitlines()
    assert [json.loads(line) for line in lines] == [
        {name: event[name] for name in ("event_id", "input", "tags")} for event in sent
    ]
    text = export(millrace, tenant, columns="event_id,input,tags", format="csv").decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["event_id"], row["input"], json.loads(row["tags"])) for row in rows] == [
        (event["event_id"], f"'{event['input']}", event["tags"]) for event in sent
    ]


def test_an_export_goes_on_behind_an_event(
    millrace: Installation, tenant: str, sent: list[dict[str, Any]]
) -> None:
    ids = [event["event_id"] for event in sent]
    text = export(millrace, tenant, columns="event_id", after=ids[2_000]).decode()
    assert [json.loads(line)["event_id"] for line in text.splitlines()] == ids[2_001:]
