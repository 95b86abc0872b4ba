"""Readers and wires: the only place with sockets, threads and clocks."""
