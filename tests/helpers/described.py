"""An app asked as its own description says, and as it does not say, and each answer held against the description."""

import os
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.schemas import BaseSchema

FUZZ = int(os.environ.get("FUZZ") or 1)
WELL, ANYHOW = GenerationMode.POSITIVE, GenerationMode.NEGATIVE


def described(description: Mapping[str, Any], app: Any) -> BaseSchema:
    """The description, of which this app is asked."""
    schema = schemathesis.openapi.from_dict(dict(description))

    def whole(environ: Any, start: Any) -> list[bytes]:
        # Whoever asks here never closes an answer, and a file that is sent would stay open.
        parts = app(environ, start)
        try:
            return [b"".join(parts)]
        finally:
            getattr(parts, "close", lambda: None)()

    schema.app = whole
    return schema


def tried(
    schema: BaseSchema, *, examples: int, excluded: tuple[str, ...] = (), prepare: Callable[[Case], None]
) -> Counter[str]:
    """How often each operation was answered how; AssertionErrors name what differs from the description.

    :param examples: so many requests as described, and as many that are not, for each operation; more under ``FUZZ``.
    :param excluded: checks of schemathesis that do not hold here. :param prepare: given each request before it is sent.
    """
    answered: Counter[str] = Counter()
    checks = [check for check in CHECKS.get_all() if check.__name__ not in excluded]
    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in (WELL, ANYHOW):
            try_each(operation.as_strategy(generation_mode=mode), examples, checks, prepare, answered)
    return answered


def try_each(
    strategy: Any, examples: int, checks: list[Any], prepare: Callable[[Case], None], answered: Counter[str]
) -> None:
    @settings(
        max_examples=examples * FUZZ,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def ask(case: Case) -> None:
        prepare(case)
        response = case.call()
        answered[f"{case.method} {case.path} {response.status_code}"] += 1
        case.validate_response(response, checks=checks)

    # Of an operation that asks for nothing there is no request that is not as described.
    with suppress(Unsatisfiable):
        ask()
