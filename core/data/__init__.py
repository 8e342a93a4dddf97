"""Reading of chest CT: index of a folder, geometry gate, pixels, NIfTI."""
