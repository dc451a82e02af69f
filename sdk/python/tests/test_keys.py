"""A server that asks for keys."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from event_client import EventClient, EventSDKError
from installation import Installation, binary


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    entries = [
        f"{tenant}:{scopes}:{hashlib.sha256(key.encode()).hexdigest()}"
        for key, tenant, scopes in (
            ("writer", "acme", "ingest"),
            ("reader", "acme", "read"),
            ("other", "other", "ingest+read"),
        )
    ]
    running = Installation(tmp_path_factory.mktemp("keys"), settings={"API_KEYS": ",".join(entries)})
    yield running
    running.stop()


def test_a_key_decides_whose_events_these_are_and_what_may_be_done(asking: Installation) -> None:
    def client(key: str) -> EventClient:
        return EventClient(asking.url, api_key=key, max_retries=1)

    with client("writer") as writer, client("reader") as reader, client("other") as other:
        event_id = writer.track_event("c", "event_a", input="of acme", wait=True)
        found = reader.get_event(event_id)
        assert found
        assert found["input"] == "of acme"
        assert other.get_event(event_id) is None
        for refused in (
            lambda: writer.get_event(event_id),
            lambda: reader.track_event("c", "event_a"),
        ):
            with pytest.raises(EventSDKError, match="scope"):
                refused()


@pytest.mark.parametrize("key", [None, "unknown"])
def test_without_a_known_key_nothing_can_be_done(asking: Installation, key: str | None) -> None:
    with EventClient(asking.url, api_key=key, max_retries=1) as client:
        assert client.health_check()
        with pytest.raises(EventSDKError, match="key"):
            client.track_event("c", "event_a")


def test_a_new_key_is_a_user_of_basic_too(tmp_path: Path) -> None:
    made = subprocess.run([binary(), "keys", "new"], check=True, capture_output=True, text=True)
    key, entry = made.stdout.split()
    running = Installation(tmp_path, settings={"API_KEYS": entry})
    try:
        with EventClient(running.url.replace("http://", f"http://{key}:@"), max_retries=1) as client:
            assert client.get_event(client.track_event("c", "event_a", wait=True))
    finally:
        running.stop()
