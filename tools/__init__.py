"""Tools of the checkout itself: no part of the package."""
