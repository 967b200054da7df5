"""The experts. A new one is one file here and one line in this list.

Each is a class with the methods of `ports.Expert`, a `name`, and `fit(training)`, which returns one
fitted expert, or one for each named column, or none where the data have nothing for it.
"""

from typing import Any

from foretaste.model.experts.attribute import AttributeExpert
from foretaste.model.experts.audio_match import AudioMatchExpert
from foretaste.model.experts.content import ContentExpert
from foretaste.model.experts.impression import ImpressionExpert
from foretaste.model.experts.language import LanguageExpert
from foretaste.model.experts.lexical import LexicalExpert
from foretaste.model.experts.media import MediaExpert
from foretaste.model.experts.negative_feedback import NegativeFeedbackExpert
from foretaste.model.experts.neighbour import NeighbourExpert
from foretaste.model.experts.popularity import PopularityExpert
from foretaste.model.experts.query import QueryExpert
from foretaste.model.experts.repeat import RepeatExpert
from foretaste.model.experts.sequence import SequenceExpert
from foretaste.model.experts.transition import TransitionExpert

EXPERTS: tuple[Any, ...] = (  # classes: a protocol cannot say what `fit` takes
    PopularityExpert,
    TransitionExpert,
    NeighbourExpert,
    ContentExpert,
    MediaExpert,
    AudioMatchExpert,
    LexicalExpert,
    AttributeExpert,
    NegativeFeedbackExpert,
    ImpressionExpert,
    RepeatExpert,
    QueryExpert,
    SequenceExpert,
    LanguageExpert,
)
