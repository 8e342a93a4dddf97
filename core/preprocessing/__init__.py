"""From hounsfield units to the input of a model: one step, one file."""
