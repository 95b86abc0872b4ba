"""A stand-in for the payer's gateway, in a process of its own: hospitals rehearse with it, and our tests are run on it.

It speaks the published protocol and shares no code with the client: otherwise one mistake would pass on both sides.
"""
