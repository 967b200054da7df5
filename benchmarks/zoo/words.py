"""Invented titles: a theme in, titles of its own words out; and what a grocer sells."""

import numpy as np

THEMES = {
    "sea": "harbour captain tide lighthouse anchor reef mariner storm",
    "desert": "dune caravan oasis mirage scorpion nomad sandstone thirst",
    "winter": "frost glacier sledge blizzard icicle tundra snowfall aurora",
    "kitchen": "oven saffron bakery pepper skillet orchard vanilla broth",
    "war": "trench regiment bugle siege cannon ceasefire sergeant barracks",
    "court": "verdict attorney juror witness alibi testimony bailiff appeal",
    "space": "orbit comet asteroid airlock nebula starship gravity eclipse",
    "magic": "wizard sorcery wand dragon potion enchantress amulet prophecy",
    "detective": "detective murder clue suspect inspector corpse motive blackmail",
    "romance": "wedding kiss sweetheart duchess ballroom longing bouquet suitor",
    "horses": "stallion paddock saddle gallop foal stable meadow jockey",
    "medicine": "surgeon ward scalpel fever nurse vaccine diagnosis epidemic",
    "finance": "banker bond ledger market dividend inflation broker fortune",
    "garden": "rose hedge greenhouse seedling compost trellis ivy pruning",
    "music": "sonata violin conductor overture cellist rehearsal tenor symphony",
    "school": "pupil headmaster dormitory homework blackboard exam tutor uniform",
    "mountain": "summit ridge climber avalanche rope basecamp crevasse ascent",
    "railway": "locomotive platform conductor tunnel signal carriage whistle timetable",
    "empire": "emperor legion senate gladiator consul aqueduct throne conquest",
    "robots": "android circuit algorithm cyborg automaton processor laboratory upgrade",
}
"""Theme → its words."""

ARTICLES = "The Last|The Silent|A Hidden|The Golden|The Broken|Our First|A Distant|The Forgotten"

GROCERIES = (
    "whole milk|vegetables|rolls|soda|yogurt|root vegetables|tropical fruit|bottled water|sausage|"
    "citrus fruit|pastry|pip fruit|shopping bags|canned beer|bottled beer|whipped cream|newspapers|"
    "frankfurter|brown bread|pork|domestic eggs|butter|fruit juice|curd|beef|margarine|coffee|"
    "frozen vegetables|chicken|white bread|cream cheese|chocolate|dessert|napkins|hamburger meat|"
    "berries|sour cream|onions|salty snack|waffles|long-life bakery|sugar|ham|hard cheese|grapes|"
    "cat food|ice cream|candy|oil|processed cheese|specialty bar|butter milk|baking powder|herbs|"
    "mustard|flour|dishes|pasta|rice|vinegar|salt|honey|tea|jam|cereals|spices|cocoa|popcorn|soups"
)
SORTS = "organic|family pack|low-fat"


def titles(rng: np.random.Generator, theme: str, size: int) -> list[str]:
    """So many, all different up to 448: "The Silent Harbour of the Reef"."""
    words = [word.capitalize() for word in THEMES[theme].split()]
    heads = ARTICLES.split("|")
    combinations = [f"{a} {b} of the {c}" for a in heads for b in words for c in words if b != c]
    return [
        combinations[place]
        for place in rng.choice(len(combinations), size, replace=size > len(combinations))
    ]
