"""In: a row of an item. Out: its pictures, its clip and its own vectors, as fields of `Item`."""

from typing import Any

from foretaste.behaviour.column_roles import role_of_value
from foretaste.behaviour.forms import ItemForm
from foretaste.behaviour.media_columns import parse_audio, parse_images, parse_vector
from foretaste.behaviour.stream import Row

_MAY_BE_VECTOR = (list, tuple, bytes, bytearray, memoryview)


def media_fields(row: Row, form: ItemForm) -> dict[str, Any]:
    """`image`, `more_images`, `audio` and `vectors`."""
    image_column = form.columns["image"]
    images = parse_images(row.get(image_column), "image") if image_column else ()
    audio_column = form.columns["audio"]
    audio = parse_audio(row.get(audio_column), "audio") if audio_column else None
    vectors: dict[str, bytes] = {}
    field_columns = set(form.columns.values())
    for column, cell in row.items():
        if column not in field_columns and _is_vector(column, cell, form):
            content = parse_vector(cell, column)
            if content is not None:
                vectors[column] = content
    cover = images[0] if images else None
    return {"image": cover, "more_images": images[1:], "audio": audio, "vectors": vectors}


def _is_vector(column: str, cell: Any, form: ItemForm) -> bool:
    role = form.roles.get(column)
    if role is not None:
        return role == "vector"
    may_be = isinstance(cell, _MAY_BE_VECTOR) or type(cell).__name__ == "ndarray"
    may_be = may_be or (isinstance(cell, str) and cell[:1] == "[")
    return may_be and role_of_value(column, cell, form.separator) == "vector"
