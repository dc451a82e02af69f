"""Proxies, and who the client is to them and to the server."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from event_client import EventClient, EventSDKError, EventUnavailableError
from scripted_server import Request, ScriptedServer, reply


def basic(user: str) -> str:
    return f"Basic {b64encode(user.encode()).decode()}"


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server named `millrace.test` has, and what a client needs to know it."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=millrace.test"
        f" -addext subjectAltName=DNS:millrace.test -keyout {key} -out {certificate}",
        shell=True,
        check=True,
        capture_output=True,
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    return server, ssl.create_default_context(cafile=str(certificate))


class Tunnels:
    """Opens tunnels, whatever the name, to one server."""

    def __init__(self, server: ScriptedServer) -> None:
        self._address = server.url[len("http://") :].split(":")

    def __call__(self, client: socket.socket, request: Request) -> bool:
        host, port = self._address
        with socket.create_connection((host, int(port))) as upstream:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            answers = threading.Thread(target=self._pump, args=(upstream, client))
            answers.start()
            self._pump(client, upstream)
            answers.join()
        return False

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            for data in iter(lambda: source.recv(65_536), b""):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy"])
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_http_goes_through_the_proxy(monkeypatch: pytest.MonkeyPatch, variable: str, scheme: str) -> None:
    with ScriptedServer() as proxy:
        monkeypatch.setenv(variable, scheme + proxy.url[len("http://") :])
        with EventClient("http://millrace.test:8080/base/", tenant="acme") as client:
            client.track_event("c", "event_a")
            client.get_event("a/b")
    first, second = proxy.requests
    assert first.target == "http://millrace.test:8080/base/event"
    assert second.target == "http://millrace.test:8080/base/event/a%2Fb"
    assert (first.headers["host"], first.headers["x-tenant"]) == ("millrace.test:8080", "acme")
    assert "proxy-authorization" not in first.headers
    assert second.connection == first.connection


def test_https_goes_through_a_tunnel(
    monkeypatch: pytest.MonkeyPatch, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    with ScriptedServer(tls=tls[0]) as server, ScriptedServer(Tunnels(server)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("http://", "http://us%40er:pass@"))
        with EventClient("https://millrace.test:8443", api_key="secret", ssl_context=tls[1]) as client:
            client.track_event("c", "event_a")
            client.track_event("c", "event_a")
    (tunnel,) = proxy.requests
    assert (tunnel.method, tunnel.target) == ("CONNECT", "millrace.test:8443")
    assert tunnel.headers["proxy-authorization"] == basic("us@er:pass")
    assert "authorization" not in tunnel.headers
    assert [request.target for request in server.requests] == ["/event", "/event"]
    assert server.requests[0].headers["authorization"] == "Bearer secret"
    assert "proxy-authorization" not in server.requests[0].headers


def test_a_user_of_the_proxy_is_told_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(reply({"error": "who are you?"}, 407), reply()) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("http://", "http://user:p%C3%A4ss@"))
        with EventClient("http://millrace.test") as client:
            with pytest.raises(EventSDKError, match=r"who are you\?") as refused:
                client.track_event("c", "event_a")
            assert refused.value.status_code == 407
            client.track_event("c", "event_a")
    assert {request.headers["proxy-authorization"] for request in proxy.requests} == {basic("user:päss")}


def test_a_proxy_that_opens_no_tunnel_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(reply(status=403)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with EventClient("https://millrace.test", max_retries=2, retry_delay=0.0) as client:
            with pytest.raises(EventUnavailableError, match="Tunnel connection failed: 403"):
                client.track_event("c", "event_a")
    assert len(proxy.requests) == 2


@pytest.mark.parametrize("exempt", ["127.0.0.1", "example.org,127.0.0.1:{port}", "*"])
def test_some_hosts_need_no_proxy(monkeypatch: pytest.MonkeyPatch, exempt: str) -> None:
    with ScriptedServer() as server, ScriptedServer() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", exempt.format(port=server.url.rpartition(":")[2]))
        with EventClient(server.url) as client:
            client.track_event("c", "event_a")
    assert [request.target for request in server.requests] == ["/event"]
    assert proxy.requests == []


@pytest.mark.parametrize(
    "proxy", ["socks5://localhost:1080", "https://localhost", "http://", "localhost:port"]
)
def test_a_proxy_that_can_not_be_used_is_refused_at_once(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    with pytest.raises(ValueError, match=r"a proxy must be an http URL|[Pp]ort"):
        EventClient("http://millrace.test")


@pytest.mark.parametrize(
    ("user", "sent"),
    [("user:password", "user:password"), ("us%40er:p%3Ass", "us@er:p:ss"), ("key", "key:"), ("ü:ß", "ü:ß")],
)
def test_a_user_in_the_url_is_sent_and_not_shown(user: str, sent: str) -> None:
    with ScriptedServer() as server:
        client = EventClient(server.url.replace("http://", f"http://{user}@") + "/", max_retries=1)
        client.track_event("c", "event_a")
    with pytest.raises(EventUnavailableError) as failed:
        client.track_event("c", "event_a")
    assert client.base_url == server.url
    assert server.requests[0].headers["authorization"] == basic(sent)
    assert server.requests[0].headers["host"] == server.url[len("http://") :]
    assert user not in str(failed.value)
    assert server.url in str(failed.value)


@pytest.mark.parametrize(
    "options",
    [
        {"base_url": "http://user:hidden@localhost", "api_key": "secret"},
        {"base_url": "ftp://user:hidden@localhost"},
    ],
)
def test_a_user_that_can_not_be_sent_is_refused_and_not_shown(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be") as refused:
        EventClient(**options)
    assert "hidden" not in str(refused.value)


def test_a_context_of_ones_own_decides_who_is_trusted(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    with ScriptedServer(tls=tls[0]) as server:
        url = server.url.replace("http://", "https://")
        tls[1].check_hostname = False
        with EventClient(url, max_retries=1) as stranger:
            with pytest.raises(EventUnavailableError, match="CERTIFICATE_VERIFY_FAILED"):
                stranger.track_event("c", "event_a")
        with EventClient(url, ssl_context=tls[1]) as client:
            client.track_event("c", "event_a")
    assert len(server.requests) == 1
