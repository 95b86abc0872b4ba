"""Each place, with the real thing behind it: it gives its key to this machine, and to no other."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from idcard import ConfigurationError
from kiosk.key_safe import passphrase, token, tpm
from kiosk.key_safe.safe import Kind, PlaceTrouble, Safe

HSM, PIN = Path("/usr/lib/softhsm/libsofthsm2.so"), "4711"
OFFICER, WORDS = "lan.nguyen", "gà gáy trước bình minh"


def reason_of(trouble: pytest.ExceptionInfo[ConfigurationError]) -> str:
    return trouble.value.reason


def test_the_tpm_opens_after_each_start_and_no_other_one_does(tpm: Any, tmp_path: Path) -> None:
    from kiosk.key_safe import tpm as place

    safe, secret = Safe.new()
    safe = safe.adding(place.slot_of(secret, safe=safe))
    tpm.restart()
    assert place.secret_of(safe) == secret
    tpm.stop()
    tpm.state = tmp_path / "another machine"
    tpm.start()
    with pytest.raises(PlaceTrouble) as refused:
        place.secret_of(safe)
    assert reason_of(refused) == "place_refused"


def test_a_machine_that_started_otherwise_does_not_open_until_it_starts_as_before(tpm: Any) -> None:
    from kiosk.key_safe import tpm as place

    safe, secret = Safe.new()
    bound, free = safe.adding(place.slot_of(secret, safe=safe)), safe.adding(place.slot_of(secret, safe=safe, pcrs=""))
    assert tpm.ran("tpm2_pcrextend", f"7:sha256={'ab' * 32}") == 0
    with pytest.raises(PlaceTrouble) as refused:
        place.secret_of(bound)
    assert reason_of(refused) == "place_refused"
    assert place.secret_of(free) == secret, "no register was asked for"
    tpm.restart()
    assert place.secret_of(bound) == secret


def test_the_secret_crosses_to_the_tpm_and_stays_out_of_files_and_arguments(tpm: Any, tmp_path: Path) -> None:
    from kiosk.key_safe import tpm as place

    safe, secret = Safe.new()
    path = tmp_path / "staff.safe"
    safe.adding(place.slot_of(secret, safe=safe)).save(path)
    found = b"".join(file.read_bytes() for file in (path, *tpm.state.rglob("*")) if file.is_file())
    assert secret not in found
    assert secret.hex().encode() not in found


def test_a_machine_without_a_tpm_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    safe, secret = Safe.new()
    for tcti in ("device:/dev/tpmrm0", "swtpm:host=127.0.0.1,port=9"):
        monkeypatch.setenv("TPM2TOOLS_TCTI", tcti)
        with pytest.raises(PlaceTrouble) as missing:
            tpm.slot_of(secret, safe=safe)
        assert reason_of(missing) == "place_silent"


def test_the_registers_are_numbers(tpm: Any) -> None:
    from kiosk.key_safe import tpm as place

    safe, secret = Safe.new()
    with pytest.raises(PlaceTrouble) as wrong:
        place.slot_of(secret, safe=safe, pcrs="7;reboot")
    assert reason_of(wrong) == "wrong_setting"


def test_a_token_opens_by_its_pin_and_no_other_token_does(hsm: str) -> None:
    safe, secret = Safe.new()
    made = {
        name: safe.adding(token.slot_of(secret, safe=safe, module=HSM, token=name, pin=PIN, typed=True))
        for name in (hsm, "another")
    }
    assert all(token.secret_of(each, PIN) == secret for each in made.values())
    again = safe.adding(token.slot_of(secret, safe=safe, module=HSM, token=hsm, pin=PIN, typed=False))
    assert token.secret_of(again, PIN) == secret, "its key pair was made once"
    first, other = (each.of(Kind.PKCS11)[0] for each in made.values())
    swapped = Safe(id=safe.id).adding(replace(first, values=other.values))
    with pytest.raises(PlaceTrouble) as refused:
        token.secret_of(swapped, PIN)
    assert reason_of(refused) == "place_refused"


@pytest.mark.parametrize(
    ("name", "module", "pin", "reason"),
    [
        ("clinic", HSM, "0000", "wrong_pin"),
        ("nobody's", HSM, PIN, "place_silent"),
        ("clinic", Path("/usr/lib/none.so"), PIN, "place_silent"),
    ],
)
def test_a_token_that_does_not_open_says_why(hsm: str, name: str, module: Path, pin: str, reason: str) -> None:
    safe, secret = Safe.new()
    with pytest.raises(PlaceTrouble) as trouble:
        token.slot_of(secret, safe=safe, module=module, token=name, pin=pin, typed=True)
    assert reason_of(trouble) == reason
    assert pin not in str(trouble.value)


def test_each_officer_opens_with_their_own_words_and_nobody_with_anothers() -> None:
    safe, secret = Safe.new()
    for name, words in ((OFFICER, WORDS), ("hung", "thuyền về bến cũ chiều nay")):
        safe = safe.adding(passphrase.slot_of(Kind.PASSPHRASE, name, words, secret, safe=safe))
    assert passphrase.secret_of(safe, OFFICER, WORDS) == secret
    for name, words in (("hung", WORDS), ("nobody", WORDS), (OFFICER, WORDS + " "), (OFFICER, ""), ("", WORDS)):
        with pytest.raises(PlaceTrouble) as wrong:
            passphrase.secret_of(safe, name, words)
        assert reason_of(wrong) == "wrong_passphrase"
        assert not words.strip() or words not in str(wrong.value)


def test_a_passphrase_is_the_same_however_its_accents_are_typed() -> None:
    import unicodedata

    safe, secret = Safe.new()
    safe = safe.adding(passphrase.slot_of(Kind.PASSPHRASE, OFFICER, WORDS, secret, safe=safe))
    assert passphrase.secret_of(safe, OFFICER, unicodedata.normalize("NFD", WORDS)) == secret


def test_a_recoverys_code_is_read_as_people_read_it() -> None:
    code = passphrase.new_code()
    safe, secret = Safe.new()
    safe = safe.adding(passphrase.slot_of(Kind.RECOVERY, "", code, secret, safe=safe))
    for typed in (code, code.lower(), code.replace("-", " "), code.replace("-", ""), code.replace("O", "0")):
        assert passphrase.is_code(typed)
        assert passphrase.secret_of(safe, "", typed) == secret
    assert not passphrase.is_code(PIN)


@pytest.mark.parametrize("words", ["ngắn quá", "lan.nguyen là của tôi", "aaaaaaaaaaaaaaaaaaaa", "x" * 129])
def test_a_passphrase_that_a_thief_finds_is_not_taken(words: str) -> None:
    assert not passphrase.is_good(words, OFFICER)
    assert passphrase.is_good(WORDS, OFFICER)


def test_the_usual_cost_is_that_of_the_standard() -> None:
    """RFC 9106, section 4, asks for 64 MiB and three rounds at least."""
    cost = passphrase.Cost()
    assert cost.memory_kib >= 64 * 1024
    assert cost.rounds >= 3


def test_a_safe_that_asks_for_the_whole_machine_is_refused() -> None:
    safe, secret = Safe.new()
    slot = passphrase.slot_of(Kind.PASSPHRASE, OFFICER, WORDS, secret, safe=safe)
    greedy = type(slot)(
        kind=slot.kind,
        name=slot.name,
        values={**slot.values, "memory_kib": 1 << 40},
        nonce=slot.nonce,
        sealed=slot.sealed,
    )
    with pytest.raises(PlaceTrouble) as refused:
        passphrase.secret_of(Safe(id=safe.id, slots=(greedy,)), OFFICER, WORDS)
    assert reason_of(refused) == "damaged"
