"""Calcium mode: click to score, in the window."""
