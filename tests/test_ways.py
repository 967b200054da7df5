from pathlib import Path

from foretaste.domain import Request
from foretaste.loop import Foretaste
from foretaste.ways import ways


def test_the_best_way_comes_first_and_what_most_took_has_one(trained: Path) -> None:
    shop = Foretaste.open(trained)
    live = shop.catch_up()
    names = []
    for request in (Request(user="u1"), Request(window=60.0)):
        asked = shop.lists.asked(request, None, {})
        question = shop.lists.question(asked, shop.lists.behaviour(request, live), live)
        found = ways(shop.lists, asked, question, live, shop.listen, None)
        names.append([way.rung for way in found])
    shop.close()

    assert names == [["full", "counting", "popularity"], ["full"]]
