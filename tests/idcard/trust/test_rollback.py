"""State files: what they remember, and what happens where they cannot."""

import threading
from pathlib import Path

import pytest

from idcard.errors import ConfigurationError
from idcard.trust.archive import replace_file
from idcard.trust.rollback import check_not_rolled_back


def reason(state: Path, sequence: int, digest: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        check_not_rolled_back(state, sequence=sequence, digest=digest, what="The list")
    assert str(caught.value).startswith("The ")
    return caught.value.reason


def test_an_older_one_and_another_one_are_refused(tmp_path: Path) -> None:
    state = tmp_path / "state"
    check_not_rolled_back(state, sequence=2, digest="aa")
    check_not_rolled_back(state, sequence=2, digest="aa")
    assert reason(state, 1, "aa") == reason(state, 2, "bb") == "rolled_back"


def test_where_no_digest_counts_only_the_number_does(tmp_path: Path) -> None:
    state = tmp_path / "state"
    check_not_rolled_back(state, sequence=2, digest="")
    check_not_rolled_back(state, sequence=2, digest="")
    assert reason(state, 1, "") == "rolled_back"


def test_a_missing_folder_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Make its folder") as caught:
        check_not_rolled_back(tmp_path / "none" / "state", sequence=1, digest="aa")
    assert caught.value.reason == "not_writable"


def test_threads_may_write_one_file_at_once(tmp_path: Path) -> None:
    together = threading.Barrier(8)
    failures: list[Exception] = []

    def write(number: int) -> None:
        together.wait(30)
        try:
            for _ in range(10):
                replace_file(tmp_path / "file", bytes([number]) * 4096)
        except OSError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    assert len(set((tmp_path / "file").read_bytes())) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
