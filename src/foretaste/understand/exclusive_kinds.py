"""Words that stand for one of a kind, so that no other of the kind is near enough to them.

To a language model “green” is near to “red”; to whoever looks for a green jacket it is not.
"""

from collections.abc import Sequence

COLOURS = frozenset(
    (
        *("black", "white", "grey", "gray", "red", "blue", "green", "yellow", "orange", "purple"),
        *("violet", "pink", "brown", "beige", "navy", "turquoise", "teal", "gold", "golden"),
        *("silver", "cream", "khaki", "olive", "burgundy", "lilac", "mint", "maroon", "ivory"),
        *(
            "magenta",
            "cyan",
            "indigo",
            "coral",
            "mauve",
            "ochre",
            "multicoloured",
            "tan",
            "colourful",
            "colorful",
        ),
    )
)
MATERIALS = frozenset(
    (
        *("cotton", "wool", "silk", "linen", "leather", "denim", "polyester", "nylon", "cashmere"),
        *("velvet", "suede", "corduroy", "fleece", "rubber", "steel", "plastic", "wood", "canvas"),
        *(
            "mesh",
            "viscose",
            "acrylic",
            "bamboo",
            "hemp",
            "satin",
            "lace",
            "fur",
            "merino",
            "glass",
        ),
        *("aluminium", "aluminum", "ceramic", "paper", "tweed", "mohair", "elastane", "jersey"),
    )
)
KINDS = (COLOURS, MATERIALS)
DERIVING_ENDINGS = ("al", "ical", "ic")


def stands_alone(words: Sequence[str]) -> bool:
    """Whether the words are one of such a kind: a colour, a material."""
    return len(words) == 1 and any(words[0] in kind for kind in KINDS)


def is_derived(value: str, name: str) -> bool:
    """Whether a value is another word made of this one: a film about music is no musical."""
    return value in {name + ending for ending in DERIVING_ENDINGS}
