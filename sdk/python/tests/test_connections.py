"""How connections are kept, lost and shared."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest

from event_client import EventClient, EventSDKError, EventUnavailableError
from scripted_server import Act, Request, ScriptedServer, hang, raw, reply, reset


def test_calls_in_a_row_share_a_connection() -> None:
    with ScriptedServer() as server, EventClient(server.url) as client:
        for _ in range(5):
            client.track_event("c", "event_a")
        assert client.health_check()
    assert {request.connection for request in server.requests} == {0}


def test_threads_have_connections_of_their_own_and_no_more() -> None:
    with ScriptedServer() as server, EventClient(server.url) as client:
        started = threading.Barrier(8)

        def track() -> None:
            started.wait()
            for _ in range(20):
                client.track_event("c", "event_a")

        threads = [threading.Thread(target=track) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(server.requests) == 160
    assert len(server.connections) <= 8


@pytest.mark.parametrize("last_act", [reply(), reply(keep=False), reply(keep=False, Connection="close")])
def test_a_connection_that_the_server_closed_meanwhile_is_reopened_at_once(last_act: object) -> None:
    with (
        ScriptedServer(last_act) as server,  # type: ignore[arg-type]
        EventClient(server.url, max_retries=1, retry_delay=60.0) as client,
    ):
        for _ in range(3):
            client.track_event("c", "event_a")
            server.hang_up()
    assert [request.connection for request in server.requests] == [0, 1, 2]


def test_a_kept_connection_that_breaks_counts_as_an_attempt() -> None:
    with (
        ScriptedServer(reply(), reset) as server,
        EventClient(server.url, max_retries=2, retry_delay=0.0) as client,
    ):
        client.track_event("c", "event_a")
        with pytest.raises(EventUnavailableError):
            client.track_event("c", "event_a")
    assert len(server.requests) == 1 + 2


@pytest.mark.parametrize("fault", [reset, hang, raw(b"HTTP/1.")])
def test_connections_that_died_unnoticed_cost_one_attempt_in_all(fault: Act) -> None:
    together = threading.Barrier(4)

    def old_ones_die(connection: socket.socket, request: Request) -> bool:
        if len(server.requests) <= 4:
            together.wait()
        elif request.connection < 4:
            return fault(connection, request)
        return reply()(connection, request)

    with (
        ScriptedServer(old_ones_die) as server,
        EventClient(server.url, timeout=0.5, max_retries=2, retry_delay=0.0) as client,
    ):
        threads = [threading.Thread(target=client.track_event, args=("c", "event_a")) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client.track_event("c", "event_a")
        assert len(server.connections) == 5


def test_what_nobody_asked_for_is_not_taken_for_an_answer() -> None:
    with ScriptedServer() as server, EventClient(server.url, max_retries=1) as client:
        client.track_event("c", "event_a")
        server.connections[0].sendall(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        client.track_event("c", "event_a")
    assert [request.connection for request in server.requests] == [0, 1]


def test_a_connection_that_was_idle_for_long_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer() as server, EventClient(server.url) as client:
        client.track_event("c", "event_a")
        now = time.monotonic()
        monkeypatch.setattr("time.monotonic", lambda: now + 61.0)
        client.track_event("c", "event_a")
    assert [request.connection for request in server.requests] == [0, 1]


def test_a_refusal_is_heard_before_the_body_is_sent() -> None:
    requests = []

    def refuse(listener: socket.socket) -> None:
        with listener.accept()[0] as connection:
            requests.append(connection.recv(1_024))
            connection.sendall(b'HTTP/1.1 413 Too Large\r\nContent-Length: 21\r\n\r\n{"error":"too large"}')
            # The end, with most of the request unread, resets the connection.

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=refuse, args=(listener,))
        server.start()
        with EventClient(f"http://127.0.0.1:{listener.getsockname()[1]}", max_retries=1) as client:
            with pytest.raises(EventSDKError, match="too large") as refused:
                client.track_event("c", "event_a", input="x" * (32 << 20))
        server.join()
    assert refused.value.status_code == 413
    assert len(requests) == 1


def test_after_a_timeout_the_late_answer_is_not_taken_for_another() -> None:
    with (
        ScriptedServer(hang, reply({"success": True, "data": {"id": "second"}})) as server,
        EventClient(server.url, timeout=0.2, max_retries=1) as client,
    ):
        with pytest.raises(EventUnavailableError, match="timed out"):
            client.get_event("first")
        assert client.get_event("second") == {"id": "second"}
    assert [request.connection for request in server.requests] == [0, 1]


def test_an_answer_of_http_1_0_ends_its_connection() -> None:
    old = raw(b'HTTP/1.0 200 OK\r\n\r\n{"success":true,"data":{"id":"x"}}')
    with ScriptedServer(old) as server, EventClient(server.url) as client:
        assert client.get_event("x") == client.get_event("x") == {"id": "x"}
    assert [request.connection for request in server.requests] == [0, 1]


def test_a_request_is_one_packet() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        received = []

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                received.append(connection.recv(65_536))
                connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"success":true}')

        server = threading.Thread(target=serve)
        server.start()
        with EventClient(f"http://127.0.0.1:{listener.getsockname()[1]}", max_retries=1) as client:
            client.track_event("c", "event_a", input="x" * 1_000)
        server.join()
    head, _, body = received[0].partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert len(body) > 1_000


def test_a_closed_client_opens_a_new_connection() -> None:
    with ScriptedServer() as server:
        client = EventClient(server.url)
        client.track_event("c", "event_a")
        client.close()
        client.close()
        client.track_event("c", "event_a")
        client.close()
    assert [request.connection for request in server.requests] == [0, 1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_does_not_use_its_parents_connection() -> None:
    with ScriptedServer() as server, EventClient(server.url) as client:
        client.track_event("parent", "event_a")
        child = os.fork()
        if child == 0:
            failed = 1
            try:
                client.track_event("child", "event_a")
                failed = 0
            finally:
                os._exit(failed)
        assert os.waitpid(child, 0)[1] == 0
        client.track_event("parent", "event_a")
    assert [request.connection for request in server.requests] == [0, 1, 0]
    assert len({request.json["id"] for request in server.requests}) == 3


def test_https_is_spoken_with_a_server_of_known_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
        f" -addext subjectAltName=DNS:localhost -keyout {key} -out {certificate}",
        shell=True,
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ScriptedServer(tls=context) as server:
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        with EventClient(url, max_retries=1) as stranger:
            with pytest.raises(EventUnavailableError, match="CERTIFICATE_VERIFY_FAILED"):
                stranger.get_event("id")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with EventClient(url, max_retries=1, retry_delay=60.0) as client:
            client.track_event("c", "event_a")
            client.track_event("c", "event_a")
            server.hang_up()
            client.track_event("c", "event_a")
    assert len(server.requests) == 3
    assert len({request.connection for request in server.requests}) == 2
