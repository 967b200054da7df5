"""Files of cells as spreadsheets, shops and old programs write them."""

from pathlib import Path

import pytest

from foretaste.behaviour.files.file_form import HeaderlessError
from foretaste.errors import InputError

from .file_reader import events_of, import_bytes, items_of

ANN_AND_BOB = [("ann", "tent", "view"), ("bob", "mat", "purchase"), ("ann", "mat", "view")]
ROWS = [
    "user,item,kind,at",
    "ann,tent,view,20250301",
    "bob,mat,purchase,20250302",
    "ann,mat,view,20250303",
]
SEMICOLONS = "\n".join(ROWS).replace(",", ";")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("sep=;\r\n" + SEMICOLONS.replace("\n", "\r\n"), id="sep of Excel"),
        pytest.param('"sep=;"\n' + SEMICOLONS, id="sep in quotes"),
        pytest.param("sep=\t\n" + SEMICOLONS.replace(";", "\t"), id="sep is a tab"),
        pytest.param("\n".join([ROWS[0], *(row + "," for row in ROWS[1:])]), id="rows end in one"),
        pytest.param("\n".join(row + "," for row in ROWS), id="header and rows end in one"),
        pytest.param("\n".join(ROWS).replace(",", "::"), id="two colons"),
        pytest.param("\n".join(ROWS).replace(",", "|"), id="bars"),
        pytest.param("\n".join(ROWS).replace(",", "\x01"), id="Hive"),
        pytest.param("\n".join(ROWS).replace(",", " "), id="blanks"),
        pytest.param("\n".join(ROWS).replace(",", "  "), id="runs of blanks"),
        pytest.param("\r\n".join(ROWS), id="CRLF"),
        pytest.param("\r\r\n".join(ROWS), id="CRLF written twice"),
        pytest.param("\r".join(ROWS) + "\r", id="CR"),
        pytest.param("# exported by shop\n#\n" + "\n".join(ROWS), id="remarks above"),
        pytest.param("#" + "\n".join(ROWS), id="names as a remark"),
        pytest.param("\n\n" + "\n".join(ROWS), id="empty lines above"),
        pytest.param("Orders of March;;;\n" + SEMICOLONS, id="a title above"),
        pytest.param("Orders;;;\nof March;;;\n;;;\n" + SEMICOLONS, id="titles above"),
        pytest.param("\ufeffsep=;\n" + SEMICOLONS, id="a byte-order mark before sep"),
        pytest.param(
            "user:token\titem:token\tkind:token\tat:float\n"
            + "\n".join(ROWS[1:]).replace(",", "\t"),
            id="typed names",
        ),
    ],
)
def test_the_same_events_in_any_form(tmp_path: Path, content: str) -> None:
    imported, store = import_bytes(tmp_path, "events.csv", content)
    assert events_of(store) == ANN_AND_BOB
    assert imported.rejected == 0


def test_a_title_above_the_names_is_told(tmp_path: Path) -> None:
    imported, _ = import_bytes(tmp_path, "events.csv", "Orders of March;;;\n" + SEMICOLONS)
    told = "'Orders of March' stands alone above the names and was left out"
    assert any(told in warning for warning in imported.warnings)


def test_a_carriage_return_in_a_file_with_line_feeds_in_its_texts(tmp_path: Path) -> None:
    rows = [
        "user,item,kind,at,text",
        'ann,tent,review,20250301,"one\ntwo"',
        "bob,mat,review,20250302,x",
    ]
    _, store = import_bytes(tmp_path, "events.csv", "\r".join(rows) + "\r")
    assert [event.text for _, event in store.events()] == ["one\ntwo", "x"]


def test_quotes_that_are_escaped_by_a_backslash(tmp_path: Path) -> None:
    content = (
        "id,title,brand\n"
        '1,"The \\"Great\\" Tent, red",Acme\n'
        '2,"Mat",Acme\n'
        '3,"5\\" pan, \\"iron\\"",Bolt\n'
    )
    imported, store = import_bytes(tmp_path, "items.csv", content, "items")
    titles = {item.id: item.title for item in items_of(store).values()}
    assert titles == {"1": 'The "Great" Tent, red', "2": "Mat", "3": '5" pan, "iron"'}
    assert imported.rejected == 0


