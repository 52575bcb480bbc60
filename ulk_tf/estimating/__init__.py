"""Estimates of how long a run will take on this machine: its work, the rates, the sentence."""
