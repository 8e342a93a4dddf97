"""How a volume is shown: planes, windows, overlays. Shared by the window and the report."""
