"""The settings of the model, a group an expert. Imports no torch: reading settings is quick."""

from foretaste.settings import Settings


class PopularitySettings(Settings):
    """What is taken often and lately."""

    half_life_days: float | None = None
    """After how many days an event counts half; empty = chosen on the validation events."""
    prior: float = 1.0
    """Events every item is taken to have had before the first."""


class TransitionSettings(Settings):
    """What followed the last item."""

    smoothing: float = 5.0
    """Events' worth of popularity mixed into every row of counts."""


class NeighbourSettings(Settings):
    """What is taken close to the last few items, before or after."""

    window: int = 3
    """How many events apart two items may be to count as neighbours."""
    decay: float = 0.6
    """What each further event apart is worth of the one before."""
    backward: float = 0.7
    """What a neighbour taken earlier is worth of one taken later."""
    popular: float = 0.3
    """Exponent by which neighbours of everything are toned down."""
    smoothing: float = 30.0
    """Weight of popularity mixed into every list of neighbours."""
    last: int = 3
    """How many of the person's last items are looked from."""


class ContentSettings(Settings):
    """What reads like the person's recent items, reviews and searches."""

    last: int = 3
    """How many of the last events make the taste vector."""
    decay: float = 0.7
    """What each earlier event is worth of the one after."""
    temperature: float = 0.07
    """Cosine similarity is divided by this before the softmax."""


class LexicalSettings(Settings):
    """What shares words with the person's recent items."""

    last: int = 3
    """How many of the last items are looked from."""
    decay: float = 0.7
    """What each earlier item is worth of the one after."""
    temperature: float = 0.15
    """Cosine similarity is divided by this before the softmax."""


class AttributeSettings(Settings):
    """One expert for each named column."""

    columns: tuple[str, ...] | None = None
    """Which columns; empty = every column that more than one item shares a value in."""
    decay: float = 0.9
    """What each earlier event is worth of the one after."""
    smoothing: float = 3.0
    """Events' worth of the catalogue's own shares mixed into a person's."""
    most_values: int = 20_000
    """Columns with more distinct values are left out."""


class QuerySettings(Settings):
    """What answers the words of a search."""

    temperature: float = 0.05
    """Cosine similarity is divided by this before the softmax."""
    lexical: float = 0.5
    """Share of BM25 in the mixture; the rest is the language model's."""


class SequenceSettings(Settings):
    """A causal transformer over the person's events."""

    dim: int = 128
    layers: int = 2
    heads: int = 2
    length: int | None = None
    """How many of the last events are read; empty = 50, or 200 where histories are long."""
    input_dropout: float | None = None
    """Dropout on the events; empty = chosen from the length of the histories."""
    dropout: float = 0.2
    temperature: float = 0.07
    """Cosine similarity is divided by this before the softmax."""
    negatives: int = 1024
    """Items, drawn uniformly and shared by the whole batch, that each true item is told from."""
    learning_rate: float = 1e-3
    epochs: int = 16
    """At most; training stops when the validation events are predicted no better."""
    patience: int = 3
    """Checks without improvement before training stops."""
    check_every: int = 4
    """Epochs between two checks on validation events."""
    batch_events: int = 768
    """Events in a batch; people of similar length go together."""
    device: str = "auto"


class ModelSettings(Settings):
    """The product of experts."""

    seed: int = 0
    experts: tuple[str, ...] | None = None
    """Which experts, by name; empty = all that the data have something for."""
    weights: str = "fitted"
    """"fitted" on validation events, or "one": every weight 1, the literal product."""
    weight_cases: int = 4000
    """Validation events that the weights are fitted on, at most."""
    keep: int = 5
    """Versions kept on disk besides the live one."""
    popularity: PopularitySettings = PopularitySettings()
    transition: TransitionSettings = TransitionSettings()
    neighbour: NeighbourSettings = NeighbourSettings()
    content: ContentSettings = ContentSettings()
    lexical: LexicalSettings = LexicalSettings()
    attribute: AttributeSettings = AttributeSettings()
    query: QuerySettings = QuerySettings()
    sequence: SequenceSettings = SequenceSettings()
