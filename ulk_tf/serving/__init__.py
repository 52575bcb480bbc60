"""Serving: exports of attacks as SavedModels, and the checks that TF Serving will run them."""
