"""Checks of a running gateway by clients in Python. `scripts/test-sdks` runs them."""
