"""The client that publishes it."""

from event_service_client import EventClient, HttpClientHelper

__all__ = ["EventClient", "HttpClientHelper"]
