"""Attacks: posterior difference -> label, label distribution, sample or samples."""
