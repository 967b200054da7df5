"""The settings of the model, a group an expert. Imports no torch: reading settings is quick."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from foretaste.domain.settings import Settings
from foretaste.model.group_settings import GroupWeights


class PopularitySettings(Settings):
    """What is taken often and lately."""

    half_life_days: float | None = None
    """Days after which an event counts half; 0 = never, empty = chosen on validation events."""
    prior: float = 1.0
    """Events every item is taken to have had before the first."""


class TransitionSettings(Settings):
    """What followed the last item."""

    smoothing: float = 5.0
    """Events' worth of popularity mixed into every row of counts."""


class NeighbourSettings(Settings):
    """What is taken close to the last few items, before or after.

    Of window, decay, popularity_damping and max_recent_items all that are empty are chosen on
    validation events, unless one of them is set.
    """

    renamed_keys: ClassVar[Mapping[str, str]] = {
        "popular": "popularity_damping",
        "last": "max_recent_items",
    }

    window: int | None = Field(default=None, ge=1)
    """How many events apart two items may be to count as neighbours."""
    decay: float | None = Field(default=None, gt=0, le=1)
    """What each further event apart is worth of the one before."""
    backward: float = 0.7
    """What a neighbour taken earlier is worth of one taken later."""
    popularity_damping: float | None = Field(default=None, ge=0)
    """Exponent by which neighbours of everything are toned down."""
    smoothing: float = 30.0
    """Weight of popularity mixed into every list of neighbours."""
    max_recent_items: int | None = Field(default=None, ge=1)
    """How many of the person's last items are looked from."""


class ContentSettings(Settings):
    """What reads like the person's recent items, reviews and searches."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"last": "max_recent_events"}

    max_recent_events: int = 3
    """How many of the last events make the taste vector."""
    decay: float = 0.7
    """What each earlier event is worth of the one after."""
    temperature: float = 0.07
    """Cosine similarity is divided by this before the softmax."""


class LexicalSettings(Settings):
    """What shares words with the person's recent items."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"last": "max_recent_items"}

    max_recent_items: int = 3
    """How many of the last items are looked from."""
    decay: float = 0.7
    """What each earlier item is worth of the one after."""
    temperature: float = 0.15
    """Cosine similarity is divided by this before the softmax."""


class MediaSettings(Settings):
    """What looks like the person's recent items: one expert a space of pictures or vectors."""

    dim: int = Field(default=256, ge=2)
    """Directions of a space that items are compared in, those in which they differ most."""
    max_recent_items: int = Field(default=5, ge=1)
    """How many of the last items with a vector are looked from."""
    decay: float | None = Field(default=None, gt=0, le=1)
    """What each earlier item is worth of the one after; empty = chosen on validation events."""
    temperature: float | None = Field(default=None, gt=0)
    """Cosine similarity is divided by this before the softmax; empty = chosen likewise."""


class AttributeSettings(Settings):
    """One expert for each named column."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"most_values": "max_values"}
    added_keys: ClassVar[frozenset[str]] = frozenset(("kernel_width",))

    columns: tuple[str, ...] | None = None
    """Which columns; empty = every column that more than one item shares a value in."""
    decay: float | None = Field(default=None, gt=0, le=1)
    """What each earlier event is worth of the one after; empty = chosen on validation events."""
    smoothing: float | None = Field(default=None, gt=0)
    """Events' worth of everyone's shares mixed into a person's; empty = chosen likewise."""
    kernel_width: float | None = Field(default=None, ge=0, le=1)
    """Of a column of numbers: how far what somebody took of one value speaks of those near it, in
    shares of the catalogue; 0 = not at all; empty = chosen likewise."""
    max_values: int = 20_000
    """Columns with more distinct values are left out."""


class NegativeFeedbackSettings(Settings):
    """What is like the items that the person hid or disliked."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"last": "max_recent_items"}

    strength: float = Field(default=3.0, ge=0)
    """Nats that a twin of the last refused item loses."""
    max_recent_items: int = Field(default=10, ge=1)
    """How many of the last negative events are looked at."""
    decay: float = Field(default=0.9, gt=0, le=1)
    """What each earlier negative event is worth of the one after."""


class ImpressionSettings(Settings):
    """What the person was shown and left alone, where `impression` events tell."""

    strength: float = Field(default=0.1, ge=0)
    """Nats that an item loses by the logarithm of 1 and the visits on which it was left alone; 0 =
    lists stay the same however often they were seen."""
    half_life_days: float = Field(default=7.0, gt=0)
    """After so long a visit counts half as much."""


class QuerySettings(Settings):
    """What answers the words of a search."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"near": "min_word_similarity"}

    added_keys: ClassVar[frozenset[str]] = frozenset(
        ("temperature_phrase", "temperature_scattered")
    )

    temperature: float = 0.2
    """Cosine similarity is divided by this before the softmax where no word of a query is known."""
    temperature_known: float = 0.3
    """The same where all words are: then they say more than the language model does."""
    temperature_phrase: float = 0.2
    """The same where several words are known: a phrase means more than each of its words."""
    temperature_scattered: float = 0.3
    """The same where no item has most of the known words: they are not the catalogue's own. The
    greater it is, the less such a search says beside what is known of the person."""
    min_word_similarity: float = 0.45
    """How like a known word an unknown one must be to be read as it, misspelt; 1 = not at all."""


