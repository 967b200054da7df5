"""Queries for films, made of all that is known of them but the words of their titles."""

import re
from collections.abc import Callable

import numpy as np

from foretaste.domain.data import Item

WORD = re.compile(r"\w[\w'-]*")
COMMON = """a an and are as at be been but by for from has have he her him his in into is it its of
on or she that the their them they this to was who whom which with when where while will"""
PLAIN = frozenset(COMMON.split())
"""Words that nobody types into a search."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"

TRANSLATED = {
    "Jurassic Park": (
        "dinosaurs escape on an island",
        "Dinosaurier brechen auf einer Insel aus",
        "des dinosaures s'échappent sur une île",
        "dinosaurios escapan en una isla",
    ),
    "Alien": (
        "creature kills the crew of a spaceship",
        "Kreatur tötet die Besatzung eines Raumschiffs",
        "une créature tue l'équipage d'un vaisseau spatial",
        "una criatura mata a la tripulación de una nave espacial",
    ),
    "Braveheart": (
        "Scottish rebel against the English king",
        "schottischer Rebell gegen den englischen König",
        "un rebelle écossais contre le roi d'Angleterre",
        "rebelde escocés contra el rey inglés",
    ),
    "Babe": (
        "pig raised by sheepdogs on a farm",
        "Schwein von Hütehunden auf einem Bauernhof aufgezogen",
        "un cochon élevé par des chiens de berger à la ferme",
        "un cerdo criado por perros pastores en una granja",
    ),
    "Apollo 13": (
        "astronauts in trouble on the way to the moon",
        "Astronauten in Not auf dem Weg zum Mond",
        "des astronautes en difficulté sur le chemin de la lune",
        "astronautas en peligro camino a la luna",
    ),
    "Toy Story": (
        "cowboy doll jealous of a spaceman figure",
        "Cowboypuppe eifersüchtig auf eine Astronautenfigur",
        "une poupée de cow-boy jalouse d'une figurine d'astronaute",
        "muñeco vaquero celoso de un astronauta",
    ),
    "Schindler's List": (
        "businessman saves Jewish workers from the Nazis",
        "Geschäftsmann rettet jüdische Arbeiter vor den Nazis",
        "un homme d'affaires sauve des ouvriers juifs des nazis",
        "empresario salva a trabajadores judíos de los nazis",
    ),
    "Groundhog Day": (
        "weatherman lives the same day over and over",
        "Wettermann erlebt immer wieder denselben Tag",
        "un présentateur météo revit sans cesse la même journée",
        "hombre del tiempo vive el mismo día una y otra vez",
    ),
    "Shine": (
        "pianist with a breakdown and a strict father",
        "Pianist mit Zusammenbruch und strengem Vater",
        "un pianiste avec un père sévère fait une dépression",
        "pianista con una crisis y un padre estricto",
    ),
    "The Empire Strikes Back": (
        "farm boy and rebels against a galactic empire",
        "Bauernjunge und Rebellen gegen ein galaktisches Imperium",
        "un garçon de ferme et des rebelles contre un empire galactique",
        "un granjero y rebeldes contra un imperio galáctico",
    ),
}
"""Title → the same wish in English, German, French and Spanish; written by hand."""
LANGUAGES = ("English", "German", "French", "Spanish")


def untitled(item: Item, text: str) -> list[str]:
    """The words of a text that the title has not, nor a form of them."""
    title = [word.lower() for word in WORD.findall(item.title)]
    stems = {word[:5] for word in title}
    return [
        word
        for word in WORD.findall(text)
        if word.lower() not in PLAIN and word.lower()[:5] not in stems
    ]


def _plot(item: Item, most: int, rng: np.random.Generator) -> list[str]:
    words = untitled(item, " ".join(item.texts.values()))
    places = np.sort(rng.choice(len(words), min(most, len(words)), replace=False))
    return [words[place] for place in places]


def _one(item: Item, column: str, rng: np.random.Generator, most: int = 5) -> list[str]:
    values = item.attributes.get(column, ())[:most]
    return untitled(item, values[int(rng.integers(len(values)))]) if values else []


WISHES: dict[str, Callable[[Item, np.random.Generator], list[str]]] = {
    "plot, 1 word": lambda item, rng: _plot(item, 1, rng),
    "plot, 4 words": lambda item, rng: _plot(item, 4, rng),
    "genre, plot word": lambda item, rng: [*_one(item, "genres", rng), *_plot(item, 1, rng)],
    "genre, year": lambda item, rng: [*_one(item, "genres", rng), *_one(item, "year", rng)],
    "two genres": lambda item, rng: untitled(item, " ".join(item.attributes.get("genres", ())[:2])),
    "actor": lambda item, rng: _one(item, "cast", rng),
    "director, plot word": lambda item, rng: [
        *_one(item, "directors", rng)[-1:],
        *_plot(item, 1, rng),
    ],
}
"""What is asked for → the words of a query; none where the item has nothing of it."""
BARE = ("plot, 1 word", "plot, 4 words", "genre, plot word", "genre, year")
"""Those that are asked of a catalogue that has no plots and no people too."""


def misspelt(words: list[str], rng: np.random.Generator) -> list[str]:
    """Every word of four letters or more with one letter dropped, doubled, changed or moved."""
    return [_slip(word, rng) if len(word) > 3 else word for word in words]


def _slip(word: str, rng: np.random.Generator) -> str:
    place = int(rng.integers(1, len(word) - 1))
    before, letter, after = word[:place], word[place], word[place + 1 :]
    other = LETTERS[int(rng.integers(len(LETTERS)))]
    slips = (
        before + after,
        before + letter + letter + after,
        before + other + after,
        before + after[0] + letter + after[1:],
    )
    return slips[int(rng.integers(len(slips)))]
