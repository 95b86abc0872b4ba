"""``idcard serve``: readers, cards and verdicts as JSON on loopback, for the other programs of this machine.

It needs the extra ``idcard[service]``.
"""
