"""Every column says what it knows of whom."""

from pathlib import Path

from sqlalchemy import LargeBinary

from kiosk.store.data_map import Kind, columns
from kiosk.store.tables import Base


def test_every_column_was_thought_of() -> None:
    assert not [f"{table}.{column}" for table, column, kind in columns() if kind is None]


def test_bytes_are_never_only_about_somebody() -> None:
    kinds = {(table, column): kind for table, column, kind in columns()}
    assert not [
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary) and kinds[table.name, column.name] is Kind.ABOUT
    ]


def test_every_kind_is_on_the_page_with_how_long_it_is_kept(root: Path) -> None:
    page = (root / "docs" / "personal-data.md").read_text("utf-8")
    assert not [kind for kind in Kind if f"| `{kind}` |" not in page]
