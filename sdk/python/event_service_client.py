"""Client of Millrace's EventService: what happens in a laboratory, published and asked for.

    with EventClient("http://localhost:8080") as client:
        client.publish_event(EventMessage(topic="sample.received", subjects=["sample-1"], data={"rack": 3}))

Needs requests, httpx and pydantic: `pip install -e 'sdk/python[event-service]'`.
"""

import json
import os
import uuid
import weakref
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Annotated, Any, Callable, Optional, Union
from urllib.parse import urlsplit

import anyio
import httpx
import requests
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    StringConstraints,
    TypeAdapter,
)
from pydantic.alias_generators import to_camel, to_pascal
from requests.adapters import HTTPAdapter

__version__ = "0.1.0"

Json = dict[str, Any]

PUBLISH = "/api/v2.0/EventService"
QUERY = "/api/v2.0/QueryService/Events"
SERVER_TIME = "/api/v2.0/ServerTime"
# The most events that the server answers with at once.
MAX_PAGE = 1_000
# The most connections that are kept open, as many as threads send at the same time.
MAX_IDLE_CONNECTIONS = 32
# The most requests that one httpx client is given at a time, as many as it opens connections by default: what
# thousands that wait for one cost it, grows with the square of their number.
MAX_REQUESTS_IN_FLIGHT = 100
_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "User-Agent": f"python-event-service-client/{__version__}",
}


def _id(value: object) -> object:
    """An id may be a number or a UUID. The wire knows only texts."""
    is_id = isinstance(value, (int, uuid.UUID)) and not isinstance(value, bool)
    return str(value) if is_id else value


def _moment(value: object) -> object:
    """Nobody knows the unit of a number, not even if it is a text."""
    if not isinstance(value, (datetime, str)):
        raise ValueError(f"it must be a datetime or an ISO text, not {type(value).__name__}")
    if isinstance(value, str) and value[4:5] != "-":
        raise ValueError("it must be an ISO text, such as 2026-11-26T08:30:00Z")
    return value


def _utc(moment: datetime) -> datetime:
    """One without a time zone is taken as UTC."""
    try:
        return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    except OverflowError:
        raise ValueError("it lies outside of the years 1 to 9999 in UTC") from None


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _names(name: str) -> AliasChoices:
    return AliasChoices(name, to_pascal(name), to_camel(name))


Id = Annotated[str, BeforeValidator(_id), StringConstraints(min_length=1)]
Moment = Annotated[datetime, BeforeValidator(_moment), AfterValidator(_utc), PlainSerializer(_iso)]
_MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)
# One value, or any of several.
AnyOf = Union[str, Sequence[str], None]


class EventMessage(BaseModel):
    """What happened (`topic`) to which samples or instruments (`subjects`), and its `data`.

    `event_id` and `created_date_utc` are set when the message is made: published once more it is the same
    event. Times without a time zone are taken as UTC. `user_id` is for those who have no `actor_id`: the
    server takes it as one. The fields may also be given by the names of the wire, such as `SourceTraceIds`.
    """

    model_config = ConfigDict(
        alias_generator=AliasGenerator(validation_alias=_names, serialization_alias=to_pascal),
        extra="forbid",
        validate_assignment=True,
    )

    topic: Annotated[str, StringConstraints(min_length=1)]
    subjects: list[str]
    data: dict[str, JsonValue]
    event_id: Id = Field(default_factory=lambda: str(uuid.uuid4()))
    created_date_utc: Moment = Field(default_factory=lambda: datetime.now(timezone.utc))
    tags: Optional[list[str]] = None
    start: Optional[Moment] = None
    end: Optional[Moment] = None
    expiration_date_utc: Optional[Moment] = None
    organization_id: Optional[Id] = None
    group_id: Optional[Id] = None
    owner_id: Optional[Id] = None
    actor_id: Optional[Id] = None
    user_id: Optional[Id] = None
    operator_id: Optional[Id] = None
    activity_id: Optional[Id] = None
    association_id: Optional[Id] = None
    module_id: Optional[Id] = None
    orchestrator_id: Optional[Id] = None
    source_trace_ids: Optional[list[str]] = None
    access_policy: Optional[JsonValue] = None
    sharing_policy: Optional[JsonValue] = None
    retention_policy: Optional[JsonValue] = None
    encryption_provider: Optional[JsonValue] = None

    def to_wire(self) -> Json:
        """What is sent: PascalCase, times as ISO 8601 in UTC, nothing that is None."""
        return EventClient.remove_none_values(self.model_dump(by_alias=True))


