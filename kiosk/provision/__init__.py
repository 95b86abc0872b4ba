"""The lock-down kit of a Debian mini-PC, and how a release gets there, is replaced, and comes back.

Theory of operation. What a machine shall have is computed whole, as a list of files, from the configurations of its
processes and from ``kit.toml``; only then is anything compared, shown, or written. Every value that goes into a file
has a narrow type, and a template refuses what could end a line or a word. What was written is in a manifest, so that
it can be taken back, and nothing else.

Everything here may be imported on any system; it works on Debian only, and says so.
"""
