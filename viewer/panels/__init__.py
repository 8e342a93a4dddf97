"""Panels beside the views: each shows one part of the session."""
