"""The formats of shops, trackers and data sets that are read by name: each is a file of data here.

A new one is one file and one line.
"""

from difflib import get_close_matches

from foretaste.behaviour.formats.declaration import FileFormat, TableFormat
from foretaste.behaviour.formats.goodreads import GOODREADS
from foretaste.behaviour.formats.google_analytics import GA4
from foretaste.behaviour.formats.hm import HM
from foretaste.behaviour.formats.instacart import INSTACART
from foretaste.behaviour.formats.lastfm import LASTFM
from foretaste.behaviour.formats.magento import MAGENTO
from foretaste.behaviour.formats.matomo import MATOMO, MATOMO_PAGES
from foretaste.behaviour.formats.mind import MIND
from foretaste.behaviour.formats.movielens import MOVIELENS
from foretaste.behaviour.formats.otto import OTTO
from foretaste.behaviour.formats.personalize import PERSONALIZE
from foretaste.behaviour.formats.piano import PIANO
from foretaste.behaviour.formats.recbole import RECBOLE
from foretaste.behaviour.formats.recombee import RECOMBEE
from foretaste.behaviour.formats.retailrocket import RETAILROCKET
from foretaste.behaviour.formats.search_insights import UBI
from foretaste.behaviour.formats.segment import SEGMENT
from foretaste.behaviour.formats.shopify import SHOPIFY
from foretaste.behaviour.formats.snowplow import SNOWPLOW
from foretaste.behaviour.formats.spotify import SPOTIFY
from foretaste.behaviour.formats.squarespace import SQUARESPACE
from foretaste.behaviour.formats.wix import WIX
from foretaste.behaviour.formats.woocommerce import WOOCOMMERCE
from foretaste.behaviour.formats.yoochoose import YOOCHOOSE
from foretaste.errors import InputError

FORMATS: tuple[FileFormat, ...] = (
    SHOPIFY,
    WOOCOMMERCE,
    MAGENTO,
    WIX,
    SQUARESPACE,
    GA4,
    SEGMENT,
    SNOWPLOW,
    UBI,
    MATOMO,
    MATOMO_PAGES,
    PIANO,
    RETAILROCKET,
    OTTO,
    YOOCHOOSE,
    MIND,
    MOVIELENS,
    LASTFM,
    SPOTIFY,
    GOODREADS,
    HM,
    INSTACART,
    RECOMBEE,
    PERSONALIZE,
    RECBOLE,
)


def format_named(name: str) -> FileFormat:
    """Raises InputError with the names there are."""
    names = [file_format.name for file_format in FORMATS]
    word = name.strip().lower().replace("_", "-").replace(" ", "-")
    if word not in names:
        close_names = get_close_matches(word, names, n=1)
        hint = f"did you mean '{close_names[0]}'? " if close_names else ""
        raise InputError(
            f"--format: there is no format '{name}'; {hint}the formats are {', '.join(names)}"
        )
    return FORMATS[names.index(word)]


def format_of(table: TableFormat) -> FileFormat:
    """The format that has this kind of file."""
    return next(
        file_format
        for file_format in FORMATS
        if table.title in (own_table.title for own_table in file_format.tables)
    )