def test_single_quotes(tmp_path: Path) -> None:
    content = "id,title,brand\n1,'Tent, red',Acme\n2,'Mat, blue',Acme\n3,Pan,Bolt\n"
    _, store = import_bytes(tmp_path, "items.csv", content, "items")
    assert [item.title for item in items_of(store).values()] == ["Tent, red", "Mat, blue", "Pan"]


def test_quotes_that_are_only_quotes_in_a_file_with_tabs(tmp_path: Path) -> None:
    content = 'id\ttitle\n1\t"Great Performances" Cats (1998)\n2\t"Mat"s\n3\tPan\n'
    _, store = import_bytes(tmp_path, "items.tsv", content, "items")
    assert items_of(store)["1"].title == '"Great Performances" Cats (1998)'


def test_a_delimiter_of_the_settings(tmp_path: Path) -> None:
    content = "user/item/at\nann/tent/20250301\nbob/mat/20250302\n"
    settings = {"files": {"log-*.txt": {"delimiter": "/"}}}
    _, store = import_bytes(tmp_path, "log-7.txt", content, settings=settings)
    assert events_of(store) == [("ann", "tent", "view"), ("bob", "mat", "view")]


def test_nulls_of_mysql(tmp_path: Path) -> None:
    content = "id\ttitle\tbrand\n1\tTent\t\\N\n2\tMat\tAcme\n"
    _, store = import_bytes(tmp_path, "items.tsv", content, "items")
    assert items_of(store)["1"].attributes == {}


def test_the_words_of_a_token_seq_are_values(tmp_path: Path) -> None:
    content = (
        "item_id:token\tmovie_title:token_seq\tclass:token_seq\n"
        "1\tToy Story\tAnimation Comedy\n2\tHeat\tCrime\n"
    )
    _, store = import_bytes(tmp_path, "ml.item", content, "items")
    assert items_of(store)["1"].title == "Toy Story"
    assert items_of(store)["1"].attributes == {"class": ("Animation", "Comedy")}


# Files without names of columns are offered names, and refused until they are taken.

MOVIES = "1::Toy Story (1995)::Animation|Comedy\n2::Heat (1995)::Crime\n"
RATINGS = "1::1193::5::978300760\n1::661::3::978302109\n2::1193::4::978301968\n"
U_ITEM_HEAD = "|01-Jan-1995||http://us.imdb.com/M/title-exact?x|"
U_ITEM = (
    f"1|Toy Story (1995){U_ITEM_HEAD}0|0|0|1|1|1|0|0|0|0|0|0|0|0|0|0|0|0|0\n"
    f"2|GoldenEye (1995){U_ITEM_HEAD}0|1|1|0|0|0|0|0|0|0|0|0|0|0|0|0|1|0|0\n"
)


def test_names_are_offered_and_nothing_is_read_without_a_yes(tmp_path: Path) -> None:
    with pytest.raises(HeaderlessError) as raised:
        import_bytes(tmp_path, "ratings.dat", RATINGS)
    message = str(raised.value)
    assert "ratings.dat: the first line is a row and has no names of columns (1, 1193, 5" in message
    assert "the form of MovieLens, the columns are user, item, value, at" in message
    assert "take that with --yes" in message
    assert 'header = ["user", "item", "value", "at"]' in message
    imported, store = import_bytes(tmp_path, "ratings.dat", RATINGS, yes=True)
    assert events_of(store)[0] == ("1", "1193", "rating")
    assert imported.added == 3
    assert "took the names of MovieLens: user, item, value, at" in imported.warnings[0]


def test_the_remedy_of_the_message_works(tmp_path: Path) -> None:
    settings = {"files": {"ratings.dat": {"header": ["user", "item", "value", "at"]}}}
    imported, store = import_bytes(tmp_path, "ratings.dat", RATINGS, settings=settings)
    assert imported.added == 3
    assert next(store.events())[1].value == 5


def test_movies_dat(tmp_path: Path) -> None:
    _, store = import_bytes(tmp_path, "movies.dat", MOVIES, "items", yes=True)
    assert items_of(store)["1"].title == "Toy Story (1995)"
    assert items_of(store)["1"].attributes == {"genres": ("Animation", "Comedy")}


def test_u_item_with_a_column_a_genre(tmp_path: Path) -> None:
    _, store = import_bytes(tmp_path, "ml-100k/u.item", U_ITEM, "items", yes=True)
    item = items_of(store)["1"]
    assert item.title == "Toy Story (1995)"
    assert item.attributes["genre"] == ("Animation", "Children's", "Comedy")
    assert items_of(store)["2"].attributes["genre"] == ("Action", "Adventure", "Thriller")


