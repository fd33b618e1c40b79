"""Checks of a running gateway by OpenAI's Python SDK. `scripts/test-sdks` runs them."""
