"""What leaves: an admission in the forms that payer and hospital take, and how it gets there.

Only the staff process imports this: what leaves names the person, and only it can open who that is. Every form is built
from one value, :class:`~kiosk.interop.visit.OpenedVisit`.
"""
