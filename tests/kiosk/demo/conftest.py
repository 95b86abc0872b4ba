"""A demonstration that was provisioned once, and small helpers for its ports and pages."""

import random
from collections.abc import Iterator

import pytest

from idcard import ConfigurationError
from idcard.testing import Issuer
from kiosk.demo.launcher import check_ports
from kiosk.demo.provision import Options, Place, provision
from kiosk.demo.workbench import Bench


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A demonstration on its usual ports; nothing listens there."""
    return provision(tmp_path_factory.mktemp("provisioned") / "demo", Options())


@pytest.fixture
def free_ports() -> Options:
    """Options whose ports are free now."""
    return _free()


@pytest.fixture(scope="module")
def module_ports() -> Options:
    """The same for all tests of a file."""
    return _free()


def _free() -> Options:
    for _ in range(100):
        options = Options(port_base=random.randrange(20000, 30000))
        try:
            check_ports(options)
        except ConfigurationError:
            continue
        return options
    pytest.fail("there are no free ports in a row")


@pytest.fixture(scope="session")
def issuer(place: Place) -> Issuer:
    return Issuer.load(place.issuer)


@pytest.fixture(scope="session")
def bench(issuer: Issuer) -> Bench:
    return Bench(issuer, swap_s=0.2)


@pytest.fixture(autouse=True)
def _tidy_up(request: pytest.FixtureRequest) -> Iterator[None]:
    """The one bench of all tests is left with nothing on it."""
    yield
    if "bench" in request.fixturenames:
        bench: Bench = request.getfixturevalue("bench")
        bench.take_away()
        bench.hide_qr()
        bench.plug_scanner(True)
