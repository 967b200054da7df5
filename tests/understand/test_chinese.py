"""What is said in Chinese, and what is meant by it."""

import pytest

from foretaste.domain.data import Item
from foretaste.prepare.catalogue_builder import build_catalogue
from foretaste.rank.index import FilterIndex, ItemAvailability
from foretaste.understand.chinese import as_said, in_english
from foretaste.understand.language import detect_language
from foretaste.understand.meaning import Scene
from foretaste.understand.reader import understand
from foretaste.understand.search_query import read_search
from foretaste.understand.vocabulary import Vocabulary
from understand.test_reader import VOCABULARY, meaning, reads
from understand.test_search_query import vocabulary as search_vocabulary


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("你好！", "greet"),
        ("谢谢", "thanks"),
        ("你能做什么？", "help"),
        ("删除我的所有数据", "my_data"),
        ("重新开始", "start_over"),
        ("撤销", "undo"),
        ("还有别的吗？", "next"),
        ("今天天气怎么样", "unknown"),
        ("推荐一部喜剧", "find"),
        ("新一点的", "refine"),
        ("不要恐怖片", "fewer"),
        ("类似《Heat》的电影", "like"),
        ("不要第二个", "hide"),
        ("前两个我都看过", "hide"),
        ("为什么推荐第一个", "why"),
        ("比较第一个和第二个", "compare"),
        ("第二个是谁导演的", "about"),
    ],
)
def test_an_intent(text: str, intent: str) -> None:
    said = meaning(text)
    assert (said.language, said.intent) == ("zh", intent)


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("1990年以前的恐怖片", ({"genres": "Horror"}, {"year": {"lt": 1990.0}})),
        ("九十年代的喜剧", ({"genres": "Comedy"}, {"year": {"gte": 1990.0, "lte": 1999.0}})),
        ("除了爱情片以外的喜剧", ({"not": {"genres": "Romance"}}, {"genres": "Comedy"})),
        ("100分钟以内的喜剧", ({"genres": "Comedy"}, {"runtime": {"lt": 100.0}})),
    ],
)
def test_what_the_items_must_be_like(text: str, conditions: tuple[object, ...]) -> None:
    said = meaning(text, shown=False)
    key = repr
    assert sorted(said.conditions, key=key) == sorted(conditions, key=key)
    assert said.query is None


def test_counts_places_and_titles() -> None:
    assert meaning("给我三部喜剧", shown=False).count == 3
    assert meaning("第十二个怎么样").intent != "about", "there are five"
    assert meaning("第三个讲什么的").items == ("3",)
    assert meaning("类似Toy Story的电影", shown=False).items == ("3",)
    assert meaning("映画").intent == "unknown", "nothing of it is known"
    unknown = meaning("类似《泰坦尼克号》的电影")
    assert (unknown.intent, unknown.missing_title) == ("like", "泰坦尼克号")
    assert meaning("按年份排序").order == "newer"


def test_what_the_catalogue_calls_itself_comes_before_the_phrases() -> None:
    items = [
        Item("1", "太空漫游", {}, {"类型": ("科幻",)}),
        Item("2", "小鞋子", {}, {"类型": ("剧情",)}),
    ]
    catalogue = build_catalogue(items, reads([""] * 2))
    vocabulary = Vocabulary(FilterIndex(catalogue, ItemAvailability.of(items)), None)
    assert in_english("科幻片", vocabulary) == "科幻"
    assert in_english("小鞋子", vocabulary) == "小鞋子"
    said = understand("推荐一部科幻片", Scene(vocabulary))
    assert said.conditions == ({"类型": "科幻"},)
    assert understand("类似太空漫游的电影", Scene(vocabulary)).items == ("1",)


def test_a_search_finds_its_facets() -> None:
    found = read_search("1990年以前的恐怖片", search_vocabulary())
    assert sorted(map(repr, found.facets)) == [
        "{'genres': 'Horror'}",
        "{'year': {'lt': 1990.0}}",
    ]


def test_what_is_refused_is_told_as_it_was_said() -> None:
    assert as_said("violence", "给孩子看的，不要暴力") == "暴力"
    assert as_said("zebra", "不要斑马") == "zebra"


def test_a_title_in_other_letters_leaves_a_text_chinese() -> None:
    assert detect_language("类似Toy Story的电影") == "zh"
    assert detect_language("Toy Story like 电影") == "en"
    assert in_english("ＡＢＣ，１２３", VOCABULARY) == "abc,123"
