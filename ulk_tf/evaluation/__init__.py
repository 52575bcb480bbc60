"""Evaluation: metrics, intervals, figures and reports."""
