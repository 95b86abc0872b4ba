"""The lists of a store, judged anew: whoever vouched for one may be gone by now.

Theory of operation. A revocation list or a deviation list was believed when it was imported, for an anchor that was
here. Where that anchor was removed since, the revocation list counts for nothing any more, and nobody would notice: the
signers that it takes back are then without a list. So each is judged as it would be if it were imported now.
"""

from collections.abc import Iterator

from idcard.errors import IdCardError
from idcard.trust.archive import Entry, Kind
from idcard.trust.crl import Crl
from idcard.trust.crl_issuers import crl_problem
from idcard.trust.deviation_list import DeviationList
from idcard.trust.draft import Draft
from idcard.trust.signed_data import ListNotTrusted


def doubtful_lists(draft: Draft) -> Iterator[tuple[Entry, str]]:
    """The lists for which nobody in the store vouches any more, and why each would be refused today.

    A deviation list that was taken on the word of a root that is no anchor is among them: that root is not here.
    """
    for entry in draft.entries.values():
        problem = None
        if entry.kind is Kind.CRL:
            problem = crl_problem(Crl.from_bytes(entry.data), draft)
        elif entry.kind is Kind.DEVIATION_LIST:
            problem = _deviation_problem(entry, draft)
        if problem is not None:
            yield entry, str(problem)


def _deviation_problem(entry: Entry, draft: Draft) -> str | None:
    listed = DeviationList.from_bytes(entry.data)
    own = [one for one in draft.anchors if one.subject.country == listed.country]
    try:
        listed.verify(own, at=max(draft.sources[number].added for number in entry.sources))
    except ListNotTrusted as error:
        return error.reason
    except IdCardError as error:
        return error.code
    return None
