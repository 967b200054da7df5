"""One request and one answer for every address, for the OpenAPI. A test sends each of them.

They tell one story, in this order: a shop's films go in, a visitor does something, and asks.
"""

from collections.abc import Mapping
from typing import Any

from fastapi.openapi.models import Example

ITEMS: Mapping[str, Example] = {
    "films": {
        "summary": "Four films",
        "value": {
            "items": [
                {
                    "id": "arrival",
                    "title": "Arrival",
                    "overview": "A linguist learns the language of visitors from space.",
                    "genre": ["Drama", "Science fiction"],
                    "year": 2016,
                },
                {
                    "id": "paddington-2",
                    "title": "Paddington 2",
                    "overview": "A bear from Peru looks for a birthday present and finds a thief.",
                    "genre": ["Comedy", "Family"],
                    "year": 2017,
                    "available_from": "2018-01-12",
                },
                {
                    "id": "contact",
                    "title": "Contact",
                    "overview": "An astronomer hears from a far star.",
                    "genre": ["Drama", "Science fiction"],
                    "year": 1997,
                },
                {
                    "id": "withdrawn-1",
                    "title": "No longer on sale",
                    "genre": "Drama",
                    "hidden": True,
                },
            ]
        },
    }
}
EVENTS: Mapping[str, Example] = {
    "deeds": {
        "summary": "A purchase, a search, and a click on a list",
        "value": {
            "events": [
                {
                    "event_id": "e-1",
                    "user": "u-17",
                    "session": "s-4",
                    "item": "arrival",
                    "kind": "purchase",
                    "value": 9.9,
                    "at": "2026-01-31T18:30:00Z",
                    "device": "phone",
                },
                {
                    "event_id": "e-2",
                    "user": "u-17",
                    "kind": "search",
                    "query": "slow films about space",
                },
                {
                    "event_id": "e-3",
                    "session": "s-5",
                    "item": "paddington-2",
                    "kind": "click",
                    "recommendation_id": "0d5f2b7c9a4e4c1f8b6a3d2e1f0c9b8a",
                    "position": 1,
                    "context": {"page": "home"},
                },
                {
                    "event_id": "e-4",
                    "session": "s-5",
                    "kind": "impression",
                    "recommendation_id": "0d5f2b7c9a4e4c1f8b6a3d2e1f0c9b8a",
                },
            ]
        },
    }
}
RECOMMEND: Mapping[str, Example] = {
    "person": {
        "summary": "For a person",
        "value": {"user": "u-17", "n": 5, "explain": True},
    },
    "session": {
        "summary": "For an anonymous visit that asks for something",
        "value": {"session": "s-5", "query": "something warm for the family", "n": 5},
    },
    "cart": {
        "summary": "Beside what is in the cart, with a filter and a context",
        "value": {
            "user": "u-17",
            "items": ["paddington-2"],
            "filter": {"genre": ["Drama", "Comedy"]},
            "context": {"device": "tv", "surface": "basket", "text": "Sunday evening"},
        },
    },
    "ruled": {
        "summary": "Under the operator's rules, diverse, with some chance",
        "value": {
            "session": "s-5",
            "n": 5,
            "filter": {
                "year": {"gte": 1990},
                "not": {"genre": {"all": ["Comedy", "Family"]}, "year": {"lt": 2000}},
            },
            "rules": [
                {"pin": "contact", "at": 1},
                {"boost": {"genre": "Drama"}, "by": 1.5},
                {"quota": "genre", "most": 3},
                {"promote": {"year": {"gte": 2015}}, "percent": 20},
            ],
            "diversity": 0.3,
            "explore": 0.1,
            "properties": ["title", "genre", "overview"],
            "timeout_ms": 200,
        },
    },
}
SIMILAR: Mapping[str, Example] = {
    "item": {"summary": "Like one item", "value": {"item": "arrival", "n": 5}},
    "items": {
        "summary": "Like several, for a person",
        "value": {"items": ["arrival", "paddington-2"], "user": "u-17", "n": 5},
    },
}
RANK: Mapping[str, Example] = {
    "list": {
        "summary": "A list of yours, for a person",
        "value": {"candidates": ["contact", "paddington-2"], "user": "u-17"},
    }
}
SEARCH: Mapping[str, Example] = {
    "search": {
        "summary": "In their own words",
        "value": {"query": "a slow film about space", "user": "u-17", "n": 5},
    }
}

