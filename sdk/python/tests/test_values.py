"""What becomes of values that JSON doesn't know: an obvious form, or an error that names the field."""

from __future__ import annotations

import importlib
import re
import uuid
from array import array
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from types import MappingProxyType
from typing import Any

import pytest

from buffered_event_client import BufferedEventClient
from event_client import EventClient, EventSDKError, EventValidationError
from installation import Installation
from scripted_server import ScriptedServer, echo_batch, received

# Without its types, which are not the same for every interpreter.
np: Any = importlib.import_module("numpy")
NAN = float("nan")
UUID = uuid.UUID("019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b")


class Color(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Tensor:
    """What can become an array of numpy's, as TensorFlow's tensors can."""

    def __array__(self) -> Any:
        return np.array([1.5, 2.5])


class Index:
    def __index__(self) -> int:
        return 7


class Rude:
    def tolist(self) -> object:
        raise RuntimeError("not now")


class Fields(Mapping[str, Any]):
    def __getitem__(self, name: str) -> int:
        return {"a": 1}[name]

    def __iter__(self) -> Iterator[str]:
        return iter(["a"])

    def __len__(self) -> int:
        return 1


FORMS = [
    (Decimal("19.99"), 19.99),
    (Decimal(12345678901234567890), 12345678901234567890),
    (Decimal("1E+3"), 1000.0),
    (datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=timezone.utc), "2026-01-02T03:04:05.678000+00:00"),
    (datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05"),  # noqa: DTZ001
    (date(2026, 1, 2), "2026-01-02"),
    (time(3, 4, 5), "03:04:05"),
    (UUID, str(UUID)),
    (Color.RED, "red"),
    (Level.HIGH, 3),
    (Fields(), {"a": 1}),
    (MappingProxyType({"b": Decimal(2)}), {"b": 2}),
    ((1, (2, 3)), [1, [2, 3]]),
    (deque([1, 2]), [1, 2]),
    (range(3), [0, 1, 2]),
    (array("d", [0.5, 1.5]), [0.5, 1.5]),
    (np.float32(0.5), 0.5),
    (np.float64(1.25), 1.25),
    (np.int64(7), 7),
    (np.uint8(7), 7),
    (np.bool_(True), True),
    (np.str_("text"), "text"),
    (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    (np.array([0.5, 1.5], dtype=np.float32), [0.5, 1.5]),
    (np.array(5), 5),
    ([np.int32(1), {"x": np.float16(0.5)}], [1, {"x": 0.5}]),
    (Tensor(), [1.5, 2.5]),
    (Index(), 7),
]


@pytest.mark.parametrize(("value", "form"), FORMS, ids=[f"{type(v).__name__}-{v}" for v, _ in FORMS])
def test_a_value_has_its_obvious_form(value: Any, form: Any) -> None:
    with ScriptedServer() as server, EventClient(server.url) as client:
        client.track_event("c", "event_a", properties={"value": value})
        client.update_event("id", properties={"value": value})
    for request in server.requests:
        assert request.json["properties"] == {"value": form}
        assert type(request.json["properties"]["value"]) is type(form)


def loop() -> list[Any]:
    inner: list[Any] = []
    inner.append(inner)
    return inner


def deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    return value


WRONG = [
    ({"properties": {"scores": (1.0, NAN)}}, r"properties\.scores\[1\]"),
    ({"properties": {"a": [{"b": float("inf")}]}}, r"properties\.a\[0\]\.b"),
    ({"input_embeddings": [0.5, NAN]}, r"input_embeddings\[1\]"),
    ({"output_embeddings": np.array([0.5, 1.5, NAN])}, r"output_embeddings\[2\]"),
    ({"latency": np.float32(NAN)}, "latency"),
    ({"latency": Decimal("NaN")}, "latency"),
    ({"latency": Decimal("sNaN")}, "latency"),
    ({"latency": Decimal("Infinity")}, "latency"),
    ({"latency": Decimal("1E+1000000")}, "latency"),
    ({"latency": timedelta(seconds=1)}, "latency"),
    ({"input": b"bytes"}, "input"),
    ({"output": "\ud800"}, "output"),
    ({"tags": {"a", "b"}}, "tags"),
    ({"user_id": object()}, "user_id"),
    ({"properties": {"at": np.datetime64("2026-01-01T00:00:00.000000001")}}, r"properties\.at"),
    ({"properties": {"times": np.array(["2026-01-01"], dtype="M8[ns]")}}, r"properties\.times"),
    ({"properties": {"wait": np.timedelta64(5, "s")}}, r"properties\.wait"),
    ({"properties": {"z": np.complex64(1j)}}, r"properties\.z"),
    ({"properties": {"long": np.longdouble(1)}}, r"properties\.long"),
    ({"properties": {"by": {UUID: 1}}}, r"properties\.by"),
    ({"properties": {"rude": Rude()}}, r"properties\.rude"),
    ({"properties": {"loop": loop()}}, r"properties\.loop[\[\]0]+"),
    ({"properties": {"deep": deep()}}, r"properties\.deep[\[\]0]*"),
    ({"conversation_metadata": {"n": NAN}}, r"conversation_metadata\.n"),
]
NAMES = [words for _, words in WRONG]


@pytest.mark.parametrize(("fields", "path"), WRONG, ids=NAMES)
def test_what_has_no_form_is_an_error_that_names_it(fields: dict[str, Any], path: str) -> None:
    with ScriptedServer() as server, EventClient(server.url) as client:
        with pytest.raises(EventValidationError, match=rf"^{path} can't be sent as JSON: .+"):
            client.track_event("c", "event_a", **fields)
        with pytest.raises(EventValidationError, match=rf"^{path} can't be sent as JSON: .+"):
            client.update_event("id", **fields)
        (result,) = client.track_events([{"conversation_id": "c", "event_name": "event_a", **fields}])
    assert result["code"] == "invalid_field"
    assert server.requests == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        *((fields, f"{path} can't be sent as JSON") for fields, path in WRONG),
        ({"conversation_id": ""}, "conversation_id is required"),
        ({"conversation_id": np.array([1, 2])}, "truth value"),
        ({"event_name": "other"}, "event_name must be one of"),
        ({"latency": NAN}, "latency must be a finite number"),
        ({"timestamp": "yesterday"}, "timestamp must be a datetime"),
        ({"event_id": ""}, "the id of an event must not be empty"),
    ],
)
def test_the_buffered_client_never_raises_but_tells(fields: dict[str, Any], words: str) -> None:
    told: list[tuple[EventSDKError, list[dict[str, Any]]]] = []
    event = {"conversation_id": "c", "event_name": "event_a", **fields}
    with ScriptedServer(echo_batch) as server:
        client = EventClient(server.url)
        with BufferedEventClient(client=client, on_error=lambda *call: told.append(call)) as events:
            assert events.track_event(**event) is None
            kept = events.track_event("c", "event_a")
        assert received(server) == [kept]
        assert events.dropped == 1
    ((error, (lost,)),) = told
    assert isinstance(error, EventValidationError)
    assert re.search(words, str(error))
    assert lost["event_name"] == event["event_name"]


def test_vectors_arrive_as_they_are(millrace: Installation, client: EventClient) -> None:
    vector = np.linspace(-1.0, 1.0, 1_536, dtype=np.float32)
    event_id = client.track_event(
        UUID,  # type: ignore[arg-type]
        "event_a",
        latency=Decimal("120.5"),
        input_embeddings=vector,
        properties={"price": Decimal("19.99")},
        wait=True,
    )
    (event,) = client.get_events_by_conversation(UUID)  # type: ignore[arg-type]
    assert event["id"] == event_id
    assert np.array_equal(np.array(event["input_embeddings"], dtype=np.float32), vector)
    assert (event["latency"], event["properties"]) == (120.5, {"price": 19.99})
