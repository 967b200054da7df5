"""In: the imports of a store. Out: the numbers of what each file of them brought or repeated."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from foretaste.behaviour.number_sets import (
    NO_NUMBERS,
    Numbers,
    pack_numbers,
    runs_of,
    unpack_numbers,
)
from foretaste.behaviour.schema import imported_numbers

RUNS_PER_STATEMENT = 100
Part = tuple[int, int]
"""(number of an import, place of a file in it)"""


@dataclass
class PartNumbers:
    """What one file brought, and what it had that was there already."""

    part: Part
    brought: Numbers
    repeated: Numbers


def load_part_numbers(connection: sa.Connection, record_type: str) -> list[PartNumbers]:
    """Of each file that can be undone, the oldest first."""
    c = imported_numbers.c
    query = sa.select(c["import"], c.part, c.brought, c.repeated).where(
        c.record_type == record_type
    )
    sets: dict[Part, tuple[list[Numbers], list[Numbers]]] = {}
    for number, part, brought, repeated in connection.execute(query):
        brought_sets, repeated_sets = sets.setdefault((number, part), ([], []))
        brought_sets.append(unpack_numbers(brought))
        repeated_sets.append(unpack_numbers(repeated))
    return [
        PartNumbers(part, *(np.unique(np.concatenate(numbers)) for numbers in sets[part]))
        for part in sorted(sets)
    ]


def save_numbers(connection: sa.Connection, record_type: str, part_numbers: PartNumbers) -> None:
    """Write anew what a file brought and repeated."""
    number, part = part_numbers.part
    c = imported_numbers.c
    ids = {"import": number, "part": part, "record_type": record_type}
    conditions = [c[name] == value for name, value in ids.items()]
    connection.execute(sa.delete(imported_numbers).where(*conditions))
    sets = {
        "brought": pack_numbers(part_numbers.brought),
        "repeated": pack_numbers(part_numbers.repeated),
    }
    row = ids | sets | {"batch": 0}  # batches of an import that is under way count from 1
    connection.execute(sa.insert(imported_numbers).values(row))


def union_of(sets: Sequence[Numbers]) -> Numbers:
    """The numbers that are in any of these sets."""
    return np.unique(np.concatenate([NO_NUMBERS, *sets]))


def share_numbers(
    connection: sa.Connection,
    brought: Numbers,
    remaining_parts: Sequence[PartNumbers],
    record_type: str,
) -> Numbers:
    """What other files repeated of what was brought is theirs from now on. → the numbers that no
    other has.
    """
    for part_numbers in remaining_parts:
        shared = np.intersect1d(brought, part_numbers.repeated, assume_unique=True)
        if shared.size:
            part_numbers.brought = union_of([part_numbers.brought, shared])
            part_numbers.repeated = np.setdiff1d(part_numbers.repeated, shared)
            save_numbers(connection, record_type, part_numbers)
            brought = np.setdiff1d(brought, shared, assume_unique=True)
    return brought


def run_conditions(column: sa.ColumnElement[int], numbers: Numbers) -> list[sa.ColumnElement[bool]]:
    """Conditions, one of which a row meets whose number is one of these; each for some of them."""
    runs = runs_of(numbers)
    return [
        sa.or_(*(column.between(first, last) for first, last in runs[start:][:RUNS_PER_STATEMENT]))
        for start in range(0, len(runs), RUNS_PER_STATEMENT)
    ]


def delete_by_number(
    connection: sa.Connection,
    column: sa.Column[int],
    numbers: Numbers,
    *conditions: sa.ColumnElement[bool],
) -> int:
    """Delete the rows with these numbers. → how many."""
    return sum(
        connection.execute(sa.delete(column.table).where(run, *conditions)).rowcount
        for run in run_conditions(column, numbers)
    )


def without_parts(
    part_numbers: Sequence[PartNumbers], parts: Collection[Part]
) -> tuple[list[PartNumbers], list[PartNumbers]]:
    """(those of these files, those of the others)"""
    return (
        [numbers for numbers in part_numbers if numbers.part in parts],
        [numbers for numbers in part_numbers if numbers.part not in parts],
    )
