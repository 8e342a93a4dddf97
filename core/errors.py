"""What can go wrong, as a small tree. Every error says what to do about it.

A message states what was expected, what was found and where; the remedy states what to do. Neither
ever holds a patient's name, an identifier or a path.
"""


class ThoralensError(Exception):
    """Something the user can understand and act upon.

    Args:
        message: What was expected, what was found, where.
        remedy: What the user can do about it.
    """

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message, remedy)  # both, so that it survives pickling to the parent
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class SeriesError(ThoralensError):
    """A folder or series cannot be read as a CT volume."""


class ModelInputError(ThoralensError):
    """A volume or clinical value does not meet what the model was built for."""


class WeightsError(ThoralensError):
    """A model bundle is incomplete, damaged or not what its card promises."""


class ResourcesError(ThoralensError):
    """The machine lacks memory, disk or a device that the work needs."""


class ReportError(ThoralensError):
    """A result could not be written."""


class CohortError(ThoralensError):
    """A cohort table, its folds, predictions or configuration cannot be used."""


class NetworkError(ThoralensError):
    """A configured PACS did not answer as expected."""
