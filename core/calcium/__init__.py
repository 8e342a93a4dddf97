"""Coronary calcium: candidates, lesions, scores. Numpy only; every rule stands in the result."""
