"""Published training losses, one a file."""
