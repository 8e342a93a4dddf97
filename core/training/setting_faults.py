"""What is wrong with a TOML file, in words: which setting, and what could stand there."""

from typing import Any, get_args

from pydantic import BaseModel, ValidationError

UNKNOWN = "extra_forbidden"


def fault_words(error: ValidationError, model: type[BaseModel]) -> str:
    """Every fault by its place, such as "stage.0.epoch: there is no such setting; it may be ...".

    Args:
        error: Of validating a document.
        model: What it was to be.
    """
    return "; ".join(
        f"{'.'.join(map(str, fault['loc'])) or 'configuration'}: {_words(fault, model)}"
        for fault in error.errors(include_input=False, include_url=False)
    )


def _words(fault: Any, model: type[BaseModel]) -> str:
    place = fault["loc"]
    if fault["type"] != UNKNOWN:
        return str(fault["msg"])
    section: type[BaseModel] | None = model
    for name in place[:-1]:
        if section is not None and isinstance(name, str):
            field = section.model_fields.get(name)
            section = None if field is None else _section(field.annotation)
    if section is None:
        return "there is no such setting"
    return f"there is no such setting; it may be one of {', '.join(section.model_fields)}"


def _section(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation such as `tuple[Stage, ...]` or `Bundle | None` holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _section(each))), None)
