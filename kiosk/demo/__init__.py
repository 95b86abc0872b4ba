"""The demonstration: invented people, virtual cards and a bench to put them on the reader. Refused in production.

The one place of the kiosk that may import :mod:`idcard.testing`; nothing imports this package.
"""