class HttpClient(requests.Session):
    """A session that knows where the server is: asked again on each request, since it may move."""

    def __init__(self, url_provider: Callable[[], str]) -> None:
        super().__init__()
        self._url_provider = url_provider
        self._process = os.getpid()
        for scheme in ("http://", "https://"):
            self.mount(scheme, HTTPAdapter(pool_maxsize=MAX_IDLE_CONNECTIONS))
        self.headers.update(_HEADERS)

    @property
    def base_url(self) -> str:
        """The server's URL, with a slash at its end."""
        return _base_url(self._url_provider())

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Sends a request, after a fork by connections of its own."""
        if self._process != os.getpid():
            self.close()
            self._process = os.getpid()
        return super().send(request, **options)


class HttpClientHelper:
    """Makes the sessions that `EventClient` takes as its `http_client`."""

    @staticmethod
    def configure_http_client(url: str) -> HttpClient:
        """A session for the server at that URL."""
        base_url = _base_url(url)
        return HttpClient(lambda: base_url)

    @staticmethod
    def configure_http_client_with_provider(provider: Callable[[], str]) -> HttpClient:
        """A session for the server at the URL that `provider` returns, which is asked on each request."""
        if not callable(provider):
            raise TypeError(f"provider must be callable, not {type(provider).__name__}")
        return HttpClient(provider)


class EventClient:
    """Publishes events and asks for them. Serves any number of threads.

    Of `url`, `url_provider` and `http_client` the first that is given counts. An `http_client` is a
    `requests.Session` with an attribute `base_url`: it is used as it is, with its headers, and never closed
    here. `timeout` is for connecting and for each piece of an answer, in seconds.

    What is wrong with a call is a TypeError or a ValueError (pydantic's ValidationError is one) before
    anything is sent. No answer is one of requests' exceptions, of httpx's if it was asked by that; any other
    answer than a good one is their HTTPError or HTTPStatusError with the `response`. Nothing is tried again.
    """

    timeout: float = 30.0

    def __init__(
        self,
        url: Optional[str] = None,
        url_provider: Optional[Callable[[], str]] = None,
        http_client: Optional[requests.Session] = None,
    ) -> None:
        self._http_client: requests.Session
        if url:
            self._http_client = HttpClientHelper.configure_http_client(url)
        elif url_provider is not None:
            self._http_client = HttpClientHelper.configure_http_client_with_provider(url_provider)
        elif http_client is not None:
            if not hasattr(http_client, "base_url"):
                raise ValueError("http_client must have an attribute base_url")
            self._http_client = http_client
        else:
            raise ValueError("one of url, url_provider and http_client is required")
        self._in_flight = weakref.WeakKeyDictionary[httpx.AsyncClient, anyio.Semaphore]()
        self._close: Callable[[], object] = lambda: None
        if self._http_client is not http_client:
            self._close = self._http_client.close
            weakref.finalize(self, self._close)

    def __enter__(self) -> "EventClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the idle connections. A later call opens a new one."""
        self._close()

    def publish_event(self, message: EventMessage) -> Json:
        """Publishes an event; returns the server's answer once the event is kept."""
        response = self._request("POST", PUBLISH, _body(message))
        answer = _json(response)
        if not _is_kept(response.status_code, answer):
            raise requests.HTTPError(_unexpected(response.status_code, answer), response=response)
        return dict(answer)

    async def publish_async(self, message: EventMessage, httpx_client: httpx.AsyncClient) -> str:
        """Publishes an event; returns the text of the server's answer once the event is kept.

        `httpx_client` sends it, with its own headers and timeouts, to this client's URL. For a free
        connection it waits as long as it takes, so that any number of calls can be gathered.
        """
        body = _body(message)
        timeout = httpx.Timeout(httpx_client.timeout)
        timeout.pool = None
        async with self._in_flight.setdefault(httpx_client, anyio.Semaphore(MAX_REQUESTS_IN_FLIGHT)):
            response = await httpx_client.post(
                self._url(PUBLISH),
                content=body,
                headers=_HEADERS,
                timeout=timeout,
                # It would make a GET of it.
                follow_redirects=False,
            )
        answer = _json(response)
        if not _is_kept(response.status_code, answer):
            reason = _unexpected(response.status_code, answer)
            raise httpx.HTTPStatusError(reason, request=response.request, response=response)
        return response.text

    def query_events(
        self,
        topic: AnyOf = None,
        subjects: AnyOf = None,
        subjects_contains: AnyOf = None,
        tags: AnyOf = None,
        start: Union[datetime, str, None] = None,
        end: Union[datetime, str, None] = None,
        *,
        association_id: AnyOf = None,
        module_id: AnyOf = None,
        actor_id: AnyOf = None,
        activity_id: AnyOf = None,
        source_trace_ids: AnyOf = None,
        page_size: int = MAX_PAGE,
    ) -> Iterator[list[Json]]:
        """The pages of the events that match all that is given, newest first.

        Of a list one has to match, of `subjects` all. The events are from `start` on and before `end`, by
        default the server's time as the first page is asked for. Each is given once, also while others are
        written and deleted: for that the ids of all that were given are kept in memory.
        """
        if not 2 <= page_size <= MAX_PAGE:
            raise ValueError(f"page_size must be from 2 to {MAX_PAGE}, not {page_size}")
        asked = {
            "Topic": _values("topic", topic),
            "Subjects": _values("subjects", subjects),
            "SubjectsContains": _values("subjects_contains", subjects_contains),
            "Tags": _values("tags", tags),
            "Start": _time("start", start),
            "End": _time("end", end),
            "AssociationId": _values("association_id", association_id),
            "ModuleId": _values("module_id", module_id),
            "ActorId": _values("actor_id", actor_id),
            "ActivityId": _values("activity_id", activity_id),
            "SourceTraceIds": _values("source_trace_ids", source_trace_ids),
        }
        return self._pages(self.remove_none_values(asked), page_size)

    def get_server_time(self) -> datetime:
        """The server's time, in UTC."""
        response = self._request("GET", SERVER_TIME)
        answer = _json(response)
        try:
            return _MOMENT.validate_python(answer)
        except ValueError:
            reason = _unexpected(response.status_code, answer)
            raise requests.HTTPError(reason, response=response) from None

    @staticmethod
    def remove_none_values(d: Mapping[str, Any]) -> Json:
        """A copy without the members that are None, at any depth. In lists None stays, as it has a place."""
        return {name: _without_none(value) for name, value in d.items() if value is not None}

    def _pages(self, query: Json, page_size: int) -> Iterator[list[Json]]:
        """Each page but the first begins with the last event of the one before.

        Events that come late shift those behind them to later places: those that were given are left out.
        If a page begins with one that was not, events before it were deleted, and it is gone back.
        """
        if "End" not in query:
            query = {**query, "End": _iso(self.get_server_time())}
        body = _compact(query)
        given: set[str] = set()
        offset = 0
        while True:
            page = self._page(body, page_size, offset)
            if offset > 0 and (not page or _key(page[0]) not in given):
                offset = max(0, offset - page_size)
                continue
            new = {key: event for key, event in ((_key(event), event) for event in page) if key not in given}
            given.update(new)
            if new:
                yield list(new.values())
            if len(page) < page_size:
                return
            offset += page_size - 1

    def _page(self, body: bytes, limit: int, offset: int) -> list[Json]:
        response = self._request("POST", f"{QUERY}?limit={limit}&offset={offset}", body)
        if response.status_code == 204:
            return []
        answer = _json(response)
        if response.status_code != 200 or not isinstance(answer, list):
            raise requests.HTTPError(_unexpected(response.status_code, answer), response=response)
        return answer

    def _request(self, method: str, target: str, body: Optional[bytes] = None) -> requests.Response:
        response = self._http_client.request(
            method,
            self._url(target),
            data=body,
            headers=_HEADERS,
            timeout=self.timeout,
            # It would make a GET of it.
            allow_redirects=False,
        )
        try:
            response.raise_for_status()
        except requests.HTTPError:
            reason = _unexpected(response.status_code, _json(response))
            raise requests.HTTPError(reason, response=response) from None
        return response

    def _url(self, target: str) -> str:
        base_url: str = getattr(self._http_client, "base_url", "")
        return base_url.rstrip("/") + target


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("the URL must be one such as http://localhost:8080")
    return url if url.endswith("/") else f"{url}/"


def _body(message: EventMessage) -> bytes:
    if not isinstance(message, EventMessage):
        raise TypeError(f"message must be an EventMessage, not {type(message).__name__}")
    return _compact(message.to_wire())


def _compact(value: object) -> bytes:
    """A ValueError if JSON has no form of it."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _without_none(value: object) -> object:
    if isinstance(value, Mapping):
        return EventClient.remove_none_values(value)
    return [_without_none(part) for part in value] if isinstance(value, list) else value


def _values(name: str, value: object) -> object:
    """A text, a list of texts, or None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Sequence) and all(isinstance(part, str) for part in value):
        return list(value)
    raise TypeError(f"{name} must be a text or a list of texts, not {value!r}")


def _time(name: str, value: object) -> Optional[str]:
    try:
        return None if value is None else _iso(_MOMENT.validate_python(value))
    except ValueError:
        raise ValueError(f"{name} must be a datetime or an ISO text, not {value!r}") from None


def _key(event: Json) -> str:
    """What tells an event from others: its id and, if it has one, the time of its making."""
    created = event.get("createdDateUtc")
    return json.dumps([event.get("eventId"), created] if created else event, sort_keys=True)


def _json(response: Union[requests.Response, httpx.Response]) -> Any:
    """The answer's JSON, None if it is none."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def _is_kept(status: int, answer: object) -> bool:
    return status == 200 and isinstance(answer, dict) and answer.get("success") is True


def _unexpected(status: int, answer: object) -> str:
    reason = answer.get("message") if isinstance(answer, dict) else None
    return f"the answer was {status}: {reason or 'not the one of an EventService, if the URL is right'}"