@pytest.mark.parametrize(
    ("content", "header"),
    [
        (
            "17,i93,4.5,1466000000\n17,i95,3,1466000001\n18,i93,5,1466000002\n",
            "user, item, value, at",
        ),
        (
            "ann;tent;view;2025-03-01\nbob;mat;view;2025-03-02\nann;mat;click;2025-03-02\n",
            "user, item, event_type, at",
        ),
        ("2025-03-01 10:00:00\tann\ttent\n2025-03-02 11:00:00\tann\tmat\n", "at, user, item"),
        ("u1 i1\nu1 i2\nu2 i1\n", "user, item"),
    ],
)
def test_a_log_without_names_is_offered_them_by_its_values(
    tmp_path: Path, content: str, header: str
) -> None:
    with pytest.raises(HeaderlessError, match=f"by its values, the columns are {header}: take"):
        import_bytes(tmp_path, "log.txt", content)


@pytest.mark.parametrize(
    "content",
    [
        "user,item,rating\nann,tent,5\n",
        "user,item\nann,tent\nbob,mat\n",
        "movieId,title,2019\n7,Heat,1\n",
        "user,item,kind\nann,item,view\n",
    ],
)
def test_a_header_is_not_taken_for_a_row(tmp_path: Path, content: str) -> None:
    imported, _ = import_bytes(
        tmp_path, "some.csv", content, "events" if "user" in content else "items"
    )
    assert imported.read == content.count("\n") - 1


def test_a_header_of_another_width_is_refused(tmp_path: Path) -> None:
    settings = {"files": {"log.csv": {"header": ["user", "item"]}}}
    with pytest.raises(InputError, match="header names 2 columns, and the first row has 3"):
        import_bytes(tmp_path, "log.csv", "a,b,c\n", settings=settings)


# Baskets: a row a transaction, its items side by side.

GROCERIES = "milk,bread\nbread,butter,milk,eggs\nmilk\neggs,butter,bread\n"


def test_baskets_are_offered(tmp_path: Path) -> None:
    with pytest.raises(HeaderlessError, match="each row is a basket of items"):
        import_bytes(tmp_path, "groceries.csv", GROCERIES)
    imported, store = import_bytes(tmp_path, "groceries.csv", GROCERIES, yes=True)
    assert [event[:2] for event in events_of(store)][:3] == [
        ("groceries.csv:1", "milk"),
        ("groceries.csv:1", "bread"),
        ("groceries.csv:2", "bread"),
    ]
    assert imported.added == 10
    again, _ = import_bytes(tmp_path, "groceries.csv", GROCERIES, yes=True)
    assert (again.added, again.known) == (0, 10)


def test_baskets_whose_header_numbers_the_items(tmp_path: Path) -> None:
    content = "Item(s),Item 1,Item 2,Item 3\n2,milk,bread,\n3,bread,butter,eggs\n1,milk,,\n"
    _, store = import_bytes(tmp_path, "baskets.csv", content)
    assert [item for _, item, _ in events_of(store)] == [
        "milk",
        "bread",
        "bread",
        "butter",
        "eggs",
        "milk",
    ]


def test_sequences_of_a_user_and_items(tmp_path: Path) -> None:
    content = "1 10 11 12\n2 11 13\n3 12 10 11 14\n4 9 10\n"
    _, store = import_bytes(tmp_path, "sequences.txt", content, yes=True)
    assert [event.item for event in store.history("3", None)] == ["12", "10", "11", "14"]


def test_a_line_of_names_above_longer_rows(tmp_path: Path) -> None:
    content = "customer,items\nann,milk,bread\nbob,bread,butter,eggs\n"
    _, store = import_bytes(tmp_path, "orders.csv", content)
    assert events_of(store)[1] == ("ann", "bread", "purchase")


def test_a_quote_far_down_in_a_file_with_tabs(tmp_path: Path) -> None:
    rows = [f"{n}\tArtist {n}" for n in range(1_700)]
    content = "\n".join(["id\tname", *rows, '9999\t"Weird Al" Yankovic', ""])
    imported, store = import_bytes(tmp_path, "artists.dat", content, "items")
    assert items_of(store)["9999"].title == '"Weird Al" Yankovic'
    assert imported.rejected == 0