class SequenceSettings(Settings):
    """A causal transformer over the person's events."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"length": "max_history_length"}
    added_keys: ClassVar[frozenset[str]] = frozenset(("word_vectors", "media_vectors"))

    dim: int = 128
    """Numbers by which each item and each person is described."""
    word_vectors: bool = True
    """Learn a vector for each word of the items' texts, and where items are taken less than 20
    times each in the mean also for two words that stand together: items that share them then share
    what is learnt of them. It costs a tenth of the training, and nothing when a list is asked
    for."""
    media_vectors: bool = False
    """Read the items' pictures, clips and vectors as part of what each item is, too. Every space
    has an expert of its own in any case."""
    layers: int | None = Field(default=None, ge=1)
    """Layers of the transformer; empty = 1 where items are taken less than 20 times each in the
    mean, as a second one makes lists worse there; else 2."""
    heads: int = 2
    """Attention heads of each layer; dim is a multiple of it."""
    max_history_length: int | None = None
    """How many of the last events are read; empty = 50, or 200 where histories are long."""
    input_dropout: float | None = None
    """Dropout on the events; empty = chosen from the length of the histories."""
    dropout: float = 0.2
    """Dropout within the layers."""
    temperature: float = 0.07
    """Cosine similarity is divided by this before the softmax."""
    negatives: int = 1024
    """Items, drawn uniformly and shared by the whole batch, that each true item is told from."""
    learning_rate: float = 1e-3
    """How far each step of the training goes."""
    epochs: int = 24
    """At most; training stops when the validation events are predicted no better."""
    patience: int = 3
    """Checks without improvement before training stops."""
    check_every: int = 4
    """Epochs between two checks on validation events."""
    batch_events: int = 768
    """Events in a batch; people of similar length go together."""
    device: str = "auto"
    """Where it is trained: "cpu", "cuda" or "mps"; "auto" takes an accelerator where one
    works."""


class LanguageExpertSettings(Settings):
    """A BERT, RoBERTa or T5 that reads the history as text."""

    renamed_keys: ClassVar[Mapping[str, str]] = {
        "tune": "tuned_parameters",
        "events": "max_recent_events",
        "tokens": "max_tokens",
        "examples": "max_examples_per_epoch",
        "checked": "max_checked_cases",
        "batch": "batch_size",
    }

    enabled: bool = False
    """Costly on a CPU, so it is asked for."""
    backbone: str = ""
    """A folder, or a name on the Hugging Face hub; empty = the encoder's own [language.encoder]."""
    revision: str | None = None
    """The commit of the backbone on the hub; empty takes the one we pin, or else the newest."""
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    """What the backbone's model.safetensors must hash to; empty takes the one we pin."""
    tuned_parameters: Literal["lora", "whole", "head"] = "lora"
    """What is trained: "lora" small additions to the backbone (needs `foretaste[lora]`), "whole"
    all of it, "head" only what follows it."""
    rank: int = Field(default=8, ge=1)
    """Of the additions that "lora" trains."""
    max_recent_events: int = Field(default=10, ge=1)
    """How many of the last events are read."""
    max_tokens: int = Field(default=128, ge=8)
    """How much of their text is read, at most, the newest first."""
    temperature: float = Field(default=0.07, gt=0)
    """Cosine similarity is divided by this before the softmax, when training begins."""
    negatives: int = Field(default=16_384, ge=1)
    """Items that each true item is told from; all, where there are no more. Beside the backbone's
    they cost little."""
    max_examples_per_epoch: int = Field(default=4_000, ge=1)
    """Events learned from in an epoch, at most; another draw in each."""
    max_checked_cases: int = Field(default=1_000, ge=1)
    """Validation events looked at after an epoch, at most."""
    batch_size: int = Field(default=32, ge=1)
    """Histories that are read at once."""
    learning_rate: float | None = Field(default=None, gt=0)
    """Of the backbone; empty = 5e-4 for "lora", 5e-5 for "whole"."""
    head_rate: float = Field(default=1e-3, gt=0)
    """The learning rate of what follows the backbone."""
    epochs: int = Field(default=4, ge=0)
    """At most; 0 leaves the backbone as it was published."""
    patience: int = Field(default=1, ge=1)
    """Epochs without improvement before training stops."""
    device: str = "auto"
    """Where it is trained: "cpu", "cuda" or "mps"; "auto" takes an accelerator where one
    works."""


