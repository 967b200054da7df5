"""Requests and answers of generated content, for the OpenAPI; they go on from `examples`."""

from collections.abc import Mapping
from typing import Any

from fastapi.openapi.models import Example

from foretaste.serve.docs.examples import ANSWER

GENERATE: Mapping[str, Example] = {
    "history": {"summary": "From a history alone", "value": {"user": "u-17", "n": 3}},
    "query": {
        "summary": "From a query alone",
        "value": {"query": "a slow film about space", "n": 3},
    },
    "context": {
        "summary": "From a context alone",
        "value": {
            "context": {"text": "a rainy Sunday evening", "device": "phone"},
            "n": 3,
        },
    },
    "all": {
        "summary": "From all of them, as server-sent events",
        "value": {
            "user": "u-17",
            "query": "something with visitors from far away",
            "context": {"text": "with the children"},
            "filter": {"genre": "Drama"},
            "stream": True,
        },
    },
}
WHY_NOT: Mapping[str, Example] = {
    "hidden": {
        "summary": "An item that is not on sale",
        "value": {"item": "withdrawn-1", "user": "u-17"},
    },
    "low": {
        "summary": "An item that is too far down",
        "value": {"item": "paddington-2", "user": "u-17", "n": 1},
    },
}
GENERATE_ANSWER: Mapping[str, Any] = {
    "imagined": {
        "genre": [
            {
                "value": "Science fiction",
                "probability": 0.48,
                "lift": 1.9,
                "events": ["arrival"],
                "stated": False,
            }
        ],
    },
    "recommendation": ANSWER,
    "title": {"text": "More “Science fiction” for you", "by": "SmolLM2-135M-Instruct.Q4_1"},
    "description": {
        "text": "Look next for Science fiction.",
        "by": "template",
        "why": "not written in time",
    },
    "lines": [
        {
            "item": "contact",
            "text": "People take “Contact” together with “Arrival”.",
            "by": "SmolLM2-135M-Instruct.Q4_1",
        }
    ],
}
WHY_NOT_ANSWER: Mapping[str, Any] = {
    "id": "paddington-2",
    "why": "By its score it is at place 2, below the 1 that are shown; most is missing in "
    "neighbour: -2.31 nats against the last of them.",
    "filters": [],
    "rank": 2,
    "score": -9.56,
    "last": "contact",
    "terms": [
        {"expert": "neighbour", "item": -0.21, "last": 2.1, "difference": -2.31},
        {"expert": "popularity", "item": -9.35, "last": -9.35, "difference": 0.0},
    ],
}
