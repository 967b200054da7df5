"""In: ids that a program gives in Python. Out: nothing, or an InputError that says what to do."""

from foretaste.behaviour.values import CellError, parse_identifier
from foretaste.errors import InputError


def check_ids(**ids: str | None) -> None:
    """Raises InputError for an id, by the name of its field, that no store should hold."""
    for field, value in ids.items():
        try:
            parse_identifier(value, field)
        except CellError as error:
            raise InputError(str(error)) from None