EVENTS_ANSWER = {
    "accepted": 4,
    "known": 0,
    "rejected": [],
    "event_ids": ["e-1", "e-2", "e-3", "e-4"],
    "unattributed": [
        {
            "event_id": "e-3",
            "recommendation_id": "0d5f2b7c9a4e4c1f8b6a3d2e1f0c9b8a",
            "problem": "there is no such recommendation, or it was incognito or is no longer kept",
        }
    ],
}
ITEMS_ANSWER = {
    "accepted": 2,
    "known": 0,
    "rejected": [
        {
            "index": 2,
            "field": "available_from",
            "problem": "time 'tomorrow' cannot be read",
            "value": "tomorrow",
            "remedy": "write ISO 8601, e.g. 2026-01-31T18:30:00Z, or seconds since 1970",
        }
    ],
}
ANSWER = {
    "recommendation_id": "0d5f2b7c9a4e4c1f8b6a3d2e1f0c9b8a",
    "model_version": "20260131-183000-1a2b3c",
    "items": [
        {
            "id": "contact",
            "position": 1,
            "score": -7.25,
            "propensity": 1.0,
            "source": "model",
            "title": "Contact",
            "reason": ["taken together with “Arrival” (+2.10)", "genre: Drama (+0.31)"],
            "attributes": {"genre": ["Drama", "Science fiction"], "year": ["1997"]},
            "terms": [
                {"expert": "neighbour", "nats": 2.1, "event": "arrival"},
                {"expert": "attribute:genre", "nats": 0.31, "feature": "genre: Drama"},
                {"expert": "popularity", "nats": -9.66, "feature": "popularity"},
            ],
        }
    ],
}

IDENTIFY: Mapping[str, Example] = {
    "sign-in": {"summary": "A visitor signs in", "value": {"session": "s-5", "user": "u-18"}}
}
IDENTIFY_ANSWER = {"new": True}

STEER: Mapping[str, Example] = {
    "wish": {
        "summary": "In plain words",
        "value": {"wish": "more slow science fiction, nothing violent"},
    },
    "by hand": {
        "summary": "Change by change",
        "value": {
            "changes": [
                {"what": {"about": "space travel"}, "nats": 1.5},
                {"what": {"about": "cooking"}, "mute": True},
            ]
        },
    },
    "start anew": {"summary": "Take back all changes", "value": {"reset": True}},
}
PROFILE_ANSWER = {
    "profile": {
        "genre": [
            {
                "value": "Science fiction",
                "share": 0.31,
                "lift": 3.2,
                "items": ["arrival"],
                "stated": False,
            }
        ]
    },
    "changes": [
        {
            "name": "genre: Science fiction",
            "what": {"genre": "Science fiction"},
            "act": "boost",
            "nats": 1.0,
            "said": "science fiction",
            "at": 1769884200.0,
        },
        {
            "name": "about: violent",
            "what": {"about": "violent"},
            "act": "mute",
            "nats": 0.0,
            "said": "violent",
            "at": 1769884200.0,
        },
    ],
    "understood": [
        {
            "said": "science fiction",
            "name": "genre: Science fiction",
            "what": {"genre": "Science fiction"},
            "how": "named",
            "act": "boost",
            "nats": 1.0,
        },
        {
            "said": "violent",
            "name": "about: violent",
            "what": {"about": "violent"},
            "how": "topic",
            "act": "mute",
            "nats": 0.0,
        },
    ],
}

