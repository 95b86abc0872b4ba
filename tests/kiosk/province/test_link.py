"""The connection to the hub, against a real server on this machine."""

import tracemalloc
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from idcard import ConfigurationError
from kiosk.province.identity import Identity
from kiosk.province.link import ANSWER_LIMIT, HubLink, HubUnreachable
from kiosk.province.settings import ProvinceSettings, load_province

HELD, ASKED_FOR = Event(), list[str]()
BOMB = zlib.compress(bytes(1 << 28), 1, 31)
"""A megabyte, well within what an answer may have, that would unpack to a quarter of a gigabyte."""


class Hub(BaseHTTPRequestHandler):
    """Says what was sent; one path never answers, one says too much."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/held":
            HELD.wait(5)
        said = {"/long": bytes(ANSWER_LIMIT + 1), "/bomb": BOMB}.get(self.path, body[::-1])
        self.send_response(503 if self.path == "/shut" else 200)
        if self.path == "/bomb":
            self.send_header("Content-Encoding", "gzip")
        ASKED_FOR.append(self.headers["Accept-Encoding"])
        self.send_header("Retry-After", "7")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def link(tmp_path: Path) -> Iterator[HubLink]:
    HELD.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        made = HubLink(_settings(tmp_path, f"http://127.0.0.1:{server.server_port}"), Identity(tmp_path))
        yield made
        HELD.set()
        made.close()
        server.shutdown()
        thread.join()


def _settings(folder: Path, hub: str) -> ProvinceSettings:
    return ProvinceSettings(hub=hub, identity=folder, person_key=folder / "person.key", seconds=0.5)


def test_what_the_hub_answers(link: HubLink) -> None:
    reply = link.post("/shut", b"abc", {})
    assert (reply.status, reply.body, reply.headers["retry-after"]) == (503, b"cba", "7")


@pytest.mark.parametrize("path", ["/held", "/long"])
def test_a_hub_that_hangs_or_talks_too_much_is_not_waited_for(link: HubLink, path: str) -> None:
    with pytest.raises(HubUnreachable):
        link.post(path, b"abc", {})


def test_what_comes_packed_is_not_unpacked(link: HubLink) -> None:
    """No answer needs it, and nobody could say how large it becomes before it is."""
    ASKED_FOR.clear()
    tracemalloc.start()
    with pytest.raises(HubUnreachable):
        link.post("/bomb", b"abc", {})
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()
    assert ASKED_FOR == ["identity"]


def test_nobody_there(tmp_path: Path) -> None:
    link = HubLink(_settings(tmp_path, "http://127.0.0.1:9"), Identity(tmp_path))
    with pytest.raises(HubUnreachable):
        link.post("/", b"", {})
    with pytest.raises(OSError, match="not reached"):
        link.get("/v1/releases/metadata/timestamp.json")
    link.close()


@pytest.mark.parametrize(
    ("said", "setting"),
    [
        ('hub = "http://hub.example"', "hub"),
        ('hub = "https://hub.example/path"', "hub"),
        ('hub = "https://hub.example"\nquiet_h = 9\nsilent_h = 8', "must rise"),
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, said: str, setting: str) -> None:
    file = tmp_path / "province.toml"
    file.write_text(f'{said}\nidentity = "identity"\nperson_key = "person.key"\n')
    with pytest.raises(ConfigurationError, match=setting):
        load_province(file)


def test_settings_are_relative_to_their_file(tmp_path: Path) -> None:
    file = tmp_path / "province.toml"
    file.write_text('hub = "https://hub.example/"\nidentity = "identity"\nperson_key = "person.key"\n')
    settings = load_province(file)
    assert settings.hub == "https://hub.example"
    assert settings.identity == tmp_path / "identity"
