"""An invented newspaper: two weeks of articles that live for hours, and their readers."""

import numpy as np

from foretaste.data.invented.records import (
    DAY_SECONDS,
    HOUR_SECONDS,
    SEED,
    InventedData,
    Rows,
    tastes,
    times_of_day,
)
from foretaste.domain.data import Doubles, Ints

DAYS, ARTICLES_PER_DAY = 14, 60
HALF_LIFE_HOURS = 5.0
"""After which an article is half as interesting: what a training should find."""
SUBJECTS = {
    "Politics": (
        "the budget vote|the new coalition|the climate bill|the mayor's election|the border treaty|"
        "the pension reform",
        "parliament delays {}|ministers argue over {}|what {} means for families|protests against "
        "{} grow|{}: the main points|opposition rejects {}",
    ),
    "Sport": (
        "the cup final|the injured goalkeeper|the marathon|the transfer of the striker|the tennis "
        "open|the cycling tour",
        "late drama in {}|coach speaks about {}|five lessons from {}|fans divided over {}|{}: live "
        "report|record broken in {}",
    ),
    "Economy": (
        "the interest rates|the airline merger|the housing market|the chip shortage|the coffee "
        "price|the rail strike",
        "analysts surprised by {}|how {} hits small firms|{} explained in numbers|banks warn about "
        "{}|winners and losers of {}|investors watch {}",
    ),
    "Science": (
        "the moon probe|the malaria vaccine|the deep-sea survey|the quantum chip|the glacier study|"
        "the ancient genome",
        "researchers announce {}|first pictures from {}|doubts about {}|a breakthrough in {}|{}: "
        "what we know|the people behind {}",
    ),
    "Culture": (
        "the film festival|the opera premiere|the lost painting|the book prize|the street "
        "musicians|the museum heist",
        "critics praise {}|the story behind {}|a visit to {}|scandal around {}|the best of {}|an "
        "interview about {}",
    ),
    "Local": (
        "the tram line|the school roof|the flooded bridge|the night market|the city park|the "
        "hospital wing",
        "residents complain about {}|council decides on {}|works on {} begin|neighbours save {}|{} "
        "closed until Monday|new plans for {}",
    ),
}
"""Section → what is written about, and how."""


def invented_news(now: float, people: int = 300) -> InventedData:
    """Articles of the two weeks up to now, and who read which."""
    rng = np.random.default_rng(SEED)
    start = now - DAYS * DAY_SECONDS
    items, sections, stories, published = _articles(rng, start)
    likings = tastes(rng, people, len(SUBJECTS), 0.4)
    appeal = rng.gamma(2.0, 0.5, len(items))
    events: Rows = []
    for reader in range(people):
        visit_days = np.flatnonzero(rng.random(DAYS) < rng.uniform(0.2, 0.8))
        followed = set[int]()
        for visit, day in enumerate(visit_days.tolist()):
            at = start + day * DAY_SECONDS + float(times_of_day(rng, 1)[0])
            if at > now - 60:
                continue
            clicks = _clicks(
                rng, at, 1 + rng.poisson(3), likings[reader], appeal, sections, stories, published,
                followed,
            )  # fmt: skip
            reader_key = {"user": f"reader-{reader}"}
            if reader % 5 == 0:  # every fifth never signs in
                reader_key = {"session": f"visit-{reader}-{visit}"}
            for step, article in enumerate(clicks):
                moment = at + 90.0 * step
                events.append(
                    {
                        **reader_key,
                        "item": items[article]["id"],
                        "at": moment,
                        "event_type": "click",
                    }
                )
                kind = "read_to_end" if rng.random() < 0.35 else "bounce"
                if kind == "read_to_end" or rng.random() < 0.2:
                    events.append(
                        {
                            **reader_key,
                            "item": items[article]["id"],
                            "at": moment + 60,
                            "event_type": kind,
                        }
                    )
    return InventedData(items, events, [], "reader-1")


def _articles(rng: np.random.Generator, start: float) -> tuple[Rows, Ints, Ints, Doubles]:
    """(rows, [articles] section, [articles] story, [articles] when published)"""
    sections = list(SUBJECTS)
    rows: Rows = []
    moments = []
    for day in range(DAYS):
        moments += (
            start + day * DAY_SECONDS + np.sort(times_of_day(rng, ARTICLES_PER_DAY))
        ).tolist()
    section_codes = rng.integers(0, len(sections), len(moments))
    # a story runs for days: what is written about changes slowly
    newest_stories = np.arange(len(moments)) // (ARTICLES_PER_DAY * 2)
    story_codes = (newest_stories + rng.integers(0, 3, len(moments))) % 6
    for number, moment in enumerate(moments):
        subjects, phrases = SUBJECTS[sections[section_codes[number]]]
        subject = subjects.split("|")[story_codes[number]]
        phrase = str(rng.choice(phrases.split("|"))).format(subject)
        rows.append(
            {
                "id": f"article-{number}",
                "title": phrase[:1].upper() + phrase[1:],
                "category": sections[section_codes[number]],
                "abstract": f"Report {number % 97 + 1} in our coverage of {subject}.",
                "available_from": round(moment),
            }
        )
    codes = section_codes.astype(np.int32)
    return rows, codes, (codes * 6 + story_codes).astype(np.int32), np.array(moments)


def _clicks(
    rng: np.random.Generator,
    at: float,
    count: int,
    liking: Doubles,
    appeal: Doubles,
    sections: Ints,
    stories: Ints,
    published: Doubles,
    followed: set[int],
) -> list[int]:
    """The articles that one visit opens, newest and dearest first; nobody reads one twice."""
    ages = (at - published) / HOUR_SECONDS
    weights = liking[sections] * appeal * np.exp2(-np.maximum(ages, 0) / HALF_LIFE_HOURS)
    weights *= np.where(np.isin(stories, list(followed)), 3.0, 1.0)
    weights[ages < 0] = 0.0
    if (weights > 0).sum() < count:
        return []
    chosen = rng.choice(len(weights), count, replace=False, p=weights / weights.sum()).tolist()
    followed.update(stories[chosen].tolist())
    return [int(article) for article in chosen]
