"""Sweeps: one attack under many settings of the owner or of the adversary."""
