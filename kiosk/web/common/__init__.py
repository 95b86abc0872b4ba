"""What both apps share: the guarded door, the words, the failures, the server."""
