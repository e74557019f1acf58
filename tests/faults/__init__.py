"""Faults made on purpose: processes killed, calls that fail, disks that are full.

As SQLite tests itself: the N-th call of the kernel fails, once or from then on, for every N,
and afterwards the state is the old one or the new one, whole.
"""
