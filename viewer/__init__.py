"""The desktop viewer (PySide6, VTK). Imports core; never torch."""
