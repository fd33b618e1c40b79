"""Checks of a running gateway by Anthropic's Python SDK. `scripts/test-sdks` runs them."""
