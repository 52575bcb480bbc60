"""Target classifiers: base models, their updates, and black boxes."""
