"""The clinic's account at the payer's gateway, in a file that the staff process alone may read.

The gateway wants an MD5 of the password in every address. That is the gateway's choice; ours is that no log, error or
``repr`` ever holds one.
"""

import hashlib
import os
import stat
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from idcard import ConfigurationError
from kiosk.key_safe.wrapped import OPENED
from kiosk.tls import LeastTls

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class GatewayAccount(BaseModel):
    """The account, and how the gateway is spoken to.

    ``url`` is the gateway's, without a path; plain HTTP only on this machine, for rehearsals. ``body`` is how look-ups
    are sent: ``form`` is what is used in practice, ``json`` what the document says. ``look_up_by`` is the number that
    goes into the look-up: that it takes a personal number is not confirmed. ``token_s`` is how long a token is used,
    ``deadline_s`` bounds a whole call with its retries, both in seconds. ``authority`` is a file with the certificate
    authorities to trust, where the usual ones do not do. ``least_tls`` is the oldest version of TLS that is spoken:
    1.3 wherever the gateway speaks it, which nobody outside can tell.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str
    username: Annotated[str, Field(pattern=r"^[0-9A-Za-z_.\-]{1,64}$", repr=False)]
    password: SecretStr
    hash_letters: Literal["upper", "lower"] = "upper"
    body: Literal["form", "json"] = "form"
    look_up_by: Literal["personal_number", "insurance_number"] = "personal_number"
    token_s: Annotated[float, Field(gt=0, le=3600)] = 540
    deadline_s: Annotated[float, Field(gt=0, le=60)] = 8
    authority: Path | None = None
    least_tls: LeastTls = "1.2"

    @model_validator(mode="after")
    def _an_address_that_may_be_called(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("url: an address such as https://gateway.example")
        if parts.username or parts.password or parts.path not in ("", "/"):
            raise ValueError("url: no account and no path in it")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("url: plain http is for this machine only")
        return self

    @property
    def is_rehearsal(self) -> bool:
        """Whether the gateway is a stand-in on this machine."""
        return urlsplit(self.url).hostname in LOOPBACK

    @property
    def password_hash(self) -> str:
        """MD5 of the password in hexadecimal, as every call carries it."""
        digest = hashlib.md5(self.password.get_secret_value().encode(), usedforsecurity=False).hexdigest()
        return digest.upper() if self.hash_letters == "upper" else digest


def load_account(path: Path) -> GatewayAccount:
    """The account in a TOML file.

    :raises ConfigurationError: ``never_set_up`` where there is no file, ``too_open`` where others may read it,
        ``malformed`` or ``wrong_setting`` for what is in it; the message quotes nothing of it.
    """
    try:
        with path.open("rb") as file:
            _refuse_open_file(path, os.fstat(file.fileno()).st_mode)
            content = file.read()
        settings = tomllib.loads(OPENED.plain(path, content).decode("utf-8"))
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"There is no gateway account {path.name}.",
            reason="never_set_up",
            remedy="Write it, as docs/gateway.md says.",
        ) from error
    except OSError as error:
        raise ConfigurationError(
            f"The gateway account {path.name} cannot be read.",
            reason="damaged",
            remedy="Let the staff process read it.",
        ) from error
    except (ValueError, RecursionError):
        raise ConfigurationError(
            f"The gateway account {path.name} is not TOML.", reason="malformed", remedy="Correct it and start again."
        ) from None
    return _checked(path, settings)


def _checked(path: Path, settings: dict[str, object]) -> GatewayAccount:
    try:
        account = GatewayAccount.model_validate(settings)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "settings"
        raise ConfigurationError(
            f"The gateway account {path.name}: {where}: {first['msg'].removeprefix('Value error, ')}.",
            reason="wrong_setting",
            remedy="Correct it and start again.",
        ) from None
    if account.authority is None:
        return account
    return account.model_copy(update={"authority": path.resolve().parent / account.authority})


def _refuse_open_file(path: Path, mode: int) -> None:
    # Windows knows no mode bits: there the folder's rights must do it.
    if os.name == "posix" and mode & _OTHERS:
        raise ConfigurationError(
            f"Others may read the gateway account {path.name}.",
            reason="too_open",
            remedy="Let nobody but the staff process's user read it (chmod 600).",
        )
