"""Data sets, and their splits between owner, adversary and probing set."""
