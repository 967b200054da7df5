"""The peers, with the settings that their own papers and recipes give, and where those stand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.peers.environments import (
    IMPLICIT,
    LIGHTFM,
    OWN,
    RECBOLE,
    RECTOOLS,
    Environment,
)

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Peer:
    """Something to be measured beside Foretaste."""

    title: str
    environment: Environment
    program: str
    """In `programs/`."""
    settings: Settings
    source: str
    """Where the settings come from, or the formula."""
    by_set: Mapping[str, Settings] = field(default_factory=dict)
    """What the source gives differently for a data set."""
    published: Mapping[str, float] = field(default_factory=dict)
    """NDCG@10 that the source reports, masked, trained to the end; its protocol may differ."""
    needs_times: bool = False
    """Whether it can do nothing with the order of events alone."""

    def asked(self, name: str) -> dict[str, Any]:
        """The settings for a data set."""
        return {**self.settings, **self.by_set.get(name, {})}


ESASREC = (
    "README of github.com/blondered/transformer_benchmark (Tikhonovich et al., RecSys 2025), "
    "the people validated on as in its trainer"
)

SAMPLED: Settings = {
    "layers": "SASRec",
    "n_factors": 64,
    "n_blocks": 1,
    "n_heads": 1,
    "dropout_rate": 0.2,
    "session_max_len": 50,
    "loss": "sampled_softmax",
    "n_negatives": 256,
    "lr": 0.001,
    "batch_size": 128,
    "epochs": 200,
    "patience": 50,
    "validation_people": 2048,
}

RECBOLE_NETWORK: Settings = {
    "n_layers": 2,
    "n_heads": 2,
    "hidden_size": 64,
    "inner_size": 256,
    "hidden_act": "gelu",
    "loss_type": "CE",
    "MAX_ITEM_LIST_LENGTH": 50,
    "epochs": 300,
    "train_batch_size": 2048,
    "learning_rate": 0.001,
    "eval_step": 1,
    "stopping_step": 10,
    "valid_metric": "MRR@10",
}
"""What the settings that RecBole ships have in common for SASRec and BERT4Rec."""

LONG: Settings = {"n_blocks": 2, "dropout_rate": 0.1, "session_max_len": 200, "epochs": 100}

PEERS: dict[str, Peer] = {
    "popularity": Peer(
        "popularity", OWN, "counting.py", {"model": "popularity"}, "counts of the training part"
    ),
    "decayed": Peer(
        "popularity with decay",
        OWN,
        "counting.py",
        {"model": "decayed", "half_lives": [1, 3, 7, 14, 30, 90, 180, 365, 1000]},
        "counts of the training part, halved after as many days as validation chooses",
        needs_times=True,
    ),
    "transition": Peer(
        "transition count",
        OWN,
        "counting.py",
        {"model": "transition"},
        "counts of what came right after the last item, ties by popularity",
    ),
    "seqknn": Peer(
        "SeqKNN",
        OWN,
        "counting.py",
        {"model": "seqknn", "window": 3, "decay": 0.6},
        "over the last 3 items: .6^age · what came up to 3 after it, counted .6^(distance - 1)",
    ),
    "ease": Peer(
        "EASE",
        OWN,
        "ease.py",
        {"lambda": 200},
        "Steck 2019, algorithm 1; its λ for the sparsest set, for MovieLens its λ for ML-20M",
        {"ml-1m": {"lambda": 500}},
    ),
    "slim": Peer(
        "SLIM",
        OWN,
        "slim.py",
        {"alpha": 0.0001, "l1_ratio": 0.1, "max_iter": 100},
        "Ning and Karypis 2011 by scikit-learn's ElasticNet",
    ),
    "itemknn": Peer(
        "implicit item neighbours",
        IMPLICIT,
        "implicit_models.py",
        {"model": "neighbours", "K": 100},
        "cosine of who had the items, implicit's own",
    ),
    "als": Peer(
        "implicit ALS",
        IMPLICIT,
        "implicit_models.py",
        {
            "model": "als",
            "factors": 64,
            "regularization": 0.05,
            "alpha": 2.0,
            "iterations": [15],
            "bm25_K1": 100,
            "bm25_B": 0.8,
        },
        "implicit's own tutorial (tutorial_lastfm)",
    ),
    "bpr": Peer(
        "implicit BPR",
        IMPLICIT,
        "implicit_models.py",
        {
            "model": "bpr",
            "factors": 100,
            "learning_rate": 0.01,
            "regularization": 0.01,
            "iterations": [100, 1000, 5000],
        },
        "implicit's defaults, with as many iterations as validation chooses",
    ),
    "lightfm": Peer(
        "LightFM, WARP",
        LIGHTFM,
        "lightfm_warp.py",
        {
            "loss": "warp",
            "no_components": 64,
            "learning_rate": 0.05,
            "epochs": 200,
            "patience": 20,
        },
        "LightFM's defaults, with as many components as the others have",
    ),
    "two-stage": Peer(
        "RecTools, two stages",
        RECTOOLS,
        "rectools_two_stage.py",
        {
            "candidates": 100,
            "neighbours": 100,
            "lambda": 200,
            "trees": 200,
            "learning_rate": 0.05,
        },
        "RecTools' tutorial of candidate ranking, with gradient boosting of scikit-learn",
    ),
    "recbole-sasrec": Peer(
        "RecBole SASRec",
        RECBOLE,
        "recbole_sequential.py",
        {
            "model": "SASRec",
            **RECBOLE_NETWORK,
            "hidden_dropout_prob": 0.5,
            "attn_dropout_prob": 0.5,
        },
        "the settings that RecBole 1.2.1 ships (properties/overall.yaml, model/SASRec.yaml)",
        {"ml-1m": {"MAX_ITEM_LIST_LENGTH": 200}},
    ),
    "recbole-bert4rec": Peer(
        "RecBole BERT4Rec",
        RECBOLE,
        "recbole_sequential.py",
        {
            "model": "BERT4Rec",
            **RECBOLE_NETWORK,
            "hidden_dropout_prob": 0.2,
            "attn_dropout_prob": 0.2,
            "mask_ratio": 0.2,
            "ft_ratio": 0.5,
        },
        "the settings that RecBole 1.2.1 ships (properties/overall.yaml, model/BERT4Rec.yaml)",
        {"ml-1m": {"MAX_ITEM_LIST_LENGTH": 200}},
    ),
    "rectools-sasrec": Peer(
        "RecTools SASRec, sampled softmax",
        RECTOOLS,
        "rectools_sasrec.py",
        SAMPLED,
        ESASREC,
        {"ml-1m": LONG},
        {"beauty": 0.0531, "sports": 0.0314, "ml-1m": 0.1684},
    ),
    "rectools-esasrec": Peer(
        "RecTools eSASRec",
        RECTOOLS,
        "rectools_sasrec.py",
        {
            **SAMPLED,
            "layers": "LiGR",
            "use_key_padding_mask": True,
            "transformer_layers_kwargs": {"ff_factors_multiplier": 4},
        },
        ESASREC,
        {"ml-1m": LONG, "sports": {"transformer_layers_kwargs": {"ff_factors_multiplier": 2}}},
        {"beauty": 0.0523, "sports": 0.0323, "ml-1m": 0.1772},
    ),
}
"""From the cheapest to the dearest."""

OURS = "foretaste"
"""The key of Foretaste's own row."""
