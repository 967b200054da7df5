"""Attributes of a person in; whether they say that it is a child's profile, out.

Accounts of video services have profiles of children that tell no age: `is_kids`, or `profile_type`
with the word kids.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from foretaste.domain.feature_types import FLAG_VALUES
from foretaste.domain.words import without_accents

_FLAG_NAMES = frozenset(  # none that may count somebody's children, as `kids` does
    [
        "iskids",
        "iskid",
        "iskidsprofile",
        "iskidprofile",
        "kidsprofile",
        "kidprofile",
        "kidsmode",
        "ischild",
        "ischildprofile",
        "childprofile",
        "childrensprofile",
        "istkind",
        "istkinderprofil",
        "kinderprofil",
        "kinderkonto",
        "kindermodus",
        "estenfant",
        "profilenfant",
        "modeenfant",
        "esinfantil",
        "perfilinfantil",
    ]
)
_TYPE_NAMES = frozenset(
    [
        "profiletype",
        "profilekind",
        "usertype",
        "accounttype",
        "profiltyp",
        "profilart",
        "typeprofil",
        "tipoperfil",
    ]
)
_CHILD_WORDS = frozenset(
    [
        "kids",
        "kid",
        "child",
        "children",
        "childrens",
        "kidsprofile",
        "kinder",
        "kind",
        "kinderprofil",
        "enfant",
        "enfants",
        "ninos",
        "nino",
        "infantil",
    ]
)


def says_child(column: str) -> bool:
    """Whether a column may say that a profile is a child's."""
    return _folded(column) in _FLAG_NAMES | _TYPE_NAMES


def is_child_profile(attributes: Mapping[str, Any]) -> bool:
    """Whether any of these says so. attributes: column → its values, or one."""
    for column, value in attributes.items():
        name = _folded(column)
        if name not in _FLAG_NAMES and name not in _TYPE_NAMES:
            continue
        values: Sequence[Any] = value if isinstance(value, tuple | list) else (value,)
        for text in map(str, values):
            word = text.strip().lower()
            is_child = FLAG_VALUES.get(word, False) if name in _FLAG_NAMES else False
            if is_child or _folded(word) in _CHILD_WORDS:
                return True
    return False


def _folded(text: str) -> str:
    return "".join(filter(str.isalnum, without_accents(text)))
