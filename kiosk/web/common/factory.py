"""The ground that both apps stand on."""

from collections.abc import Mapping
from pathlib import Path

from flask import Flask

from idcard import ConfigurationError
from kiosk.web.common.door import guard, local_names
from kiosk.web.common.failures import add_failures
from kiosk.web.common.packed import add_packed
from kiosk.web.common.words import add_words

WEB = Path(__file__).resolve().parents[1]
"""The folder of templates and static files."""

_SHORTEST_KEY = 32


def read_session_key(path: Path) -> bytes:
    """The key that signs the session's cookie.

    :raises ConfigurationError: when it is missing or shorter than 32 bytes.
    """
    try:
        key = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"The session key {path} cannot be read.", reason="never_set_up", remedy="Provision the kiosk again."
        ) from error
    if len(key) < _SHORTEST_KEY:
        raise ConfigurationError(
            f"The session key {path} is too short.", reason="damaged", remedy="Provision the kiosk again."
        )
    return key


def base_app(
    name: str,
    *,
    host: str,
    port: int,
    session_key: bytes,
    camera: bool,
    limits: Mapping[str, int] | None = None,
    sound: bool = False,
    public: str | None = None,
) -> Flask:
    """An app with its door, words and failures, and no page yet.

    :param name: ``patient`` or ``staff``; browsers keep one cookie jar for all ports, so cookies need names.
    :param camera: whether its pages may use the camera.
    :param limits: the endpoints that take more than a form, and the greatest body of each in bytes.
    :param sound: whether its pages may play sounds.
    :param public: a name, with its port, by which browsers reach it over TLS, through a program that ends that.
    """
    app = Flask(f"kiosk.web.{name}", template_folder=str(WEB / "templates"), static_folder=str(WEB / "static"))
    app.config.update(SECRET_KEY=session_key, SESSION_COOKIE_NAME=f"kiosk_{name}", TESTING=False)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    guard(app, names=local_names(host, port), camera=camera, limits=limits or {}, sound=sound, public=public)
    add_packed(app)
    add_words(app)
    add_failures(app)
    return app
