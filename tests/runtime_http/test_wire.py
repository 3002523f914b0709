"""HTTP/1.1 as it may come: whole, in pieces, in a row, half. The short way and uvicorn's own answer alike."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from tests.runtime_http.live import Server

BODY = b'{"sku":"milk","price":"1.00"}'
HEAD = b"PUT /v1/shelves/dairy HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
PUT = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
GET = b"GET /v1/shelves/%s?q=1 HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, postgres_base: str) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("wire")
    server = Server(folder, 1, f"{postgres_base}/postgres")  # nothing here asks the database
    yield server
    assert server.stop() == 0


class Line:
    """A connection, byte by byte."""

    def __init__(self, server: Server) -> None:
        self.socket = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=10)
        self.rest = b""

    def sends(self, *pieces: bytes) -> None:
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            self.socket.sendall(piece)

    def hears(self, *, has_body: bool = True) -> tuple[int, dict[str, str], bytes]:
        while b"\r\n\r\n" not in self.rest:
            self.more()
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        length = int(headers.get("content-length", "0")) if has_body else 0
        while len(self.rest) < length:
            self.more()
        body, self.rest = self.rest[:length], self.rest[length:]
        return int(first.split()[1]), headers, body

    def more(self) -> None:
        data = self.socket.recv(65536)
        assert data, "the line was cut"
        self.rest += data

    def is_cut(self) -> bool:
        return self.socket.recv(1) == b""


@pytest.fixture
def line(server: Server) -> Iterator[Line]:
    line = Line(server)
    with line.socket:
        yield line


def test_an_ordinary_request(line: Line) -> None:
    for _ in range(3):
        line.sends(PUT)
        status, headers, body = line.hears()
        assert (status, json.loads(body)) == (200, {"id": "dairy", "asked": {"sku": "milk"}})
        assert headers["content-type"] == "application/json"
        assert "connection" not in headers
        assert headers["date"]
        UUID(headers["x-request-id"])


@pytest.mark.parametrize(
    "pieces",
    [
        (PUT[:20], PUT[20:]),
        (PUT[: -len(BODY)], BODY),
        (PUT[:-5], PUT[-5:]),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"%x\r\n%b\r\n" % (len(BODY), BODY), b"0\r\n\r\n"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),),
    ],
)
def test_a_request_in_pieces(line: Line, pieces: tuple[bytes, ...]) -> None:
    line.sends(*pieces)
    status, _, body = line.hears()
    assert (status, json.loads(body)["asked"]) == (200, {"sku": "milk"})
    line.sends(PUT)
    assert line.hears()[0] == 200, "the line is as good as before"


def test_requests_in_a_row_are_answered_in_order(line: Line) -> None:
    names = [b"a", b"b", b"c", b"d"]
    line.sends(b"".join(GET % name for name in names), PUT, GET % b"e")
    heard = [json.loads(line.hears()[2])["id"] for _ in range(6)]
    assert heard == ["a", "b", "c", "d", "dairy", "e"]


def test_a_body_is_waited_for_when_the_caller_waits_for_us(line: Line) -> None:
    line.sends(PUT[: -len(BODY) - 2] + b"Expect: 100-continue\r\n\r\n")
    assert line.hears()[0] == 100
    line.sends(BODY)
    assert line.hears()[0] == 200


def test_a_large_body(line: Line) -> None:
    large = BODY[:-1] + b" " * 300_000 + b"}"
    line.sends(HEAD + b"Content-Length: %d\r\n\r\n" % len(large) + large)
    assert line.hears()[0] == 200


def test_a_head_alone(line: Line) -> None:
    line.sends(b"HEAD /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    status, headers, _ = line.hears(has_body=False)
    assert (status, int(headers["content-length"]) > 0) == (200, True)
    line.sends(PUT)
    assert line.hears()[0] == 200, "nothing of a body was sent"


@pytest.mark.parametrize(
    "ending",
    [b"GET /health/live HTTP/1.0\r\n\r\n", b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"],
)
def test_a_line_that_shall_not_stay(line: Line, ending: bytes) -> None:
    line.sends(ending)
    status, headers, _ = line.hears()
    assert (status, headers["connection"]) == (200, "close")
    assert line.is_cut()


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (b"/v1/shelves/a%20b?q=1", "a b"),
        (b"http://x/v1/shelves/c?q=%2F", "c"),
        (b"/v1/shelves/%D0%9C?q=1", "м"),
        (b"/v1/shelves/a:b@c!?q=1", "a:b@c!"),
    ],
)
def test_addresses(line: Line, target: bytes, name: str) -> None:
    line.sends(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % target)
    status, _, body = line.hears()
    assert (status, json.loads(body)["id"].lower()) == (200, name)


@pytest.mark.parametrize(
    "nonsense", [b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", PUT.replace(b"Content-Length: ", b"Content-Length: x")]
)
def test_what_is_no_request(line: Line, nonsense: bytes) -> None:
    line.sends(nonsense)
    assert line.hears()[0] == 400
    assert line.is_cut()


def test_whoever_hangs_up_harms_nobody(server: Server, line: Line) -> None:
    for half in (PUT[:-3], PUT, GET % b"a"):
        other = Line(server)
        other.sends(half)
        other.socket.close()
    line.sends(PUT)
    assert line.hears()[0] == 200
