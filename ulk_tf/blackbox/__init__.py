"""Black boxes: whatever answers posteriors, how it is asked, and what its answers are."""
