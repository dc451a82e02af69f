"""Writes of events."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, SupportsFloat

from ._answers import data_of, results_of
from ._calls import Calls
from ._encoding import check_latency, encode
from ._errors import EventSDKError, EventUnavailableError, EventValidationError
from ._ids import ids_of, with_id
from ._parameters import idempotency, target_of
from ._types import Json, Vector

# Seconds.
MAX_WAIT = 10.0


class Writes(Calls):
    """Creates, changes and deletes events."""

    event_names: tuple[str, ...] | None

    def track_event(
        self,
        conversation_id: str,
        event_name: str,
        error: str = "",
        latency: SupportsFloat = 0.0,
        input: str = "",
        input_embeddings: Vector | None = None,
        output: str = "",
        output_embeddings: Vector | None = None,
        conversation_metadata: str | Mapping[str, Any] = "",
        *,
        user_id: str = "",
        tags: Sequence[str] | None = None,
        properties: Mapping[str, Any] | None = None,
        timestamp: datetime | None = None,
        event_id: str | None = None,
        message_id: str | None = None,
        wait: bool = False,
    ) -> str:
        """Sends an event; returns its id once the server keeps it.

        `latency` is in milliseconds, 0 if not measured; `timestamp` is when it happened, now by default. The
        same `event_id` is the same event; by default a new one is made, from the timestamp. With an id of
        your own in `message_id`, the server makes the event's from that and the timestamp. With `wait` the
        event can be read when this returns, unless that would take more than ten seconds.
        """
        event = self._event(
            {
                "conversation_id": conversation_id,
                "event_name": event_name,
                "error": error,
                "latency": latency,
                "input": input,
                "input_embeddings": input_embeddings,
                "output": output,
                "output_embeddings": output_embeddings,
                "conversation_metadata": conversation_metadata,
                "user_id": user_id,
                "tags": tags,
                "properties": properties,
                "timestamp": timestamp,
                "id": event_id,
                "message_id": message_id,
            }
        )
        try:
            answer = self._request("POST", "/event" + self._waiting(wait), encode(event))
        except EventUnavailableError as unavailable:
            unavailable.event_ids = ids_of([event])
            raise
        event_id = event.get("id") or data_of(answer).get("id")
        if not event_id:
            raise EventSDKError("the answer does not tell the id of the event", response=answer)
        return str(event_id)

    def track_events(self, events: Iterable[Mapping[str, Any]], *, wait: bool = False) -> list[Json]:
        """Sends up to 5,000 events at once, each with the fields of `track_event` (its `event_id` as `id`).

        Returns a result for each: `{"id"}` if it is kept, `{"error", "code"}` if it is wrong. Raises if the
        server could not take all in; if it could tell which, that is in `response["data"]["results"]`.
        """
        results: list[Json] = []
        bodies: dict[int, bytes] = {}
        for place, fields in enumerate(events):
            try:
                event = with_id(fields)
                bodies[place] = encode(event)
                results.append(event)
            except EventValidationError as error:
                results.append({"error": error.message, "code": "invalid_field"})
        if bodies:
            try:
                sent = self._send_batch(list(bodies.values()), wait=wait)
            except EventUnavailableError as unavailable:
                unavailable.event_ids = ids_of(results)
                raise
            for place, result in zip(bodies, sent):
                results[place] = result
        return results

    def update_event(
        self,
        event_id: str,
        event_name: str | None = None,
        error: str | None = None,
        latency: SupportsFloat | None = None,
        input: str | None = None,
        input_embeddings: Vector | None = None,
        output: str | None = None,
        output_embeddings: Vector | None = None,
        conversation_metadata: str | Mapping[str, Any] | None = None,
        *,
        user_id: str | None = None,
        tags: Sequence[str] | None = None,
        properties: Mapping[str, Any] | None = None,
        wait: bool = False,
        idempotency_key: str | None = None,
    ) -> Json:
        """Changes what is passed and leaves the rest; `""`, 0 and `[]` clear. Returns the server's answer.

        All attempts have the same `idempotency_key`, so that a late one doesn't undo a newer change. Pass one
        of your own if your program may repeat the call.
        """
        target = target_of("/event/", "event_id", event_id)
        changes = {
            "event_name": event_name,
            "error": error,
            "latency": latency,
            "input": input,
            "input_embeddings": input_embeddings,
            "output": output,
            "output_embeddings": output_embeddings,
            "conversation_metadata": conversation_metadata,
            "user_id": user_id,
            "tags": tags,
            "properties": properties,
        }
        changes = {name: value for name, value in changes.items() if value is not None}
        if not changes:
            raise EventValidationError("an update must change something")
        if event_name is not None:
            self._check_name(event_name)
        check_latency(latency)
        body, headers = encode(changes), idempotency(idempotency_key)
        return self._request("PUT", target + self._waiting(wait), body, headers)

    def delete_event(self, event_id: str, *, wait: bool = False) -> Json:
        """Deletes an event for good; returns the server's answer.

        With `wait`, an event that isn't there is an `EventNotFoundError`; also if a first attempt, whose
        answer got lost, has deleted it.
        """
        return self._request("DELETE", target_of("/event/", "event_id", event_id) + self._waiting(wait))

    def _event(self, fields: Mapping[str, Any]) -> Json:
        """The event as it is sent, checked."""
        if not fields["conversation_id"]:
            raise EventValidationError("conversation_id is required")
        self._check_name(fields["event_name"])
        check_latency(fields["latency"])
        return with_id(fields)

    def _check_name(self, event_name: str) -> None:
        if not event_name:
            raise EventValidationError("event_name is required")
        if self.event_names is not None and event_name not in self.event_names:
            raise EventValidationError(f"event_name must be one of: {', '.join(self.event_names)}")

    def _send_batch(
        self,
        bodies: Sequence[bytes],
        *,
        wait: bool = False,
        packed: bool = False,
        attempts: int | None = None,
        timeout: float | None = None,
    ) -> list[Json]:
        """Sends events that are encoded already; a result for each."""
        body, headers = b'{"events":[' + b",".join(bodies) + b"]}", ""
        if packed:
            body, headers = gzip.compress(body, compresslevel=1), "Content-Encoding: gzip\r\n"
        response: Json | str | None
        refusal = None
        try:
            target = "/events" + self._waiting(wait)
            response = self._request("POST", target, body, headers, attempts, timeout)
        except EventValidationError as error:
            # Not one of them was right.
            refusal, response = error, error.response
        results = results_of(response)
        if results is None or len(results) != len(bodies):
            raise refusal or EventSDKError(
                "the answer does not tell what became of each event", response=response
            )
        return results

    def _waiting(self, wait: bool) -> str:
        """The server answers before this client gives up on it."""
        return f"?wait={int(min(MAX_WAIT, self.timeout / 2) * 1_000)}ms" if wait else ""
