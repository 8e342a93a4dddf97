"""The desktop viewer (PySide6, VTK). Imports core; never torch."""

from viewer.lasting_singletons import make_singletons_last

make_singletons_last()  # before the first Qt object
