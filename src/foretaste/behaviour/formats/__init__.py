"""The formats of shops, trackers and data sets that are read by name: each is a file of data here.

A new one is one file and one line.
"""

from foretaste.behaviour.formats.declaration import FileFormat
from foretaste.behaviour.formats.magento import MAGENTO
from foretaste.behaviour.formats.shopify import SHOPIFY
from foretaste.behaviour.formats.woocommerce import WOOCOMMERCE
from foretaste.errors import InputError, did_you_mean

FORMATS: tuple[FileFormat, ...] = (SHOPIFY, WOOCOMMERCE, MAGENTO)


def format_named(name: str) -> FileFormat:
    """Raises InputError with the names there are."""
    names = [file_format.name for file_format in FORMATS]
    word = name.strip().lower().replace("_", "-").replace(" ", "-")
    if word not in names:
        raise InputError(
            f"--format: there is no format '{name}'; {did_you_mean(word, names)}. "
            f"All of them: {', '.join(names)}"
        )
    return FORMATS[names.index(word)]
