"""What the events of shops and their users say: the `data` (or `properties`) of each type of event.

    order: OrderCreated = {"order_id": "o-1", "total_amount": Decimal("19.99"), "currency": "EUR"}

docs/events.md says what each field is. The types are for mypy and nothing else: Millrace keeps whatever it is
sent. `money` and `item_count` read what others send, who may write it in another form.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Optional, TypedDict, Union

__version__ = "0.1.0"

# It is best sent as a Decimal or a decimal string, which are exact.
Money = Union[Decimal, str, int, float]

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class Location(TypedDict, total=False):
    """Where a user is."""

    country: str
    city: str


class UserRegistered(TypedDict, total=False):
    """`user.registered`: somebody has an account from now on."""

    registration_method: str
    referral_source: str
    location: Location


class UserLoggedIn(TypedDict, total=False):
    """`user.logged_in`: a session begins."""

    login_method: str
    device_type: str
    location: Location


class UserLoggedOut(TypedDict, total=False):
    """`user.logged_out`: a session ends."""

    session_duration_seconds: float


class UserProfileUpdated(TypedDict, total=False):
    """`user.profile_updated`: somebody has changed what is known of them."""

    updated_fields: list[str]


class OrderItem(TypedDict, total=False):
    """What is ordered, and how much of it."""

    product_id: str
    sku: str
    name: str
    quantity: int
    unit_price: Money
    total_price: Money


class _Order(TypedDict):
    order_id: str


class _OrderTotal(_Order):
    total_amount: Money
    currency: str


class OrderCreated(_OrderTotal, total=False):
    """`order.created`: somebody orders."""

    customer_id: str
    location_id: str
    items: list[OrderItem]
    items_count: int


class OrderUpdated(_Order, total=False):
    """`order.updated`: an order is another than it was. What is absent stays as it is."""

    total_amount: Money
    currency: str
    customer_id: str
    location_id: str
    items: list[OrderItem]
    items_count: int
    status: str


class OrderCancelled(_Order, total=False):
    """`order.cancelled`: nothing will come of an order."""

    customer_id: str
    location_id: str
    reason: str


class OrderFulfilled(_Order, total=False):
    """`order.fulfilled`: an order is on its way or has been fetched."""

    customer_id: str
    location_id: str
    items_count: int
    carrier: str
    tracking_number: str


class _Payment(TypedDict):
    payment_id: str
    order_id: str


class _PaymentAmount(_Payment):
    amount: Money


class PaymentProcessed(_PaymentAmount, total=False):
    """`payment.processed`: money has come in."""

    currency: str
    location_id: str
    payment_method: str


class PaymentFailed(_Payment, total=False):
    """`payment.failed`: money has not come in."""

    amount: Money
    currency: str
    location_id: str
    payment_method: str
    error_code: str
    failure_reason: str


class _PaymentRefund(_Payment):
    refund_amount: Money


class PaymentRefunded(_PaymentRefund, total=False):
    """`payment.refunded`: money has gone back, all of it or a part."""

    currency: str
    location_id: str
    payment_method: str
    refund_id: str
    reason: str


class _Stock(TypedDict):
    product_id: str
    sku: str


class _StockPlace(_Stock, total=False):
    variant_id: str
    location_id: str


class _StockLeft(_StockPlace):
    current_quantity: int


class InventoryLowStock(_StockLeft, total=False):
    """`inventory.low_stock`: little of a product is left at a place."""

    threshold: int


class InventoryOutOfStock(_StockPlace, total=False):
    """`inventory.out_of_stock`: nothing of a product is left at a place."""

    current_quantity: int


class _StockNow(_StockPlace):
    new_quantity: int


class InventoryRestocked(_StockNow, total=False):
    """`inventory.restocked`: more of a product has come to a place."""

    previous_quantity: int
    quantity_added: int


class InventoryAdjusted(_StockNow, total=False):
    """`inventory.adjusted`: there is more or less of a product at a place than was known."""

    previous_quantity: int
    adjustment: int
    reason: str


TYPED_EVENTS: Mapping[str, Any] = {
    "user.registered": UserRegistered,
    "user.logged_in": UserLoggedIn,
    "user.logged_out": UserLoggedOut,
    "user.profile_updated": UserProfileUpdated,
    "order.created": OrderCreated,
    "order.updated": OrderUpdated,
    "order.cancelled": OrderCancelled,
    "order.fulfilled": OrderFulfilled,
    "payment.processed": PaymentProcessed,
    "payment.failed": PaymentFailed,
    "payment.refunded": PaymentRefunded,
    "inventory.low_stock": InventoryLowStock,
    "inventory.out_of_stock": InventoryOutOfStock,
    "inventory.restocked": InventoryRestocked,
    "inventory.adjusted": InventoryAdjusted,
}


def money(sent: object) -> Optional[Decimal]:
    """The amount that was sent as a number or a decimal string, None if that can't be read.

    A number that came as JSON has the digits that a float keeps, about 15: a string keeps all.
    """
    if isinstance(sent, bool):
        return None
    if isinstance(sent, (int, float)):
        sent = Decimal(str(sent))
    if isinstance(sent, str):
        return Decimal(sent) if _DECIMAL.fullmatch(sent) else None
    return sent if isinstance(sent, Decimal) and sent.is_finite() else None


def item_count(order: Mapping[str, Any]) -> Optional[int]:
    """How many items an order has: `items_count`, else `item_count`, else its list's length, else None.

    A count that can't be read is as if absent: only 2, 2.0 and "2" are two.
    """
    for name in ("items_count", "item_count"):
        count = _count(order.get(name))
        if count is not None:
            return count
    items = order.get("items")
    return len(items) if isinstance(items, list) else None


def _count(sent: object) -> Optional[int]:
    """How many, None if it is no whole number or less than none."""
    if isinstance(sent, str) and not sent.isdigit():
        return None
    number = money(sent)
    if number is None or number < 0 or number != number.to_integral_value():
        return None
    return int(number)
