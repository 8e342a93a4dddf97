"""Headless heart of Thoralens: reading, preprocessing, models, saliency, report. No Qt, no VTK."""
