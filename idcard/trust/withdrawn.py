"""CSCA certificates that the newest list of the same root no longer holds.

Theory of operation. A state that leaves a certificate out of its next master list may have withdrawn it, or only
dropped one that ran out. Nobody says which. So it stays in the store, where documents may still need it, and is told as
a remark, until the operator removes it, or imports it by itself and so vouches for it.

It is seen from the origins that each entry keeps: an entry is withdrawn where each of its origins is a master list that
a newer one of the same root has followed, and the newer one is not among them.
"""

from collections.abc import Iterable, Sequence

from idcard.trust.archive import Entry, Kind, Source

WITHDRAWN = "withdrawn"


def withdrawn(entries: Iterable[Entry], sources: Sequence[Source]) -> tuple[Entry, ...]:
    """The entries that no list vouches for any more, in their order.

    :param sources: all origins of the store, in the order in which they were imported.
    """
    newest = {source.root: number for number, source in enumerate(sources) if source.root is not None}

    def superseded(entry: Entry, number: int) -> bool:
        root = sources[number].root
        return root is not None and newest[root] not in entry.sources

    listed = (one for one in entries if one.kind in (Kind.ANCHOR, Kind.LINK) and one.sources)
    return tuple(one for one in listed if all(superseded(one, number) for number in one.sources))
