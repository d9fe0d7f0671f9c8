"""The life of jobs against a simulated world, drawn from a seed, in virtual time.

The job service and its store are the real ones. Simulated is what lies around them: Wiro, Discord, the disk's
moods, the network, members, and the death of the process. The same seed gives the same run. Afterwards four
promises are checked for every job: one final message; no Run that could bill twice; a ledger that agrees with
the message; and no success that is not delivered. ``python -m simulation --help`` tells how to run it.
"""
