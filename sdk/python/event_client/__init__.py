"""Client of the Millrace event API, of the standard library alone: copy this folder or install it.

    with EventClient("http://localhost:8080") as client:
        event_id = client.track_event("chat-1", "event_a", latency=120.5)

`buffered_event_client.py` beside it sends events in the background.
"""

from ._calls import MAX_BACKOFF, MAX_RETRY_AFTER
from ._client import DEFAULT_EVENT_NAMES, PAGE_EVENTS, PROBE_TIMEOUT, EventClient, create_client
from ._connections import MAX_IDLE
from ._errors import EventNotFoundError, EventSDKError, EventUnavailableError, EventValidationError
from ._export import EXPORT_TIMEOUT
from ._tail import TAIL_TIMEOUT
from ._types import Filters, Json, Vector
from ._version import __version__
from ._writes import MAX_WAIT

__all__ = [
    "DEFAULT_EVENT_NAMES",
    "EXPORT_TIMEOUT",
    "MAX_BACKOFF",
    "MAX_IDLE",
    "MAX_RETRY_AFTER",
    "MAX_WAIT",
    "PAGE_EVENTS",
    "PROBE_TIMEOUT",
    "TAIL_TIMEOUT",
    "EventClient",
    "EventNotFoundError",
    "EventSDKError",
    "EventUnavailableError",
    "EventValidationError",
    "Filters",
    "Json",
    "Vector",
    "__version__",
    "create_client",
]

# By the name that programs know them by, in tracebacks and pickles too.
for _public in (EventClient, EventSDKError, EventNotFoundError, EventUnavailableError, EventValidationError):
    _public.__module__ = __name__
