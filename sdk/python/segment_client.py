"""Client of Millrace's semantic events: those of Segment, checked before they are sent.

    with SegmentClient("write-key", entity_gid="shop-1", partition="eu") as client:
        client.track("visit-7", "Order Completed", user_id="u-1", properties={"total": 350})

Needs requests and pydantic: `pip install -e 'sdk/python[segment]'`.
"""

import itertools
import json
import os
import platform
import random
import socket
import time
import uuid
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Annotated, Any, Literal, Optional, Union
from urllib.parse import urlsplit

import requests
from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    JsonValue,
    PositiveInt,
    StringConstraints,
    TypeAdapter,
    field_serializer,
    model_validator,
)
from requests.adapters import HTTPAdapter
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

__version__ = "0.1.0"

# What a gid is made in.
EVENT_GIDS = uuid.UUID("d56d39ed-3695-47c4-a460-fbe916346767")
# Seconds.
MAX_BACKOFF = 30.0
MAX_RETRY_AFTER = 60.0
# The most connections that are kept open, as many as threads send at the same time.
MAX_IDLE_CONNECTIONS = 32
# The members of a caller's `context` that stand beside it in an event.
_BESIDE_CONTEXT = ("library", "os", "page")
_PAGE_PROPERTIES = ("url", "path", "referrer", "title", "search")


def _id(value: object) -> object:
    """An id of one's own may be a number or a UUID. Segment knows only texts."""
    is_id = isinstance(value, (int, uuid.UUID)) and not isinstance(value, bool)
    return str(value) if is_id else value


def _texts(value: object) -> object:
    """Values of any kind as texts. None is no value."""
    if not isinstance(value, Mapping):
        return value
    return {name: _text(part) for name, part in value.items() if part is not None}


