"""Where the client of the EventService sends, and its connections."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from typing import Any

import pytest
import requests

import event_service_client
from biosero.datamodels import events, restclients
from event_service_client import EventClient, EventMessage, HttpClientHelper
from installation import ROOT, until
from laboratory import GOOD, message, publish_async
from scripted_server import Request, ScriptedServer


def test_a_client_without_a_server_is_not_made() -> None:
    with pytest.raises(ValueError, match="required"):
        EventClient()
    with pytest.raises(ValueError, match="required"):
        EventClient("")
    for url in (
        "localhost:8080",
        "ftp://localhost",
        "http://",
        "http://localhost/?a=b",
        "http://localhost#a",
    ):
        with pytest.raises(ValueError, match="the URL must be"):
            EventClient(url)
    with pytest.raises(ValueError, match="base_url"):
        EventClient(http_client=requests.Session())
    with pytest.raises(TypeError, match="callable"):
        HttpClientHelper.configure_http_client_with_provider("http://localhost")  # type: ignore[arg-type]


def test_a_provider_is_asked_on_each_request() -> None:
    with ScriptedServer(GOOD) as first, ScriptedServer(GOOD) as second:
        urls = [first.url, second.url + "/", first.url + "/base", second.url]
        with EventClient(url_provider=lambda: urls.pop(0)) as client:
            client.publish_event(message())
            client.publish_event(message())
            publish_async(client, message())
            publish_async(client, message())
    path = "/api/v2.0/EventService"
    assert [request.target for request in first.requests] == [path, f"/base{path}"]
    assert [request.target for request in second.requests] == [path, path]


def test_what_a_provider_says_that_is_no_url_is_an_error() -> None:
    with pytest.raises(ValueError, match="the URL must be"):
        EventClient(url_provider=lambda: "localhost").publish_event(message())


def test_a_session_with_a_base_url_is_taken_as_it_is() -> None:
    with ScriptedServer(GOOD) as server, requests.Session() as session:
        session.base_url = server.url  # type: ignore[attr-defined]
        session.headers["X-Tenant"] = "acme"
        with EventClient(http_client=session) as client:
            assert client._http_client is session
            client.publish_event(message())
        del client
        gc.collect()
        session.post(server.url)
        assert len(server.connections) == 1
    assert [request.headers["x-tenant"] for request in server.requests] == ["acme", "acme"]


def test_the_helper_makes_such_a_session() -> None:
    with ScriptedServer(GOOD) as server:
        for session in (
            HttpClientHelper.configure_http_client(server.url),
            HttpClientHelper.configure_http_client_with_provider(lambda: server.url),
        ):
            assert session.base_url == server.url + "/"
            with session:
                EventClient(http_client=session).publish_event(message())
                session.post(session.base_url)
    assert len(server.connections) == 2


def test_connections_are_kept_and_opened_again() -> None:
    with ScriptedServer(GOOD) as server, EventClient(server.url) as client:
        for _ in range(3):
            client.publish_event(message())
        assert len(server.connections) == 1
        client.close()
        client.publish_event(message())
    assert len(server.connections) == 2


def test_a_client_that_is_collected_is_closed() -> None:
    ended = threading.Event()

    def until_it_ends(connection: Any, request: Request) -> bool:
        GOOD(connection, request)
        if not connection.recv(1):
            ended.set()
        return False

    with ScriptedServer(until_it_ends) as server:
        client = EventClient(server.url)
        session = client._http_client
        client.publish_event(message())
        del client
        gc.collect()
        until("the connection is closed", ended.is_set)
        assert isinstance(session, event_service_client.HttpClient)


def test_one_client_serves_many_threads() -> None:
    with ScriptedServer(GOOD) as server, EventClient(server.url) as client:

        def send(thread: int) -> None:
            for number in range(20):
                client.publish_event(message(event_id=f"{thread}-{number}"))

        threads = [threading.Thread(target=send, args=(thread,)) for thread in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    sent = sorted(request.json["EventId"] for request in server.requests)
    assert sent == sorted(f"{thread}-{number}" for thread in range(8) for number in range(20))
    assert len(server.connections) <= 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_has_connections_of_its_own() -> None:
    program = (
        "import os, sys; from event_service_client import EventClient, EventMessage\n"
        "def send(who): client.publish_event(EventMessage(topic=who, subjects=[], data={}))\n"
        "client = EventClient(sys.argv[1])\n"
        "send('parent')\n"
        "child = os.fork()\n"
        "send('child' if child == 0 else 'parent')\n"
        "if child == 0: os._exit(0)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
    )
    with ScriptedServer(GOOD) as server:
        subprocess.run([sys.executable, "-c", program, server.url], check=True, cwd=ROOT / "sdk" / "python")
    parents = {request.connection for request in server.requests if request.json["Topic"] == "parent"}
    (child,) = [request for request in server.requests if request.json["Topic"] == "child"]
    assert len(parents) == 1
    assert child.connection not in parents


def test_existing_programs_import_it_by_the_names_they_know() -> None:
    assert events.EventMessage is EventMessage
    assert (restclients.EventClient, restclients.HttpClientHelper) == (EventClient, HttpClientHelper)
