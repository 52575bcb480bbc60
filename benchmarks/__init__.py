"""Speed, side by side with PyTorch twins that do the same work."""
