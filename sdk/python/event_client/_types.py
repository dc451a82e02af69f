"""What values are, to the checker of types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Union

Json = dict[str, Any]


class _Array(Protocol):
    def tolist(self) -> Any:
        """A list of its numbers."""


# A list of numbers, or an array of numpy's, of torch's and their likes.
Vector = Union[Sequence[float], _Array]
# Each `{"field": …, "op": …, "values": […]}`.
Filters = Sequence[Mapping[str, Any]]
