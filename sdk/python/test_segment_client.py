"""The client of semantic events against servers that misbehave: `python -m unittest test_segment_client`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import uuid
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pydantic
import requests

sys.path.insert(0, str(Path(__file__).parent / "tests"))

import examples
import segment_client
from scripted_server import Act, Request, ScriptedServer, hang, raw, reply, reset
from segment_client import SegmentClient, SemanticContext, SemanticEvent

GOOD = reply({"success": True})
AT = datetime(2026, 11, 20, 21, 57, 13, 123_456, tzinfo=timezone.utc)

# What passes: the answer is lost, also after the server has taken the event in, or asks for patience.
PASSING: dict[str, Act] = {
    "a reset": reset,
    "an early end": raw(b""),
    "half a head": raw(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "half a body": raw(b'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"success":'),
    "half a chunked body": raw(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{"success":'),
    "no HTTP": raw(b"220 mail.example ESMTP\r\n"),
    "a hang": hang,
    "408": reply(status=408, keep=False, Connection="close"),
    "425": reply(status=425),
    "429": reply(status=429),
    "500": reply(status=500),
    "502 with HTML": reply(b"<html>Bad Gateway</html>", 502),
    "503": reply(status=503),
    "504 without a body": reply(b"", 504),
}


def quick(server: ScriptedServer, **options: Any) -> SegmentClient:
    given = {"endpoint": f"{server.url}/v1/event", "timeout": 0.5, "retry_delay": 0.01, **options}
    return SegmentClient("wk", "shop-1", "eu", **given)


class Case(unittest.TestCase):
    """The servers of the tests are here: no proxy leads to them."""

    def setUp(self) -> None:
        proxies = [name for name in os.environ if name.lower().endswith("_proxy")]
        environment = patch.dict(os.environ)
        environment.start()
        self.addCleanup(environment.stop)
        for name in proxies:
            del os.environ[name]

    def sent(self, call: Any, *acts: Act) -> Request:
        """The only request that a call makes."""
        with ScriptedServer(*(acts or (GOOD,))) as server, quick(server) as client:
            call(client)
        (request,) = server.requests
        return request

    def refused(self, error: type[Exception], call: Any, message: str = "") -> None:
        """Fails before anything is sent."""
        with ScriptedServer(GOOD) as server, quick(server) as client:
            with self.assertRaisesRegex(error, message):
                call(client)
        self.assertEqual(server.requests, [])


class TheRequest(Case):
    def test_an_event_has_all_that_the_caller_said_and_what_was_filled_in(self) -> None:
        request = self.sent(
            lambda client: client.track(
                properties={
                    "total": 350,
                    "vip": True,
                    "price": 1.5,
                    "coupon": "x",
                    "lines": [{"id": 1}],
                    "left": None,
                },
                integrations={"All": True, "Mixpanel": False},
                anonymous_id="a-1",
                user_id="u-1",
                timestamp=AT,
                event_name="Order Completed",
                root_event_gid="visit-7",
                message_id="order-9",
            )
        )
        self.assertEqual((request.method, request.target), ("POST", "/v1/event"))
        self.assertEqual(request.headers["content-type"], "application/json")
        event = request.json
        self.assertEqual(uuid.UUID(event.pop("event_gid")).version, 5)
        self.assertTrue(event.pop("context").pop("ip"))
        self.assertEqual(set(event.pop("os")), {"name", "version"})
        version = segment_client.__version__
        self.assertEqual(
            event,
            {
                "type": "track",
                "event": "Order Completed",
                "partition": "eu",
                "entity_gid": "shop-1",
                "root_event_gid": "visit-7",
                "userId": "u-1",
                "anonymousId": "a-1",
                "messageId": "order-9",
                "timestamp": "2026-11-20T21:57:13.123456+00:00",
                "properties": {
                    "total": "350",
                    "vip": "True",
                    "price": "1.5",
                    "coupon": "x",
                    "lines": '[{"id": 1}]',
                },
                "integrations": {"All": True, "Mixpanel": False},
                "library": {"name": "python-segment-client", "version": version},
            },
        )

    def test_the_time_and_the_message_id_are_made_with_the_event(self) -> None:
        before = datetime.now(timezone.utc)
        with ScriptedServer(GOOD) as server, quick(server) as client:
            events = [client.track("r", "e", user_id="u") for _ in range(2)]
        for event, request in zip(events, server.requests):
            self.assertEqual(event.to_json(), request.body)
            self.assertEqual(uuid.UUID(event.message_id).version, 4)
            self.assertTrue(before <= event.timestamp <= datetime.now(timezone.utc))
        self.assertNotEqual(events[0].message_id, events[1].message_id)

    def test_who_somebody_is(self) -> None:
        event = self.sent(
            lambda client: client.identify(
                "r", "u-1", {"plan": "pro", "seats": 3, "tags": ["a"], "left": None}, "a-1"
            )
        ).json
        self.assertEqual((event["type"], event["userId"], event["anonymousId"]), ("identify", "u-1", "a-1"))
        self.assertEqual(event["traits"], {"plan": "pro", "seats": 3, "tags": ["a"], "left": None})
        self.assertNotIn("event", event)

    def test_what_is_said_of_a_page_is_apart_from_its_other_properties(self) -> None:
        of_page = {"url": "https://a.example/b?c", "path": "/b", "referrer": "", "title": "B", "search": "?c"}
        event = self.sent(
            lambda client: client.page("r", "Basket", {**of_page, "variant": 2}, user_id="u")
        ).json
        self.assertEqual(event["page"], {**of_page, "name": "Basket"})
        self.assertEqual(event["properties"], {"variant": "2"})
        nameless = self.sent(lambda client: client.page("r", anonymous_id="a")).json
        self.assertEqual((nameless["type"], nameless["page"]), ("page", {}))

    def test_a_context_goes_before_what_was_filled_in_and_keeps_what_is_unknown(self) -> None:
        context = {
            "ip": "203.0.113.9",
            "library": {"name": "mine"},
            "os": {"name": "iOS"},
            "locale": "de-DE",
            "active": False,
            "sessionId": 7,
            "app": {"build": 3},
            "extras": {"kept": [1]},
            "page": {"url": "https://a.example/", "title": "of the context"},
        }
        event = self.sent(
            lambda client: client.page("r", properties={"title": "own"}, user_id="u", context=context)
        ).json
        self.assertEqual((event["library"], event["os"]), ({"name": "mine"}, {"name": "iOS"}))
        self.assertEqual(event["page"], {"url": "https://a.example/", "title": "own"})
        self.assertEqual(
            event["context"],
            {
                "ip": "203.0.113.9",
                "locale": "de-DE",
                "active": False,
                "sessionId": "7",
                "extras": {"app": {"build": 3}, "kept": [1]},
            },
        )

    def test_times_may_be_texts_and_have_any_zone_and_utc_without_one(self) -> None:
        times: dict[Any, str] = {
            "2026-11-20T21:57:13Z": "2026-11-20T21:57:13.000000+00:00",
            "2026-11-20 23:57:13.5+02:00": "2026-11-20T21:57:13.500000+00:00",
            "2026-11-20T21:57:13": "2026-11-20T21:57:13.000000+00:00",
            AT.replace(tzinfo=None): "2026-11-20T21:57:13.123456+00:00",
            AT.astimezone(timezone(timedelta(hours=-3))): "2026-11-20T21:57:13.123456+00:00",
        }
        for given, sent in times.items():
            with self.subTest(given=given):
                event = self.sent(lambda client: client.track("r", "e", "u", timestamp=given)).json  # noqa: B023
                self.assertEqual(event["timestamp"], sent)

    def test_ids_may_be_numbers_and_uuids(self) -> None:
        gid = uuid.uuid4()
        event = self.sent(lambda client: client.track(gid, "e", user_id=4711)).json
        self.assertEqual((event["root_event_gid"], event["userId"]), (str(gid), "4711"))

    def test_the_key_is_in_the_head_alone_whatever_a_netrc_says(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            netrc = Path(folder) / "netrc"
            netrc.write_text("machine 127.0.0.1 login other password secret\n")
            netrc.chmod(0o600)
            with patch.dict(os.environ, {"NETRC": str(netrc)}):
                request = self.sent(lambda client: client.track("r", "e", "u"))
        self.assertEqual(request.headers["authorization"], "Bearer wk")
        self.assertNotIn(b"wk", request.body)

    def test_texts_of_all_languages_arrive(self) -> None:
        text = 'ümläut 漢字 🎈 " \\ \0 \u2028'
        request = self.sent(lambda client: client.track("r", text, "u", {text: text}))
        self.assertEqual((request.json["event"], request.json["properties"]), (text, {text: text}))


class TheGid(Case):
    def event(self, **fields: Any) -> SemanticEvent:
        given = {
            "type": "track",
            "event": "e",
            "partition": "eu",
            "entity_gid": "shop-1",
            "root_event_gid": "visit-7",
            "user_id": "u",
            "message_id": "order-9",
            "timestamp": AT,
        }
        return SemanticEvent(**{**given, **fields})

    def test_is_made_of_what_it_says(self) -> None:
        parts = '["eu","shop-1","visit-7","track","order-9","2026-11-20T21:57:13.123456+00:00"]'
        self.assertEqual(self.event().event_gid, str(uuid.uuid5(segment_client.EVENT_GIDS, parts)))
        # It must be the same in all versions of this client.
        self.assertEqual(self.event().event_gid, "ae18bcab-c395-5b1a-a243-e09f8d928cfa")

    def test_is_the_same_for_the_same_event_and_another_for_another(self) -> None:
        same: list[dict[str, Any]] = [
            {},
            {"timestamp": "2026-11-20T22:57:13.123456+01:00"},
            {"context": {"ip": "::1"}},
        ]
        self.assertEqual(len({self.event(**fields).event_gid for fields in same}), 1)
        others: list[dict[str, Any]] = [
            {"partition": "us"},
            {"entity_gid": "x"},
            {"root_event_gid": "x"},
            {"message_id": "x"},
        ]
        others += [{"type": "identify"}, {"timestamp": AT + timedelta(microseconds=1)}]
        self.assertEqual(len({self.event(**fields).event_gid for fields in [{}, *others]}), 7)

    def test_may_be_given(self) -> None:
        self.assertEqual(self.event(event_gid="mine").event_gid, "mine")


class NothingIsSent(Case):
    def test_without_what_is_required(self) -> None:
        self.refused(ValueError, lambda client: client.track("r", "e"), "user_id or anonymous_id is required")
        self.refused(ValueError, lambda client: client.identify("r"), "user_id or anonymous_id is required")
        self.refused(ValueError, lambda client: client.page("r"), "user_id or anonymous_id is required")
        self.refused(ValueError, lambda client: client.track("r", None, "u"), "event is required")
        self.refused(pydantic.ValidationError, lambda client: client.track("", "e", "u"), "root_event_gid")
        self.refused(pydantic.ValidationError, lambda client: client.track(None, "e", "u"), "root_event_gid")
        self.refused(pydantic.ValidationError, lambda client: client.track("r", "", "u"), "event")
        self.refused(pydantic.ValidationError, lambda client: client.track("r", "e", ""), "user_id")
        self.refused(TypeError, lambda client: client.track(event_name="e", user_id="u"), "root_event_gid")

    def test_of_a_wrong_kind(self) -> None:
        wrong: list[tuple[type[Exception], dict[str, Any]]] = [
            (pydantic.ValidationError, {"user_id": True}),
            (pydantic.ValidationError, {"user_id": "x" * 1_025}),
            (pydantic.ValidationError, {"properties": [1]}),
            (pydantic.ValidationError, {"properties": {1: "a"}}),
            (pydantic.ValidationError, {"integrations": {"Mixpanel": {"a": 1}}}),
            (pydantic.ValidationError, {"context": "de"}),
            (pydantic.ValidationError, {"context": {"extras": "de"}}),
            (pydantic.ValidationError, {"context": {"app": object()}}),
            (pydantic.ValidationError, {"timestamp": "yesterday"}),
            (pydantic.ValidationError, {"timestamp": "1795557433"}),
            (TypeError, {"timestamp": 1_795_557_433}),
            (TypeError, {"unheard_of": 1}),
            (ValueError, {"properties": {"text": "half an emoji \ud83d"}}),
            (ValueError, {"context": {"app": float("nan")}}),
        ]
        for error, fields in wrong:
            with self.subTest(fields=fields):
                self.refused(error, lambda client: client.track("r", "e", **{"user_id": "u", **fields}))  # noqa: B023
        self.refused(ValueError, lambda client: client.identify("r", "u", {"score": float("inf")}), "float")
        self.refused(pydantic.ValidationError, lambda client: client.identify("r", "u", {"a": {1, 2}}))
        self.refused(TypeError, lambda client: client.send({"type": "track"}), "SemanticEvent")

    def test_an_error_names_the_field_and_only_that(self) -> None:
        with self.assertRaises(pydantic.ValidationError) as wrong:
            SemanticEvent(
                type="track", event="", partition="p", entity_gid="e", root_event_gid="r", user_id="u"
            )
        self.assertEqual([error["loc"] for error in wrong.exception.errors()], [("event",)])

    def test_a_client_that_could_send_nothing_is_not_made(self) -> None:
        for error, arguments in [
            (ValueError, ("", "e", "p")),
            (ValueError, ("a\r\nX-Tenant: b", "e", "p")),
            (ValueError, ("a\nb", "e", "p")),
            (ValueError, ("ü", "e", "p")),
            (TypeError, (None, "e", "p")),
            (ValueError, ("wk", "", "p")),
            (ValueError, ("wk", "e", "")),
            (ValueError, ("wk", None, "p")),
            (ValueError, ("wk", "e", "p", "localhost:8080")),
            (ValueError, ("wk", "e", "p", "ftp://localhost/v1/event")),
            (TypeError, ("wk", "e")),
        ]:
            with self.subTest(arguments=arguments), self.assertRaises(error):
                SegmentClient(*arguments)  # type: ignore[arg-type]


class Retries(Case):
    def test_a_passing_fault_is_tried_again_as_the_same_event(self) -> None:
        for name, act in PASSING.items():
            with self.subTest(name), ScriptedServer(act, act, GOOD) as server, quick(server) as client:
                event = client.track("r", "e", "u")
                self.assertEqual([request.body for request in server.requests], [event.to_json()] * 3)
                tries = [request.headers["x-retry-count"] for request in server.requests]
                self.assertEqual(tries, ["0", "1", "2"])

    def test_three_attempts_are_all(self) -> None:
        for name, act in PASSING.items():
            with self.subTest(name), ScriptedServer(act) as server, quick(server) as client:
                with self.assertRaises(requests.RequestException):
                    client.track("r", "e", "u")
                self.assertEqual(len(server.requests), 3)

    def test_a_repeat_by_the_caller_is_the_same_event(self) -> None:
        down = reply(status=503)
        with ScriptedServer(down, down, GOOD) as server, quick(server, max_retries=1) as client:
            event = SemanticEvent(
                type="track", event="e", partition="eu", entity_gid="e", root_event_gid="r", user_id="u"
            )
            for _ in range(2):
                with self.assertRaises(requests.HTTPError):
                    client.send(event)
            client.send(event)
        self.assertEqual(len({request.body for request in server.requests}), 1)
        self.assertEqual(len(server.requests), 3)

    def test_what_another_attempt_would_not_change_is_not_tried_again(self) -> None:
        refusal = {"success": False, "code": "missing_field", "message": "event is required"}
        for status in (400, 401, 403, 404, 405, 413, 422):
            answer = reply(refusal, status)
            with self.subTest(status), ScriptedServer(answer) as server, quick(server) as client:
                with self.assertRaisesRegex(requests.HTTPError, f"{status}: event is required") as failed:
                    client.track("r", "e", "u")
                assert failed.exception.response is not None
                self.assertEqual(failed.exception.response.json(), refusal)
                self.assertEqual(len(server.requests), 1)

    def test_a_redirect_is_not_followed_since_it_would_lose_the_event(self) -> None:
        for status in (301, 302, 307, 308):
            answer = reply(status=status, Location="/elsewhere")
            with self.subTest(status), ScriptedServer(answer, GOOD) as server, quick(server) as client:
                with self.assertRaisesRegex(requests.HTTPError, str(status)):
                    client.track("r", "e", "u")
                self.assertEqual(len(server.requests), 1)

    def test_an_answer_that_does_not_say_that_the_event_is_kept_is_an_error(self) -> None:
        for body in (
            b"",
            b"ok",
            b"<html></html>",
            b"[]",
            b"null",
            b'{"success":false}',
            b"\xff",
            b"[" * 100_000,
        ):
            with self.subTest(body[:20]), ScriptedServer(reply(body)) as server, quick(server) as client:
                with self.assertRaisesRegex(requests.HTTPError, "the answer was 200"):
                    client.track("r", "e", "u")
                self.assertEqual(len(server.requests), 1)

    def test_nobody_listening_is_no_answer(self) -> None:
        with ScriptedServer() as server:
            pass
        with quick(server) as client, self.assertRaises(requests.ConnectionError):
            client.track("r", "e", "u")

    def test_a_retry_after_is_obeyed(self) -> None:
        for status in (429, 503):
            later = reply(status=status, Retry_After="1")
            with self.subTest(status), ScriptedServer(later, GOOD) as server, quick(server) as client:
                client.track("r", "e", "u")
                self.assertGreaterEqual(server.gaps()[0], 1.0)

    def test_a_retry_after_may_be_a_date(self) -> None:
        at = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=3), usegmt=True)
        with ScriptedServer(reply(status=503, Retry_After=at), GOOD) as server, quick(server) as client:
            client.track("r", "e", "u")
        self.assertGreaterEqual(server.gaps()[0], 1.5)

    def test_a_retry_after_that_says_nothing_is_ignored(self) -> None:
        for value in ("soon", "-1", "²", "1.5", "Wed, 99 Foo 2026", "Sat, 21 Nov 2020 00:00:00 GMT"):
            later = reply(status=503, Retry_After=value)
            with self.subTest(value), ScriptedServer(later, GOOD) as server, quick(server) as client:
                with patch.object(time, "sleep") as sleep:
                    client.track("r", "e", "u")
                (((seconds,), _),) = sleep.call_args_list
                self.assertLess(seconds, 0.1)

    def test_a_retry_after_of_an_hour_is_left_to_the_caller(self) -> None:
        for value in ("3600", "9" * 400):
            later = reply(status=429, Retry_After=value)
            with self.subTest(value[:5]), ScriptedServer(later) as server, quick(server) as client:
                with self.assertRaises(requests.HTTPError):
                    client.track("r", "e", "u")
                self.assertEqual(len(server.requests), 1)

    def test_delays_double_and_differ_and_have_a_limit(self) -> None:
        client = SegmentClient("wk", "e", "p", retry_delay=1.0)
        for attempt, least in ((1, 1.0), (2, 2.0), (3, 4.0), (5_000, 30.0)):
            delays = {client._delay(attempt, 0.0) for _ in range(20)}
            self.assertGreater(len(delays), 10)
            self.assertTrue(all(least <= delay <= 1.5 * least for delay in delays))
        self.assertEqual(client._delay(1, 60.0), 60.0)


class Connections(Case):
    def test_they_are_kept_and_opened_again_if_the_server_has_closed_them(self) -> None:
        with ScriptedServer(GOOD) as server, quick(server, max_retries=1) as client:
            for _ in range(3):
                client.track("r", "e", "u")
            self.assertEqual(len(server.connections), 1)
            server.hang_up()
            client.track("r", "e", "u")
            client.close()
            client.track("r", "e", "u")
        self.assertEqual(len(server.requests), 5)

    def test_one_client_serves_many_threads(self) -> None:
        with ScriptedServer(GOOD) as server, quick(server, timeout=30.0) as client:

            def send(thread: int) -> None:
                for number in range(20):
                    client.track("r", "e", user_id=f"{thread}-{number}")

            threads = [threading.Thread(target=send, args=(thread,)) for thread in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        users = sorted(request.json["userId"] for request in server.requests)
        self.assertEqual(users, sorted(f"{thread}-{number}" for thread in range(8) for number in range(20)))

    @unittest.skipUnless(hasattr(os, "fork"), "there is no fork")
    def test_a_forked_child_has_connections_of_its_own(self) -> None:
        program = (
            "import os, sys; from segment_client import SegmentClient\n"
            "client = SegmentClient('wk', 'e', 'p', sys.argv[1], max_retries=1)\n"
            "client.track('r', 'e', 'parent')\n"
            "child = os.fork()\n"
            "client.track('r', 'e', 'child' if child == 0 else 'parent')\n"
            "if child == 0: os._exit(0)\n"
            "assert os.waitpid(child, 0)[1] == 0\n"
        )
        with ScriptedServer(GOOD) as server:
            subprocess.run(
                [sys.executable, "-c", program, f"{server.url}/v1/event"],
                check=True,
                cwd=Path(__file__).parent,
            )
        parents = {request.connection for request in server.requests if request.json["userId"] == "parent"}
        (child,) = [request for request in server.requests if request.json["userId"] == "child"]
        self.assertEqual(len(parents), 1)
        self.assertNotIn(child.connection, parents)


class TheModel(Case):
    def test_it_reads_what_it_writes(self) -> None:
        event = SemanticEvent(
            type="track",
            event="e",
            partition="eu",
            entity_gid="e",
            root_event_gid="r",
            anonymous_id="a",
            timestamp=AT,
            dimensions={"shop": "7"},
            metrics={"total": 3},
            flags={"first": True},
            ttl_days=30,
            context=SemanticContext(ip="::1", locale="de"),
        )
        fields = json.loads(event.to_json())
        self.assertEqual((fields["dimensions"], fields["metrics"]), ({"shop": "7"}, {"total": 3.0}))
        self.assertEqual((fields["flags"], fields["ttl_days"]), ({"first": True}, 30))
        self.assertEqual(SemanticEvent(**fields), event)

    def test_it_does_not_change(self) -> None:
        event = SemanticEvent(
            type="identify", partition="eu", entity_gid="e", root_event_gid="r", user_id="u"
        )
        with self.assertRaises(pydantic.ValidationError):
            event.message_id = "another"

    def test_the_examples_run(self) -> None:
        with ScriptedServer(GOOD) as server, patch("builtins.print"):
            examples.main(f"{server.url}/v1/event")
        kinds = [request.json["type"] for request in server.requests]
        self.assertEqual(set(kinds), {"identify", "page", "track"})


if __name__ == "__main__":
    unittest.main()
