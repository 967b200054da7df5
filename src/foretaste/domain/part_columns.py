"""In: a column that the settings name. Out: the column of a catalogue that is meant by it.

The recipe of a video service asks for `series`, `season`, `episode` and `age_rating`. Catalogues
call them `series_title`, `season_number`, `maturity_rating`; a limit of age that finds no column
would keep nothing from a child.
"""

from collections.abc import Collection, Mapping

from foretaste.domain.words import without_accents

_NAMES_BY_COLUMN: Mapping[str, str] = {
    "series": (
        "seriesid seriestitle seriesname showid showtitle showname show tvshow tvshowid "
        "tvseries programmeid programid serie serienid serientitel serienname serieid"
    ),
    "season": (
        "seasonnumber seasonno seasonnum staffel staffelnummer staffelnr saison numerosaison "
        "temporada stagione seizoen"
    ),
    "episode": (
        "episodenumber episodeno episodenum folge folgennummer folgennr folgenr episodennummer "
        "numeroepisode episodio capitulo aflevering"
    ),
    "type": (
        "contenttype itemtype mediatype videotype titletype assettype programtype programmetype "
        "kind contentkind inhaltstyp medientyp typ typecontenu tipocontenido tipo"
    ),
    "age_rating": (
        "maturityrating contentrating parentalrating mpaarating mpaa certificate certification "
        "agelimit minage minimumage fsk altersfreigabe classification clasificacion"
    ),
    "age": (
        "birthyear yearofbirth birthdate birthday dateofbirth dob geburtsjahr geburtsdatum "
        "alter anneenaissance datenaissance edad anonacimiento fechanacimiento"
    ),
}
_COLUMN_BY_NAME = {
    name: column for column, names in _NAMES_BY_COLUMN.items() for name in names.split()
}


def usual_name(column: str) -> str:
    """What we call a column that is called otherwise: season for `Season Number`; else itself."""
    return _COLUMN_BY_NAME.get("".join(filter(str.isalnum, without_accents(column))), column)


def column_meant(column: str, columns: Collection[str]) -> str:
    """Of the columns that there are the one that is meant by this one of the settings: itself, or
    the usual other name that comes first in our list; itself where there is none.
    """
    if column in columns or column not in _NAMES_BY_COLUMN:
        return column
    by_name = {
        "".join(filter(str.isalnum, without_accents(own))): own for own in reversed([*columns])
    }
    names = _NAMES_BY_COLUMN[column].split()
    return next((by_name[name] for name in names if name in by_name), column)
