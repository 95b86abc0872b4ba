"""The insurer's tables: result codes, groups, benefit levels, provinces, facilities, kinds of visit, routes.

Theory of operation. Each table is a TOML file in ``kiosk/data`` with its source, the day on which it was looked at, and
how sure it is. A file is read once, checked against a strict schema (an unknown name or a wrong value is an error at
start, never in a visit), and given on as plain values, which is all that :mod:`kiosk.domain` sees.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from idcard import ConfigurationError
from kiosk.domain.cover_answer import ResultTable
from kiosk.domain.route_proposal import RouteRule
from kiosk.insurance.table_schema import (
    BenefitLevels,
    Facilities,
    Groups,
    Profile,
    Provinces,
    Results,
    Routes,
    Rules,
    Table,
    VisitKinds,
)

RESULT_CODES, ROUTES = "result-codes.toml", "routes.toml"
"""What these tables are called where they came down from the province."""
DATA = Path(__file__).resolve().parents[1] / "data"

AnyTable = TypeVar("AnyTable", bound=Table)


def load_table(kind: type[AnyTable], path: Path) -> AnyTable:
    """The table in the TOML file ``path``.

    :raises ConfigurationError: naming the file and the place, if it is missing, no TOML, or against the schema.
    """
    try:
        return kind.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise _problem(path, f"cannot be read: {error.strerror}", "missing") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _problem(path, f"{where}: {first['msg']}", "wrong_setting") from error
    except (ValueError, RecursionError) as error:
        raise _problem(path, f"is not TOML: {error}", "malformed") from error


_came: dict[str, Path] = {}


def use_released(folder: Path | None) -> None:
    """Let the tables in this folder count from now on in place of those that are built in.

    :param folder: where ``result-codes.toml`` and ``routes.toml`` may lie, or None for none.
    :raises ConfigurationError: where one is no such table; then what counted before does.
    """
    found = {} if folder is None else {name: folder / name for name in (RESULT_CODES, ROUTES)}
    there = {name: path for name, path in found.items() if path.is_file()}
    for name, path in there.items():
        load_table(Results if name == RESULT_CODES else Routes, path)
    _came.clear()
    _came.update(there)
    routes.cache_clear()


def result_table(results: Path | None = None) -> ResultTable:
    """What the result codes mean, by the province's table, the one here or a clinic's own."""
    results = results or _came.get(RESULT_CODES, DATA / "gateway_results.toml")
    table = load_table(Results, results)
    return ResultTable(
        rows={row.code: row.row() for row in table.result},
        unknown=table.unknown.row(),
        paper_groups=frozenset(groups().paper_card.groups),
    )


@cache
def groups() -> Groups:
    """The groups of insured persons."""
    return load_table(Groups, DATA / "object_groups.toml")


@cache
def benefit_levels() -> BenefitLevels:
    """The benefit levels."""
    return load_table(BenefitLevels, DATA / "benefit_levels.toml")


@cache
def provinces() -> Provinces:
    """The provinces, before and after their mergers."""
    return load_table(Provinces, DATA / "provinces.toml")


@cache
def facilities() -> Facilities:
    """The codes of facilities."""
    return load_table(Facilities, DATA / "facilities.toml")


@cache
def visit_kinds() -> VisitKinds:
    """The kinds of visit (MA_LOAI_KCB)."""
    return load_table(VisitKinds, DATA / "visit_kinds.toml")


@cache
def routes() -> Routes:
    """The routes (MA_DOITUONG_KCB)."""
    return load_table(Routes, _came.get(ROUTES, DATA / "route_codes.toml"))


@cache
def route_rules() -> tuple[RouteRule, ...]:
    """The rules that propose a route, first come first."""
    table = load_table(Rules, DATA / "route_rules.toml")
    return tuple(
        RouteRule(code=rule.code, first_day=rule.first_day, last_day=rule.last_day, when=rule.when.asked())
        for rule in table.rule
    )


def profile(path: Path = DATA / "profiles" / "nam_dinh.toml") -> Profile:
    """A province's profile, from here or from a clinic's configuration."""
    return load_table(Profile, path)


def _problem(path: Path, what: str, reason: str) -> ConfigurationError:
    return ConfigurationError(f"The table {path.name} {what}.", reason=reason, remedy=f"Correct {path}.")
