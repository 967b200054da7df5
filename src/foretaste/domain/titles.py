"""A title as a catalogue sorts it in, as people say it out: "Shining, The" is "The Shining"."""

import re

_ARTICLES = (
    "The|A|An|Der|Die|Das|Den|Dem|Ein|Eine|Le|La|Les|L'|Un|Une|El|Los|Las|Una|Il|Lo|I|Gli|O|Os|As|"
    "De|Het|Een|Den|Det|En|Ett"
)
_MOVED_ARTICLE = re.compile(rf"\A(.{{1,200}}?), ({_ARTICLES})((?>(?: \([^()]*+\))*))", re.DOTALL)


def natural_title(title: str) -> str:
    """The title with its article in front."""
    match = _MOVED_ARTICLE.fullmatch(title.strip())
    if match is None:
        return title.strip()
    name, article, parentheses = match.groups()
    gap = "" if article.endswith("'") else " "
    return f"{article}{gap}{name}{parentheses}"


_OTHER_NAME = re.compile(r" \((?:a\.?k\.?a\.? [^()]*+|[^() ]*+ [^() ]*+ [^()]*+)\)", re.IGNORECASE)


def spoken_title(title: str) -> str:
    """The same without other names in parentheses: "Raiders of the Lost Ark (Indiana Jones and the
    Raiders of the Lost Ark)" is too long for a sentence. "(blue)" and "(1982)" stay.
    """
    name = natural_title(title)
    return _OTHER_NAME.sub("", name).strip() or name
