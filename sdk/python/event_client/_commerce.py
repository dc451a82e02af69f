"""Questions about shops and what people do there."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ._answers import data_of
from ._calls import Calls
from ._parameters import address
from ._types import Json


class Commerce(Calls):
    """Those of docs/questions.md about typed events.

    Money is exact: a number with a fraction is a `Decimal`, here in all answers, and never a float. A whole
    one is an int. `when` is what all questions take.
    """

    def get_active_users(self, **when: Any) -> list[Json]:
        """`dau`, `wau`, `mau` and `stickiness` of each local day."""
        return self._shop_rows("active-users", when)

    def get_user_retention(
        self, *, by: str = "registered", period: str = "day", periods: int = 7, **when: Any
    ) -> Json:
        """How many of those who registered, or were `first_seen`, in a period came back in the next ones."""
        return self._shop("retention", when, by=by, period=period, periods=periods)

    def get_sessions(self, interval: str | None = None, **when: Any) -> list[Json]:
        """How many sessions begin in each bucket, how long they are, and who logged in."""
        return self._shop_rows("sessions", when, interval=interval)

    def get_revenue(self, interval: str | None = None, *, by: str | None = None, **when: Any) -> list[Json]:
        """Orders, payments and refunds by bucket and currency; with `by="location"` by place too."""
        return self._shop_rows("revenue", when, interval=interval, by=by)

    def get_conversion(self, window: str = "7d", abandon_after: str = "24h", **when: Any) -> Json:
        """How users become customers, `funnel`, and what becomes of orders, `cart`."""
        return self._shop("conversion", when, window=window, abandon_after=abandon_after)

    def get_products(self, order: str = "revenue", limit: int = 100, **when: Any) -> list[Json]:
        """What is sold most, by `revenue` or `units`."""
        return self._shop_rows("products", when, order=order, limit=limit)

    def get_inventory(self, dead_after: str = "30d", limit: int = 1_000, **when: Any) -> Json:
        """What ran short and for how long, how much of the stock was sold, and what is not sold any more."""
        return self._shop("inventory", when, dead_after=dead_after, limit=limit)

    def get_heatmap(self, **when: Any) -> list[Json]:
        """Users and events of each local hour of the week."""
        return self._shop_rows("heatmap", when)

    def get_operations(self, interval: str | None = None, **when: Any) -> Json:
        """Events, errors and response times, in milliseconds, of each bucket, and the busiest hours."""
        return self._shop("operations", when, interval=interval)

    def get_geography(self, limit: int = 1_000, **when: Any) -> list[Json]:
        """Users and events by country and city."""
        return self._shop_rows("geography", when, limit=limit)

    def get_acquisition(self, interval: str | None = None, **when: Any) -> list[Json]:
        """Registrations of each bucket by what referred them and how they registered."""
        return self._shop_rows("acquisition", when, interval=interval)

    def _shop(self, question: str, when: Json, **query: Any) -> Json:
        return data_of(self._shop_answer(question, when, query))

    def _shop_rows(self, question: str, when: Json, **query: Any) -> list[Json]:
        return self._shop_answer(question, when, query).get("data") or []

    def _shop_answer(self, question: str, when: Json, query: Json) -> Json:
        target = address(f"/analytics/{question}", when, query)
        return self._request("GET", target, parse_float=Decimal)
