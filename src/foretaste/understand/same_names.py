"""A name of a kind of items in, what else catalogues call it out."""

from collections.abc import Mapping

SAME_NAMES: Mapping[str, tuple[str, ...]] = {
    "science fiction": ("sci-fi", "scifi", "sf", "sci fi & fantasy", "science-fiction"),
    "comedy": ("comedies", "humor", "humour", "funny"),
    "humor": ("comedy", "humour"),
    "romance": ("romantic", "love"),
    "animation": ("animated", "cartoon", "anime"),
    "film-noir": ("noir",),
    "mystery": ("mystery & thriller", "detective"),
    "thriller": ("suspense",),
    "sports": ("sport",),
    "children": ("children's", "kids", "family", "juvenile"),
    "family": ("children", "children's", "kids"),
    "documentary": ("documentaries", "nonfiction"),
    "technology": ("tech", "it"),
    "grey": ("gray",),
    "hoodies": ("hoodie", "hoodies & sweatshirts", "sweatshirts"),
    "jackets": ("jackets & coats", "coats & jackets", "outerwear", "coats"),
    "coats": ("coats & jackets", "jackets & coats", "outerwear", "jackets"),
    "trousers": ("pants", "jeans"),
    "pants": ("trousers", "jeans"),
    "sweaters": ("jumpers", "knitwear", "pullovers"),
    "bags": ("handbags", "backpacks"),
    "war": ("war & military",),
}
"""What else catalogues call it."""
CHILDREN_VALUES = (
    *("children", "children's", "kids", "kids & family", "family", "kid", "juvenile"),
    *("children's books", "for children", "kinder", "familie", "enfants", "famille", "niños"),
    *("familia", "animation"),
)
"""What catalogues call what is for children, the best first."""
