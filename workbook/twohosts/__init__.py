"""Two hosts on one machine, for lesson 2.9: network namespaces joined by a cable that can be made slow, without root.

:mod:`room` holds the namespaces and everything that runs in them, :mod:`link` reads the cable's counters,
:mod:`servers` runs ``vllm serve`` there, :mod:`model` says what a step puts on the wire, and :mod:`report` prints it.
"""
