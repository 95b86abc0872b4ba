"""Files that name whose signatures count."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from idcard.errors import ConfigurationError
from idcard.trust.key_file import keys_from_file

KEY = Ed25519PrivateKey.generate().public_key()
TEXT = base64.b64encode(KEY.public_bytes_raw()).decode()


def test_one_authority_is_enough(tmp_path: Path) -> None:
    file = tmp_path / "authorities.toml"
    file.write_text(f'format = 1\n[keys]\n"authority.example" = "{TEXT}"\n')
    (name, key), *others = keys_from_file(file).items()
    assert (name, key.public_bytes_raw(), others) == ("authority.example", KEY.public_bytes_raw(), [])


@pytest.mark.parametrize("text", [
    "", "format = 1\n", "format = 1\n[keys]\n", "format = 2\n[keys]\na = 1\n", 'format = 1\n[keys]\na = "AAAA"\n',
    f'format = 1\n[keys]\n"A b" = "{TEXT}"\n', f'format = 1\nkeys = "{TEXT}"\n', "format = 1\n[keys]\na = 1\n", "[",
])  # fmt: skip
def test_what_names_nobody_is_refused_with_what_to_write(tmp_path: Path, text: str) -> None:
    file = tmp_path / "authorities.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match="format = 1") as caught:
        keys_from_file(file)
    assert caught.value.reason == "damaged"


def test_a_missing_file_was_never_set_up(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        keys_from_file(tmp_path / "none")
    assert caught.value.reason == "never_set_up"
