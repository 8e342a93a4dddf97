"""Synthetic thorax for demonstration and tests. Nobody was ever scanned for it."""
