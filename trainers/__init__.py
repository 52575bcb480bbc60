"""Command-line entry points: parse, build, run, report."""