ITEM_PATCH: Mapping[str, Example] = {
    "price": {
        "summary": "A new price, off sale until spring",
        "value": {"price": 7.5, "available_from": "2026-03-01"},
    },
    "removed": {"summary": "Without its overview", "value": {"overview": None}},
}
USER_PATCH: Mapping[str, Example] = {
    "taste": {
        "summary": "Another taste, no country",
        "value": {"genre": ["Comedy"], "country": None},
    }
}
USERS: Mapping[str, Example] = {
    "tastes": {
        "summary": "Two people, one with a stated taste",
        "value": {
            "users": [
                {"id": "u-17", "genre": ["Drama", "Science fiction"], "country": "NZ"},
                {"id": "u-18"},
            ]
        },
    }
}
ITEM_OUT = {
    "id": "contact",
    "title": "Contact",
    "overview": "An astronomer hears from a far star.",
    "genre": ["Drama", "Science fiction"],
    "price": ["7.5"],
    "price_band": ["0-10"],
    "year": ["1997"],
    "available_from": 1767225600.0,
}
USER_OUT = {"id": "u-17", "genre": ["Drama", "Science fiction"], "country": ["NZ"]}
ITEMS_PAGE = {"items": [ITEM_OUT], "cursor": "WyJjb250YWN0Il0"}
USERS_PAGE = {"users": [USER_OUT], "cursor": "WyJ1LTE3Il0"}
USERS_ANSWER = {"accepted": 2, "known": 0, "rejected": []}
DELETED = {"deleted": True}
ERASURE = {
    "user": "u-17",
    "erased": {"events": 41, "sessions": 2, "recommendations": 12, "attributes": 1, "changes": 0}
    | {"conversations": 1},
    "recounted": ["20260131-183000-9f8e7d"],
    "waits": ["the weights of what was trained by gradient, until 'foretaste train' has run"],
}
PERSON = {
    "user": USER_OUT,
    "sessions": ["s-4"],
    "events": [
        {
            "event_id": "e-1",
            "kind": "purchase",
            "at": 1769884200.0,
            "user": "u-17",
            "session": "s-4",
            "item": "arrival",
            "value": 9.9,
            "device": "phone",
        }
    ],
    "changes": PROFILE_ANSWER["changes"],
    "recommendations": [
        {
            "recommendation_id": "0d5f2b7c9a4e4c1f8b6a3d2e1f0c9b8a",
            "at": 1769884260.0,
            "request": {"user": "u-17", "n": 5},
            "items": [["contact", 1, 1.0, "model", -7.25]],
        }
    ],
    "conversations": [
        {
            "conversation_id": "b1f0c9b8a0d5f2b7c9a4e4c1f8b6a3d2",
            "at": 1769884260.0,
            "state": {"query": "a film about space", "turns": []},
        }
    ],
}
ITEM_LINES = """\
{"id": "arrival", "title": "Arrival", "genre": ["Drama", "Science fiction"]}
{"id": "contact", "title": "Contact", "available_from": "2026-03-01"}
"""
USER_LINES = """\
{"id": "u-17", "genre": ["Drama"]}
{"id": "u-18", "country": "NZ"}
"""
LINES_TAKEN = (
    '{"accepted": 1, "known": 0, "rejected": 1}\n'
    '{"line": 2, "field": "available_from", "problem": "time \'soon\' cannot be read", '
    '"value": "soon", "remedy": "write ISO 8601, e.g. 2026-01-31T18:30:00Z, '
    'or seconds since 1970"}\n'
)
CHAT: Mapping[str, Example] = {
    "first": {
        "summary": "What somebody would like",
        "value": {"text": "something about space, nothing violent", "session": "s-5"},
    },
}
CHAT_ANSWER: Mapping[str, Any] = {
    "conversation_id": "b1f0c9b8a0d5f2b7c9a4e4c1f8b6a3d2",
    "said": "For “something about space”: 1. Contact (it answers what you asked for (+2.10)).",
    "by": "grammar",
    "state": {
        "query": "something about space",
        "filter": {},
        "items": [],
        "n": 5,
        "shown": {"contact": "Contact"},
        "recommendation_id": "0d5f2b7c9a4e4c1f8b6a3d2e1f0c9b8a",
        "turns": [["person", "something about space"], ["assistant", "For …"]],
    },
    "changes": [],
    "understood": [],
}
