"""The published models: cards, bundles, networks. One published model, one file."""
