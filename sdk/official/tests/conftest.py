from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from clients import Case, cases
from installation import Installation
from proxy import Exchange

# The servers of the tests are here.
for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[name]

# Clients that wait for their next try need no processor.
AT_ONCE = 8
WATCHER = "watcher"


def entry(tenant: str, key: str, scopes: str) -> str:
    return f"{tenant}:{scopes}:{hashlib.sha256(key.encode()).hexdigest()}"


@pytest.fixture(scope="session")
def millrace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A standalone that asks for keys; each case has a tenant of its own in it."""
    entries = [entry(case.name, case.key, "ingest") for case in cases()]
    entries.append(entry(WATCHER, WATCHER, "read"))
    running = Installation(
        tmp_path_factory.mktemp("millrace"), settings={"API_KEYS": ",".join(entries)}, key=WATCHER
    )
    yield running
    running.stop()


@pytest.fixture(scope="session")
def runs(
    millrace: Installation, request: pytest.FixtureRequest
) -> Iterator[dict[str, Future[list[Exchange]]]]:
    """What the client of each case sends, by its name: several run at once."""
    functions = [item for item in request.session.items if isinstance(item, pytest.Function)]
    wanted = [case for it in functions if isinstance(case := it.callspec.params["case"], Case)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {case.name: pool.submit(case.run, millrace.url) for case in wanted}


@pytest.fixture
def sent(runs: dict[str, Future[list[Exchange]]], case: Case) -> list[Exchange]:
    return runs[case.name].result()
