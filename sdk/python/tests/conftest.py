from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest

from event_client import EventClient
from installation import Installation
from redis_server import RedisServer
from shops import ZONES, Asked, Shop, autumn, period, spring, today

# The servers of the tests are here.
for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[name]


@pytest.fixture(scope="session")
def millrace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One standalone for all tests; each has a tenant of its own in it."""
    running = Installation(tmp_path_factory.mktemp("millrace"))
    yield running
    running.stop()


@pytest.fixture
def tenant() -> str:
    return f"test-{uuid.uuid4()}"


@pytest.fixture
def client(millrace: Installation, tenant: str) -> Iterator[EventClient]:
    with EventClient(millrace.url, tenant=tenant) as client:
        yield client


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One for all tests; each has types of events of its own."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def category() -> str:
    """The first word of a test's types of events."""
    return f"test-{uuid.uuid4()}"


@pytest.fixture(scope="session")
def millrace_of_any_name(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One that takes events of any name in its own dialect."""
    running = Installation(tmp_path_factory.mktemp("any-name"), settings={"EVENT_NAMES": "*"})
    yield running
    running.stop()


@pytest.fixture(scope="session", params=[autumn, spring, today], ids=lambda make: make.__name__)
def shop(
    request: pytest.FixtureRequest,
    millrace_of_any_name: Installation,
    tmp_path_factory: pytest.TempPathFactory,
) -> Shop:
    made: Shop = request.param(millrace_of_any_name)
    return made.open(tmp_path_factory.mktemp("shop"))


@pytest.fixture(params=ZONES)
def asked(request: pytest.FixtureRequest, shop: Shop) -> Asked:
    return Asked(shop, *period(shop.tenant), request.param)