class ClassifierSettings(Settings):
    """`foretaste classify`: one class an item, over the search history. Apart from the product."""

    renamed_keys: ClassVar[Mapping[str, str]] = {
        "tokens": "max_tokens",
        "held_out": "test_share",
        "chosen_by": "validation_share",
        "batch": "batch_size",
    }

    backbone: str = ""
    """A folder, or a name on the Hugging Face hub; empty = the encoder's own [language.encoder]."""
    max_tokens: int = Field(default=64, ge=8)
    """How much of a history is read, at most, the newest first."""
    test_share: float = Field(default=0.2, gt=0, lt=1)
    """Share of the rows that it is measured on and never learns from."""
    validation_share: float = Field(default=0.1, gt=0, lt=0.5)
    """Share of the other rows that chooses the epoch."""
    epochs: int = Field(default=30, ge=1)
    """At most; training stops when the rows that choose are predicted no better."""
    patience: int = Field(default=3, ge=1)
    """Epochs without improvement before training stops."""
    batch_size: int = Field(default=16, ge=1)
    """Histories that are read at once."""
    learning_rate: float = Field(default=5e-5, gt=0)
    """Of the published weights."""
    head_rate: float = Field(default=2e-3, gt=0)
    """Of what the classifier adds to them."""
    device: str = "auto"
    """Where it is trained: "cpu", "cuda" or "mps"; "auto" takes an accelerator where one
    works."""


class ModelSettings(Settings):
    """The product of experts."""

    renamed_keys: ClassVar[Mapping[str, str]] = {
        "weight_cases": "max_weight_cases",
        "keep": "max_versions",
        "refusal": "negative_feedback",
    }
    added_keys: ClassVar[frozenset[str]] = frozenset(
        ("media", "impression", "share", "share_rule", "share_seconds", "group_weights")
    )

    seed: int = 0
    """Of all random numbers of a training: the same data and seed give the same model."""
    experts: tuple[str, ...] | None = None
    """Which experts, by name; empty = all that the data have something for."""
    weights: Literal["fitted", "one"] = "fitted"
    """"fitted" on validation events, or "one": every weight 1, the literal product."""
    max_weight_cases: int = 4000
    """Validation events that the weights are fitted on, at most."""
    group_weights: GroupWeights = Field(default={})
    """Attribute of people → how much each counts in the training of the network and where exponents
    are chosen, so that the model is as good for groups of few: `gender = { F = 2 }` counts each of
    them twice, `gender = "equal"` all values as much together. What is counted stays as it is."""
    new_items: float | None = Field(default=None, ge=0, le=1)
    """Without effect: lists hold as many items that few have taken as people take themselves.
    Accepted for one release, so that older settings can be read."""
    max_versions: int = 5
    """Versions kept on disk besides the live one."""
    share: str | None = None
    """A folder or s3://bucket/prefix where hosts with one store and a workspace each share their
    versions: what is promoted on one is promoted on all, or on none. Empty = this host alone."""
    share_rule: Literal["all", "most", "any"] = "all"
    """Of the hosts that are there, how many must be able to load a version for it to be live. Those
    that cannot keep the one before, and say so."""
    share_seconds: float = Field(default=60.0, gt=0)
    """Seconds that hosts have to fetch and load a version before it is decided without them."""
    popularity: PopularitySettings = PopularitySettings()
    transition: TransitionSettings = TransitionSettings()
    neighbour: NeighbourSettings = NeighbourSettings()
    content: ContentSettings = ContentSettings()
    media: MediaSettings = MediaSettings()
    lexical: LexicalSettings = LexicalSettings()
    attribute: AttributeSettings = AttributeSettings()
    negative_feedback: NegativeFeedbackSettings = NegativeFeedbackSettings()
    impression: ImpressionSettings = ImpressionSettings()
    query: QuerySettings = QuerySettings()
    sequence: SequenceSettings = SequenceSettings()
    language: LanguageExpertSettings = LanguageExpertSettings()
    classifier: ClassifierSettings = ClassifierSettings()
