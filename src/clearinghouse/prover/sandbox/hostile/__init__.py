"""The sandbox's promises as hostile programs: each tries to break one of them from inside and says what it could do.

`attack.py` runs one and judges it, `reach.py` and `take.py` hold the programs, `bait.py` is what they are after. The
tests run them all; `clearinghouse doctor` runs the quick ones.
"""
