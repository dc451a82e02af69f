"""Makes the calls of standard input with the client that is installed here, Segment's or RudderStack's.

Ends with status 1 if the client reports an error.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any


def main() -> None:
    """Returns when the client has sent all."""
    plan = json.load(sys.stdin)
    # Both forks have the same calls, under another name.
    package = importlib.import_module(sys.argv[1])
    errors: list[Exception] = []
    client = package.Client(
        plan["key"], host=plan["host"], gzip=plan["gzip"], on_error=lambda error, _: errors.append(error)
    )
    for call in plan["calls"]:
        make(client, call)
    client.flush()
    client.join()
    if errors:
        sys.exit(f"the client reports {errors}")


def make(client: Any, call: dict[str, Any]) -> None:
    """One call, by the client's own method."""
    # Every method takes its arguments by these names.
    names = {
        "userId": "user_id",
        "anonymousId": "anonymous_id",
        "previousId": "previous_id",
        "groupId": "group_id",
    }
    arguments = {names.get(name, name): value for name, value in call.items() if name != "type"}
    getattr(client, call["type"])(**arguments)


if __name__ == "__main__":
    main()
