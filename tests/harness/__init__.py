"""What the tests stand on: real processes, real sockets, a real browser. `tests/README.md` says how to use
each part.
"""
