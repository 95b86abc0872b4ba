"""Rows of equal length by columns: what differs between two of them, and how it is put back.

Neighbouring values of one field are alike and shrink well beside each other. Numbers of rows rise, so their
differences are written: seven bits a byte, the least first.
"""

from collections.abc import Iterable, Iterator, Sequence

Fields = tuple[tuple[int, int], ...]
"""Where the fields of a row begin and end."""
Patch = list[bytes | None]
"""A row's new fields; None where one stays."""


def varints(numbers: Iterable[int]) -> bytes:
    """Rising numbers, as their differences."""
    out, before = bytearray(), 0
    for number in numbers:
        step, before = number - before, number
        while step > 0x7F:
            out.append(step & 0x7F | 0x80)
            step >>= 7
        out.append(step)
    return bytes(out)


_MAX_SHIFT = 56
"""Bits of a difference: of a longer one each further byte would cost more than the last."""


def read_varints(data: bytes) -> Iterator[int]:
    """The numbers again; ValueError where one is cut off or too long."""
    number = step = shift = 0
    for byte in data:
        step |= (byte & 0x7F) << shift
        shift += 7
        if shift > _MAX_SHIFT:
            raise ValueError("a number is too long")
        if byte < 0x80:
            number += step
            yield number
            step = shift = 0
    if shift:
        raise ValueError("a number is cut off")


def differing(pairs: Sequence[tuple[bytes, bytes]], fields: Fields) -> list[bytes]:
    """Of pairs of an old and a new row: a mask for each, then for each field those new values that differ."""
    masks = bytes(
        sum(1 << number for number, (first, last) in enumerate(fields) if old[first:last] != new[first:last])
        for old, new in pairs
    )
    return [masks, *(_of_field(pairs, masks, number, span) for number, span in enumerate(fields))]


def _of_field(pairs: Sequence[tuple[bytes, bytes]], masks: bytes, number: int, span: tuple[int, int]) -> bytes:
    first, last = span
    return b"".join(new[first:last] for (_, new), mask in zip(pairs, masks, strict=True) if mask >> number & 1)


def patches(masks: bytes, columns: Sequence[bytes], fields: Fields) -> Iterator[Patch]:
    """What :func:`differing` wrote, row by row; ValueError where the columns hold more or less than that."""
    at = [0] * len(fields)
    for mask in masks:
        if mask >> len(fields):
            raise ValueError("a field that there is not")
        patch: Patch = [None] * len(fields)
        for number, (first, last) in enumerate(fields):
            if mask >> number & 1:
                patch[number] = columns[number][at[number] : at[number] + last - first]
                at[number] += last - first
        yield patch
    if at != [len(column) for column in columns]:
        raise ValueError("fields that belong to no row")


def patched(old: bytes, patch: Patch, fields: Fields) -> bytes:
    """The row with its new fields."""
    parts = (old[first:last] if new is None else new for (first, last), new in zip(fields, patch, strict=True))
    made = b"".join(parts)
    if len(made) != len(old):
        raise ValueError("a field is cut off")
    return made


def columns_of(rows: Sequence[bytes], fields: Fields) -> list[bytes]:
    """Whole rows by columns."""
    return [b"".join(row[first:last] for row in rows) for first, last in fields]


def rows_of(columns: Sequence[bytes], fields: Fields, count: int) -> Iterator[bytes]:
    """The rows again; ValueError where the columns do not hold as many."""
    widths = [last - first for first, last in fields]
    if [len(column) for column in columns] != [count * width for width in widths]:
        raise ValueError("columns of unequal length")
    for row in range(count):
        yield b"".join(column[row * w : (row + 1) * w] for column, w in zip(columns, widths, strict=True))
