"""Sweeps: one attack under many settings of the owner, of the adversary or of updates."""
