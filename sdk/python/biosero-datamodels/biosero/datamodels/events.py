"""The message that is published."""

from event_service_client import EventMessage

__all__ = ["EventMessage"]
