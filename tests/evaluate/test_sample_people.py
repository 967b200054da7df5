import numpy as np

from foretaste.evaluate.sample_people import PEOPLE, sample_people

from .helpers import cases
from .shops import items, sample, shop


def test_a_person_has_what_they_took_were_shown_and_took_next() -> None:
    held = cases([3, 0, 1])
    place = shop(held, items(5))
    [person] = sample_people(
        sample(held, place, 0.1, 0.5, 0.9, 0.2, 0.3), "product", place.catalogue
    )
    assert person.history == ("Item 0", "Item 3")
    assert person.history_length == 2
    assert person.shown == ("Item 2", "Item 1", "Item 4")
    assert (person.target, person.position) == ("Item 1", 2)


def test_what_no_list_shows_is_told_all_the_same() -> None:
    held = cases([3, 0, 3])  # taken again
    place = shop(held, items(5))
    [person] = sample_people(sample(held, place, *[0.1] * 5), "product", place.catalogue)
    assert (person.target, person.position) == ("Item 3", None)


def test_ten_of_many_are_drawn_and_the_same_ones_again() -> None:
    held = cases(*([number % 5, (number + 1) % 5] for number in range(40)))
    place = shop(held, items(5))
    lists = sample(held, place, *np.arange(5.0))
    people = sample_people(lists, "product", place.catalogue)
    assert len(people) == PEOPLE
    assert people == sample_people(lists, "product", place.catalogue)
    assert people != sample_people(lists, "product", place.catalogue, seed=1)
