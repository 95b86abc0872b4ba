"""What the command remembers of types of cards between two runs, and that it may."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import idcard
from idcard.cli.remembered import Remembered, default_file
from idcard.reading import CardProfile
from idcard.testing import Behaviour, Hand, Holder, Issuer
from idcard.transport import pcsc

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "idcard" / "profiles.json"


@pytest.fixture
def hands(issuer: Issuer, holder: Holder, monkeypatch: pytest.MonkeyPatch) -> list[Hand]:
    """A card on the only reader, and whoever asked for it."""
    card, asked = issuer.issue(holder, behaviour=Behaviour(max_response=40_000)), []

    def connect(_: str | None) -> Hand:
        asked.append(Hand(card))
        return asked[-1]

    monkeypatch.setattr(pcsc, "connect", connect)
    return asked


def test_the_second_reading_takes_fewer_commands(run: Run, hands: list[Hand], cache: Path, trust: Path) -> None:
    for _ in range(3):
        assert run("read", "--can", "999991", "--trust", trust)[0] == 0
    assert hands[1].sent < hands[0].sent
    assert hands[2].sent == hands[1].sent


def test_nothing_about_the_person_is_remembered(
    run: Run, hands: list[Hand], cache: Path, trust: Path, holder: Holder
) -> None:
    run("read", "--can", "999991", "--trust", trust)
    text = cache.read_text()
    assert '"format": 2' in text
    for personal in (holder.personal_number, holder.can, holder.birth.strftime("%y%m%d"), hands[0].atr.hex(), "hand"):
        assert personal not in text
    if sys.platform != "win32":
        assert cache.stat().st_mode & 0o077 == 0


def test_nothing_is_remembered_where_that_is_not_wished(run: Run, hands: list[Hand], cache: Path, trust: Path) -> None:
    for _ in range(2):
        assert run("read", "--can", "999991", "--trust", trust, "--no-remember")[0] == 0
    assert hands[1].sent == hands[0].sent
    assert not cache.exists()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{" * 5000, b"0" * (2 << 20)])
def test_a_spoilt_file_is_as_good_as_none(
    content: bytes, run: Run, hands: list[Hand], cache: Path, trust: Path
) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_bytes(content)
    assert run("read", "--can", "999991", "--trust", trust)[0] == 0
    assert '"format": 2' in cache.read_text()


def test_a_folder_that_cannot_be_made_is_no_trouble(run: Run, hands: list[Hand], cache: Path, trust: Path) -> None:
    cache.parent.parent.write_text("a file in its place")
    assert run("read", "--can", "999991", "--trust", trust)[0] == 0


def test_what_was_remembered_is_known_again(tmp_path: Path) -> None:
    file = tmp_path / "here" / "profiles.json"
    first = Remembered(file)
    first.profiles.learn("reader", b"\x3b\x00", CardProfile())
    first.keep()
    assert Remembered(file).profiles.of("reader", b"\x3b\x00") == CardProfile()
    Remembered(None).keep()
    assert Remembered(None).profiles == idcard.Profiles()


@pytest.mark.parametrize(
    ("platform", "named", "place"),
    [
        ("linux", {"XDG_CACHE_HOME": "/elsewhere"}, "/elsewhere"),
        ("linux", {"XDG_CACHE_HOME": "not/absolute"}, "~/.cache"),
        ("darwin", {"XDG_CACHE_HOME": ""}, "~/Library/Caches"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local"),
        ("win32", {"LOCALAPPDATA": ""}, "~/AppData/Local"),
    ],
)
def test_each_system_has_its_folder(
    platform: str, named: dict[str, str], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    assert default_file() == Path(place).expanduser() / "idcard" / "profiles.json"