def _text(value: object) -> str:
    if isinstance(value, (Mapping, list, tuple)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value if isinstance(value, str) else str(value)


def _moment(value: object) -> object:
    """Nobody knows the unit of a number, not even if it is a text."""
    if not isinstance(value, (datetime, str)):
        raise TypeError(f"timestamp must be an ISO text or a datetime, not {type(value).__name__}")
    if isinstance(value, str) and value[4:5] != "-":
        raise ValueError("it must be an ISO text, such as 2026-11-26T08:30:00Z")
    return value


def _aware(moment: datetime) -> datetime:
    """One without a time zone is taken as UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


Id = Union[str, int, uuid.UUID]
IdText = Annotated[str, BeforeValidator(_id), StringConstraints(min_length=1, max_length=1_024)]
Name = Annotated[str, StringConstraints(min_length=1)]
Texts = Annotated[dict[str, str], BeforeValidator(_texts)]
Moment = Annotated[datetime, BeforeValidator(_moment), AfterValidator(_aware)]
_ID: TypeAdapter[str] = TypeAdapter(IdText)


def _iso(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).isoformat(timespec="microseconds")


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _own_ip() -> str:
    """The address that this machine has for others. Nothing is sent to find it."""
    for family, documentation in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((documentation, 9))
                return str(probe.getsockname()[0])
        except OSError:
            continue
    return "127.0.0.1"


class SemanticContext(BaseModel):
    """Where an event happened. What has none of these names goes into `extras`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    active: Optional[bool] = None
    ip: Optional[str] = Field(default_factory=_own_ip)
    locale: Optional[str] = None
    timezone: Optional[str] = None
    # The server makes the event's conversation and one of its subjects of these.
    session_id: Optional[IdText] = Field(
        default=None,
        validation_alias=AliasChoices("session_id", "sessionId"),
        serialization_alias="sessionId",
    )
    group_id: Optional[IdText] = Field(
        default=None, validation_alias=AliasChoices("group_id", "groupId"), serialization_alias="groupId"
    )
    extras: dict[str, JsonValue] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _gather_extras(cls, sent: object) -> object:
        if not isinstance(sent, Mapping):
            return sent
        known = {*cls.model_fields, "sessionId", "groupId"}
        unknown = {name: value for name, value in sent.items() if name not in known}
        extras = sent.get("extras") or {}
        if not unknown or not isinstance(extras, Mapping):
            return sent
        return {**{name: sent[name] for name in sent if name in known}, "extras": {**extras, **unknown}}


class SemanticEvent(BaseModel):
    """An event as it is sent, complete from the start: each attempt to send it is the same event.

    To the server two events are the same if they have the same `message_id` and `timestamp`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["identify", "track", "page"]
    event: Optional[Name] = None
    partition: IdText
    entity_gid: IdText
    root_event_gid: IdText
    user_id: Optional[IdText] = Field(
        default=None, validation_alias=AliasChoices("user_id", "userId"), serialization_alias="userId"
    )
    anonymous_id: Optional[IdText] = Field(
        default=None,
        validation_alias=AliasChoices("anonymous_id", "anonymousId"),
        serialization_alias="anonymousId",
    )
    message_id: IdText = Field(
        default_factory=lambda: str(uuid.uuid4()),
        validation_alias=AliasChoices("message_id", "messageId"),
        serialization_alias="messageId",
    )
    timestamp: Moment = Field(default_factory=lambda: datetime.now(timezone.utc))
    event_gid: IdText = ""
    properties: Texts = Field(default_factory=dict)
    traits: Optional[dict[str, JsonValue]] = None
    page: Optional[Texts] = None
    dimensions: Optional[Texts] = None
    metrics: Optional[dict[str, FiniteFloat]] = None
    flags: Optional[dict[str, bool]] = None
    integrations: dict[str, bool] = Field(default_factory=dict)
    context: SemanticContext = Field(default_factory=lambda: SemanticContext())
    library: dict[str, JsonValue] = Field(
        default_factory=lambda: dict[str, JsonValue](name="python-segment-client", version=__version__)
    )
    os: dict[str, JsonValue] = Field(
        default_factory=lambda: dict[str, JsonValue](name=platform.system(), version=platform.release())
    )
    ttl_days: Optional[PositiveInt] = None

    @model_validator(mode="before")
    @classmethod
    def _lift_context(cls, sent: object) -> object:
        """What the caller's context says of the library, the system and the page counts."""
        context = sent.get("context") if isinstance(sent, Mapping) else None
        if not isinstance(sent, Mapping) or not isinstance(context, Mapping):
            return sent
        lifted = {name: context[name] for name in _BESIDE_CONTEXT if name in context}
        if isinstance(lifted.get("page"), Mapping):
            lifted["page"] = {**lifted["page"], **(sent.get("page") or {})}
        rest = {name: value for name, value in context.items() if name not in lifted}
        return {**sent, **lifted, "context": rest}

    @model_validator(mode="after")
    def _complete(self) -> "SemanticEvent":
        if self.user_id is None and self.anonymous_id is None:
            raise ValueError("user_id or anonymous_id is required")
        if self.type == "track" and self.event is None:
            raise ValueError("event is required for track")
        if not self.event_gid:
            object.__setattr__(self, "event_gid", self._derived_gid())
        return self

    def _derived_gid(self) -> str:
        """A UUID of version 5: in `EVENT_GIDS`, of the JSON list of these texts, without spaces."""
        parts = [self.partition, self.entity_gid, self.root_event_gid, self.type]
        parts += [self.message_id, _iso(self.timestamp)]
        return str(uuid.uuid5(EVENT_GIDS, _compact(parts)))

    @field_serializer("timestamp")
    def _write_timestamp(self, timestamp: datetime) -> str:
        return _iso(timestamp)

    def to_json(self) -> bytes:
        """The body that is sent. A ValueError if JSON has no form of a value."""
        return _compact(self.model_dump(by_alias=True, exclude_none=True)).encode()


class SegmentClient:
    """Sends events, one a request, and returns once the server keeps it. Serves any number of threads.

    `write_key` is any text if the server has no keys. `entity_gid` and `partition` are those of each event.
    `timeout` is for connecting and for each piece of an answer, in seconds. `max_retries` is the number of
    attempts in all; `retry_delay` is the time before the second, in seconds, and doubles from then on.

    The methods return the event that was sent. What is wrong with it is a TypeError or a ValueError
    (pydantic's ValidationError is one) before anything is sent. No answer is one of requests' exceptions, and
    any other than that the event is kept a `requests.HTTPError` with the `response`.
    """

    def __init__(
        self,
        write_key: str,
        entity_gid: Id,
        partition: Id,
        endpoint: str = "http://localhost:8080/v1/event",
        *,
        timeout: float = 30.0,
        max_retries: int = 3,
        retry_delay: float = 1.0,
    ) -> None:
        if not isinstance(write_key, str):
            raise TypeError(f"write_key must be a text, not {type(write_key).__name__}")
        if not (write_key and write_key.isascii() and write_key.isprintable() and " " not in write_key):
            raise ValueError("write_key must be printable ASCII without spaces")
        url = urlsplit(endpoint)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError("endpoint must be a URL such as http://localhost:8080/v1/event")
        self.entity_gid = _ID.validate_python(entity_gid)
        self.partition = _ID.validate_python(partition)
        self.endpoint = endpoint
        self.timeout = timeout
        self.max_retries = max_retries
        self.retry_delay = retry_delay
        self._authorization = f"Bearer {write_key}"
        self._session = self._new_session()
        self._process = os.getpid()

    def __enter__(self) -> "SegmentClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the idle connections. A later call opens a new one."""
        self._session.close()

    def identify(
        self,
        root_event_gid: Id,
        user_id: Optional[Id] = None,
        traits: Optional[Mapping[str, Any]] = None,
        anonymous_id: Optional[Id] = None,
        timestamp: Union[datetime, str, None] = None,
        context: Optional[Mapping[str, Any]] = None,
        integrations: Optional[Mapping[str, bool]] = None,
        *,
        message_id: Optional[Id] = None,
    ) -> SemanticEvent:
        """Says who somebody is."""
        return self._send_new(
            type="identify",
            root_event_gid=root_event_gid,
            user_id=user_id,
            traits=traits,
            anonymous_id=anonymous_id,
            timestamp=timestamp,
            context=context,
            integrations=integrations,
            message_id=message_id,
        )

    def track(
        self,
        root_event_gid: Id,
        event_name: str,
        user_id: Optional[Id] = None,
        properties: Optional[Mapping[str, Any]] = None,
        anonymous_id: Optional[Id] = None,
        timestamp: Union[datetime, str, None] = None,
        context: Optional[Mapping[str, Any]] = None,
        integrations: Optional[Mapping[str, bool]] = None,
        *,
        message_id: Optional[Id] = None,
    ) -> SemanticEvent:
        """Says what somebody did."""
        return self._send_new(
            type="track",
            root_event_gid=root_event_gid,
            event=event_name,
            user_id=user_id,
            properties=properties,
            anonymous_id=anonymous_id,
            timestamp=timestamp,
            context=context,
            integrations=integrations,
            message_id=message_id,
        )

    def page(
        self,
        root_event_gid: Id,
        name: Optional[str] = None,
        properties: Optional[Mapping[str, Any]] = None,
        user_id: Optional[Id] = None,
        anonymous_id: Optional[Id] = None,
        timestamp: Union[datetime, str, None] = None,
        context: Optional[Mapping[str, Any]] = None,
        integrations: Optional[Mapping[str, bool]] = None,
        *,
        message_id: Optional[Id] = None,
    ) -> SemanticEvent:
        """Says which page somebody looks at.

        The properties url, path, referrer, title and search, and the name, are the event's `page`.
        """
        page, rest = _page(name, properties)
        return self._send_new(
            type="page",
            root_event_gid=root_event_gid,
            page=page,
            properties=rest,
            user_id=user_id,
            anonymous_id=anonymous_id,
            timestamp=timestamp,
            context=context,
            integrations=integrations,
            message_id=message_id,
        )

    def send(self, event: SemanticEvent) -> None:
        """Sends an event that is made already, perhaps once more."""
        if not isinstance(event, SemanticEvent):
            raise TypeError(f"event must be a SemanticEvent, not {type(event).__name__}")
        body = event.to_json()
        for attempt in itertools.count(1):
            try:
                return self._attempt(body, attempt)
            except requests.RequestException as error:
                asked = _retry_after(error.response)
                if attempt >= self.max_retries or asked > MAX_RETRY_AFTER or not _passes(error):
                    raise
            time.sleep(self._delay(attempt, asked))
        return None

    def _send_new(self, **fields: Any) -> SemanticEvent:
        given = {name: value for name, value in fields.items() if value is not None}
        event = SemanticEvent(entity_gid=self.entity_gid, partition=self.partition, **given)
        self.send(event)
        return event

    def _attempt(self, body: bytes, attempt: int) -> None:
        if self._process != os.getpid():
            # After a fork: the connections are the parent's.
            self._session, self._process = self._new_session(), os.getpid()
        response = self._session.post(
            self.endpoint,
            data=body,
            headers={"X-Retry-Count": str(attempt - 1)},
            timeout=self.timeout,
            # It would make a GET of it.
            allow_redirects=False,
        )
        answer = _object(response)
        ends = "Content-Length" in response.headers or "Transfer-Encoding" in response.headers
        if response.status_code == 200 and not answer and not ends:
            raise requests.ConnectionError("the answer broke off")
        if response.status_code != 200 or answer.get("success") is not True:
            reason = answer.get("message") or "not Millrace's, if the endpoint is right"
            raise requests.HTTPError(f"the answer was {response.status_code}: {reason}", response=response)

    def _new_session(self) -> requests.Session:
        session = requests.Session()
        # Its own retries would not see an answer that breaks off.
        adapter = HTTPAdapter(pool_maxsize=MAX_IDLE_CONNECTIONS, max_retries=0)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        session.auth = self._authorize
        session.headers["Content-Type"] = "application/json"
        session.headers["User-Agent"] = f"python-segment-client/{__version__}"
        return session

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """As `auth`, since a header alone gives way to what a .netrc says."""
        request.headers["Authorization"] = self._authorization
        return request

    def _delay(self, attempt: int, asked: float) -> float:
        """How long to wait after that attempt, in seconds."""
        backoff = min(MAX_BACKOFF, self.retry_delay * 2.0 ** min(attempt - 1, 30))
        return max(asked, backoff * random.uniform(1.0, 1.5))


def _page(
    name: Optional[str], properties: Optional[Mapping[str, Any]]
) -> tuple[dict[str, Any], Optional[Mapping[str, Any]]]:
    """What is said of the page itself, and the other properties."""
    page = {} if name is None else {"name": name}
    if not isinstance(properties, Mapping):
        return page, properties
    page.update({part: properties[part] for part in _PAGE_PROPERTIES if part in properties})
    return page, {part: value for part, value in properties.items() if part not in _PAGE_PROPERTIES}


def _passes(error: requests.RequestException) -> bool:
    """Whether another attempt may go better."""
    if error.response is not None:
        return error.response.status_code in (408, 425, 429) or error.response.status_code >= 500
    passing = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
    return isinstance(error, passing)


def _retry_after(response: Optional[requests.Response]) -> float:
    """How long the server asks to wait, in seconds: 0 if it does not say."""
    value = None if response is None else response.headers.get("Retry-After")
    if value is None:
        return 0.0
    try:
        # Never negative; not infinite either, since nobody can wait for that.
        return min(Retry().parse_retry_after(value), 1e9)
    except (InvalidHeader, ValueError, OverflowError):
        return 0.0


def _object(response: requests.Response) -> Mapping[str, Any]:
    """The answer's JSON object, empty if it is none."""
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}
