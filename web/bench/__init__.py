"""Measuring an installation: `valetkey bench`, and what the project's own bench (tests/load) is built from.

    exchange    one kept connection, with as little work as can be: what is measured is the other side
    processes   what a process costs, from the operating system
    driver      a side that is asked, by so many connections, so many times or so long
    figures     what `/metrics` says of the time in between
    loopback    an installation of its own in a temporary folder, with a provider and a grant
    installed   an installation that is there, by its address
    report      the table

A program of its own beside the service: nothing of the service imports it.
"""


class BenchFailed(Exception):
    """Nothing can be measured; the text says why and what to do."""
