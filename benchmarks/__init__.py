"""Benchmarks: speed beside PyTorch twins that do the same work."""
