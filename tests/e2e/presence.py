"""Exit code 0 where a card lies on the first reader, 1 where none does. It sends the card nothing."""

import sys

from smartcard import scard

_, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
_, readers = scard.SCardListReaders(context, [])
_, states = scard.SCardGetStatusChange(context, 0, [(name, scard.SCARD_STATE_UNAWARE) for name in readers[:1]])
sys.exit(0 if states and states[0][1] & scard.SCARD_STATE_PRESENT else 1)
