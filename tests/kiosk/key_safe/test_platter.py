"""Every byte that the real processes ever wrote, to files and to their logs, and the disk as it lies afterwards.

A library before the C library keeps a copy of each write, so what was deleted or overwritten later is there as well:
more than any disk still has. The staff's keys are wrapped, and an officer opens them at the desk's page first.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from disk_search import disk_image, needles_of, traces

from kiosk.demo.clerks import CLERKS
from kiosk.demo.provision import PATIENT, STAFF, Place

pytestmark = [
    pytest.mark.serial,
    pytest.mark.skipif(not os.environ.get("KIOSK_GALLERY_ALL"), reason="ten seconds: script/test --all"),
]
OFFICER, WORDS = "lan.nguyen", "gà gáy trước bình minh"
INSURED, STRANGER, TYPED = range(4), 40, 41


@pytest.fixture
def platter(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which each process that is started now leaves what it writes, under its id."""
    library, folder = tmp_path / "platter.so", tmp_path / "platter"
    folder.mkdir()
    source = root / "tests/helpers/platter.c"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", library, source, "-ldl"], check=True)
    monkeypatch.syspath_prepend(root / "tests/benchmarks")
    monkeypatch.setenv("LD_PRELOAD", str(library))
    monkeypatch.setenv("PLATTER", str(folder))
    return folder


@pytest.fixture
def kiosk(platter: Path, as_root: Callable[..., Any], tmp_path: Path) -> Iterator[Any]:
    """A kiosk in its real processes, whose staff's keys an officer opens."""
    from _standing import standing

    def protect(place: Place) -> None:
        text = place.config(STAFF).read_text("utf-8")
        safe = f'key_safe = "{place.key("staff.safe")}"\n'
        place.config(STAFF).write_text(text.replace("\n[clinic]", f"{safe}\n[clinic]", 1), "utf-8")
        arguments = ("--config", place.config(STAFF), "--with", "passphrase", "--officer", OFFICER, "--stdin")
        assert as_root("protect", *arguments, said=f"{WORDS}\n").exit_code == 0

    with standing(tmp_path / "kiosk", people=len(INSURED), kilobits=0, prepare=protect) as running:
        yield running


def sent(desk: httpx.Client, page: str, to: str, **form: str) -> httpx.Response:
    token = re.findall(r'name="csrf_token" value="([^"]*)"', desk.get(page).text)[0]
    origin = {"Origin": str(desk.base_url).rstrip("/")}
    return desk.post(to, data={"csrf_token": token, **form}, headers=origin)


def test_whatever_was_ever_written_names_nobody(kiosk: Any, platter: Path, tmp_path: Path) -> None:
    from _soak import Row
    from _standing import citizen

    holders = {f"person {number}": citizen(number).holder for number in (*INSURED, STRANGER, TYPED)}
    with httpx.Client(base_url=kiosk.staff, timeout=60, follow_redirects=True) as desk:
        assert "đang đóng" in desk.get("/").text
        assert 'id="log-in"' in sent(desk, "/login", "/open", name=OFFICER, typed=WORDS).text
        row = Row(kiosk)
        for number in INSURED:
            row.visit(number)
        with pytest.raises(RuntimeError, match="desk"):
            row.visit(STRANGER)
        kiosk.cards.take()
        row._send("/tap/acknowledge")
        row._until("attract")
        row.close()
        sent(desk, "/login", "/login", sign=CLERKS[1].sign, password=CLERKS[1].password)
        typed = holders[f"person {TYPED}"]
        papers = {"name": typed.name, "birth": f"{typed.birth:%d/%m/%Y}", "number": typed.personal_number}
        sent(desk, "/arrivals/emergency", "/arrivals/emergency", room="noi", do="admit", **papers)
        board = desk.get("/").text
        assert typed.name in board
        assert holders["person 0"].name in board, "staff do see them"
    people = {who: needles_of(holder) for who, holder in holders.items()}
    for process in (PATIENT, STAFF):
        written = (platter / str(kiosk.processes[process])).read_bytes()
        assert b"SQLite format 3" in written or b"visit" in written, "the copy is that process's"
        assert traces(written, people) == {}, process
    shutil.copytree(kiosk.place.root, tmp_path / "disk", ignore=shutil.ignore_patterns("bench"))
    image = disk_image(tmp_path / "disk", tmp_path / "kiosk.img")
    assert traces(image, people) == {}
    assert WORDS.encode() not in image
    assert b"PRIVATE KEY" not in image.replace((tmp_path / "disk/keys/receipt.key").read_bytes(), b"").replace(
        (tmp_path / "disk/keys/assist_receipt.key").read_bytes(), b""
    ), "but those of the receipts, which the patient's processes hold"


def test_the_copy_has_what_was_deleted_and_what_was_logged(platter: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    program = f"import os, sys; open({str(gone)!r}, 'w').write('Trần Thị Mẫu'); os.unlink({str(gone)!r}); " + (
        "import sqlite3; c = sqlite3.connect('t.db'); c.execute('create table t (a)'); "
        "c.execute('insert into t values (?)', ('036199900001',)); c.commit(); c.execute('drop table t'); c.commit(); "
        "sys.stderr.write('Lê Văn Sổ')"
    )
    child = subprocess.Popen(["/usr/bin/env", "python3", "-c", program], cwd=tmp_path, stderr=subprocess.DEVNULL)
    assert child.wait(60) == 0
    written = b"".join(path.read_bytes() for path in platter.iterdir())
    for words in ("Trần Thị Mẫu", "036199900001", "Lê Văn Sổ"):
        assert words.encode() in written
