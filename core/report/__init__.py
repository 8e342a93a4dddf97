"""The report of one analysis: content, figures, PDF."""
