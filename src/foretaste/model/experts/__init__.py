"""The experts. A new one is one file here and one line in this list.

Each is a class with the methods of `ports.Expert`, a `name`, and `fit(training)`, which returns one
fitted expert, or one for each named column, or none where the data have nothing for it.
"""

from typing import Any

from foretaste.model.experts.attribute import Attribute
from foretaste.model.experts.content import Content
from foretaste.model.experts.language import Language
from foretaste.model.experts.lexical import Lexical
from foretaste.model.experts.neighbour import Neighbour
from foretaste.model.experts.popularity import Popularity
from foretaste.model.experts.query import Query
from foretaste.model.experts.refusal import Refusal
from foretaste.model.experts.repeat import Repeat
from foretaste.model.experts.sequence import Sequence
from foretaste.model.experts.transition import Transition

EXPERTS: tuple[Any, ...] = (  # classes: a protocol cannot say what `fit` takes
    Popularity,
    Transition,
    Neighbour,
    Content,
    Lexical,
    Attribute,
    Refusal,
    Repeat,
    Query,
    Sequence,
    Language,
)
