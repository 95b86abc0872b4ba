"""Whatever is found about a trust store has words in both languages."""

import pytest

from idcard.cli.texts import Language
from idcard.cli.trust_words import say_trust
from idcard.errors import BoundExceeded, MalformedData, ProtocolViolation, Unsupported, UnsupportedAlgorithm
from idcard.trust.archive import Kind
from idcard.trust.judgement import Signed
from idcard.trust.path import PathProblem
from idcard.trust.profile import Remark
from idcard.trust.withdrawn import WITHDRAWN

FOUND = [*Kind, *Signed, *PathProblem, *Remark, WITHDRAWN]
REFUSALS = [
    error.code for error in (ProtocolViolation, MalformedData, BoundExceeded, Unsupported, UnsupportedAlgorithm)
]


@pytest.mark.parametrize("key", sorted({str(one) for one in (*FOUND, *REFUSALS)}))
def test_there_are_words_in_both_languages(key: str) -> None:
    english, vietnamese = (say_trust(key, language, days=1) for language in (Language.EN, Language.VI))
    assert vietnamese not in (key, english)
