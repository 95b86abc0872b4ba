"""What the kiosk says aloud: recorded clips by a manifest, made from the words of the catalogues.

A clip is named after the word that it says (``attract.title``), a number's part (``n.7``) or, for the clinic's own
words such as its rooms, after a hash of them. ``manifest.json`` in a folder of clips says what each of them says, by
language; the file itself is ``<language>/<clip>.opus``.
"""
