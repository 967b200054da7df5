"""Public data sets and the schemas of other recommenders, read by their names."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import foretaste
from foretaste.behaviour.formats import FORMATS
from foretaste.cli.main import app
from foretaste.errors import InputError

from .conftest import Shop
from .format_reader import Export


@pytest.fixture
def export(tmp_path: Path) -> Export:
    return Export(tmp_path)


def test_retailrocket(export: Export) -> None:
    export.write(
        "events.csv",
        "timestamp,visitorid,event,itemid,transactionid\n"
        "1433221332117,257597,view,355908,\n"
        "1433224214164,992329,addtocart,248676,\n"
        "1433221999827,111016,transaction,318965,4000\n",
    )
    export.write(
        "item_properties_part1.csv",
        "timestamp,itemid,property,value\n"
        "1435460400000,355908,categoryid,1016\n"
        "1441508400000,355908,888,1116713 960601 n277.200\n"
        "1432436400000,355908,available,0\n"
        "1435460400000,355908,available,1\n"
        "1435460400000,248676,categoryid,9\n",
    )
    export.write(
        "item_properties_part2.csv",
        "timestamp,itemid,property,value\n"
        "1442113200000,248676,categoryid,213\n"
        "1431226800000,318965,available,0\n",
    )
    export.write("category_tree.csv", "categoryid,parentid\n1016,213\n213,169\n169,\n9,169\n")
    shop = export.read()
    assert shop.rejects == []
    assert shop.rows() == [
        ("257597", "355908", "view"),
        ("992329", "248676", "add_to_cart"),
        ("111016", "318965", "purchase"),
    ]
    assert shop.events[0].at == pytest.approx(1433221332.117)
    assert shop.items["355908"].attributes == {"category": ("169", "169 > 213", "169 > 213 > 1016")}
    assert shop.items["248676"].attributes == {"category": ("169", "169 > 213")}
    assert [item.id for item in shop.items.values() if item.hidden] == ["318965"]
    assert any("category_tree.csv: left out" in line for line in shop.lines)


@pytest.mark.parametrize("format_name", [None, "otto"])
def test_otto(export: Export, format_name: str | None) -> None:
    sessions = [
        {
            "session": 12899779,
            "events": [
                {"aid": 59625, "ts": 1661724000278, "type": "clicks"},
                {"aid": 1142000, "ts": 1661724378460, "type": "carts"},
                {"aid": 1142000, "ts": 1661724400000, "type": "orders"},
            ],
        },
        {"session": 12899780, "events": [{"aid": 59625, "ts": 1661724000378, "type": "clicks"}]},
    ]
    export.write("train.jsonl", "\n".join(map(json.dumps, sessions)))
    shop = export.read(format_name=format_name)
    assert shop.rows() == [
        ("12899779", "59625", "click"),
        ("12899779", "1142000", "add_to_cart"),
        ("12899779", "1142000", "purchase"),
        ("12899780", "59625", "click"),
    ]
    assert shop.events[0].at == pytest.approx(1661724000.278)


def test_otto_as_parquet_with_numbers_for_types(export: Export) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    rows = [
        {"session": 0, "aid": 1517085, "ts": 1659304800, "type": 0},
        {"session": 0, "aid": 1563459, "ts": 1659304904, "type": 1},
        {"session": 1, "aid": 424964, "ts": 1659304800, "type": 2},
    ]
    parquet.write_table(pa.Table.from_pylist(rows), export.folder / "train.parquet")
    assert export.read().rows() == [
        ("0", "1517085", "click"),
        ("0", "1563459", "add_to_cart"),
        ("1", "424964", "purchase"),
    ]


@pytest.mark.parametrize(
    ("names", "format_name"),
    [
        (("yoochoose-clicks.dat", "yoochoose-buys.dat"), "yoochoose"),
        (("a.csv", "b.csv"), "Yoochoose"),
    ],
)
def test_yoochoose(export: Export, names: tuple[str, str], format_name: str) -> None:
    export.write(
        names[0],
        "1,2014-04-07T10:51:09.277Z,214536502,0\n1,2014-04-07T10:54:09.868Z,214536500,0\n"
        "2,2014-04-07T13:56:37.614Z,214662742,S\n2,2014-04-07T13:57:37.614Z,214662742,S\n",
    )
    export.write(
        names[1],
        "420374,2014-04-06T18:44:58.314Z,214537888,12462,1\n"
        "420374,2014-04-06T18:44:58.325Z,214537850,0,1\n"
        "281626,2014-04-06T09:40:13.032Z,214535653,1883,1\n",
    )
    shop = export.read(format_name=format_name)
    assert shop.rejects == []
    clicks = [row for row in shop.rows() if row[2] == "click"]
    assert clicks == [
        ("1", "214536502", "click"),
        ("1", "214536500", "click"),
        ("2", "214662742", "click"),
        ("2", "214662742", "click"),
    ]
    buys = [(event.session, event.value) for event in shop.events if event.kind == "purchase"]
    assert buys == [("420374", 12462), ("420374", None), ("281626", 1883)]


def test_mind(export: Export) -> None:
    export.write(
        "behaviors.tsv",
        "1\tU13740\t11/11/2019 9:05:58 AM\tN55189 N42782\tN55689-1 N35729-0\n"
        "2\tU91836\t11/12/2019 6:11:30 PM\t\tN20678-0 N39317-1\n"
        "3\tU13740\t11/12/2019 9:05:58 AM\tN55189 N42782\tN39317-0 N20678-1\n",
    )
    export.write(
        "news.tsv",
        "".join(
            f"{news}\t{category}\t{sub}\tTitle of {news}\tAbout {news}.\thttps://a.example/{news}\t"
            "[]\t[]\n"
            for news, category, sub in [
                ("N55189", "tv", "tvnews"),
                ("N42782", "sports", "football_nfl"),
                ("N55689", "sports", "football_nfl"),
                ("N35729", "news", "newsus"),
                ("N20678", "news", "news"),
                ("N39317", "finance", "markets"),
            ]
        ),
    )
    shop = export.read(format_name="mind")
    assert shop.rejects == []
    assert shop.rows() == [
        ("U13740", "N55189", "click"),
        ("U13740", "N42782", "click"),
        ("U13740", "N55689", "click"),
        ("U13740", "N35729", "impression"),
        ("U91836", "N20678", "impression"),
        ("U91836", "N39317", "click"),
        ("U13740", "N39317", "impression"),
        ("U13740", "N20678", "click"),
    ]
    assert shop.events[0].at == 1573463158.0
    assert "had read before has no times" in shop.warnings
    assert shop.events[4].at == 1573582290.0
    news = shop.items["N42782"]
    assert (news.title, news.texts) == ("Title of N42782", {"abstract": "About N42782."})
    assert news.attributes == {"category": ("sports", "sports > football_nfl")}
    assert shop.items["N20678"].attributes == {"category": ("news",)}


GENRE_FLAGS = "|".join(["0"] * 3 + ["1"] * 2 + ["0"] * 14)


def test_movielens_100k(export: Export) -> None:
    export.write(
        "u.data", "196\t242\t3\t881250949\n186\t302\t3\t891717742\n196\t302\t5\t881250950\n"
    )
    export.write(
        "u.item",
        f"242|Kolya (1996)|24-Jan-1997||http://us.imdb.com/M/title-exact?Kolya|{GENRE_FLAGS}\n"
        f"302|L.A. Confidential (1997)|01-Jan-1997||http://us.imdb.com/M/x|{GENRE_FLAGS}\n".replace(
            "L.A.", "L.A. \xe9t\xe9"
        ),
    )
    export.write("u.user", "196|49|M|writer|55105\n186|39|F|executive|00000\n")
    export.write("u.genre", "unknown|0\nAction|1\n")
    shop = export.read(format_name="movielens")
    assert shop.rows() == [
        ("196", "242", "rating"),
        ("186", "302", "rating"),
        ("196", "302", "rating"),
    ]
    assert [event.value for event in shop.events] == [3, 3, 5]
    assert shop.events[0].at == 881250949
    assert shop.items["242"].title == "Kolya (1996)"
    assert shop.items["242"].attributes["genre"] == ("Animation", "Children's")
    assert shop.users["196"].attributes["occupation"] == ("writer",)


def test_movielens_100k_as_it_is_downloaded(export: Export) -> None:
    import zipfile

    ratings = "196\t242\t3\t881250949\n186\t302\t3\t891717742\n196\t302\t5\t881250950\n"
    parts = {
        "u.data": ratings,
        "u1.base": ratings[: len(ratings) // 3],
        "u.item": f"242|Kolya (1996)|24-Jan-1997||http://us.imdb.com/M/x|{GENRE_FLAGS}\n" * 1
        + f"302|L.A. Confidential (1997)|01-Jan-1997||http://us.imdb.com/M/y|{GENRE_FLAGS}\n",
        "u.user": "196|49|M|writer|55105\n186|39|F|executive|00000\n",
        "u.genre": "unknown|0\nAction|1\n\n",
        "u.info": "2 users\n2 items\n3 ratings\n",
        "u.occupation": "writer\nexecutive\n",
        "README": "MovieLens",
        "mku.sh": "#!/bin/sh",
    }
    with zipfile.ZipFile(export.folder / "ml-100k.zip", "w") as archive:
        for name, text in parts.items():
            archive.writestr(f"ml-100k/{name}", text)
    shop = export.read("ml-100k.zip", format_name="movielens")
    assert (len(shop.events), set(shop.items), set(shop.users)) == (
        3,
        {"242", "302"},
        {"196", "186"},
    )
    assert shop.items["302"].title == "L.A. Confidential (1997)"


def test_movielens_1m(export: Export) -> None:
    export.write(
        "ratings.dat", "1::1193::5::978300760\n1::661::3::978302109\n2::1193::4::978298413\n"
    )
    export.write(
        "movies.dat",
        "661::James and the Giant Peach (1996)::Animation|Children's\n"
        "1193::One Flew Over the Cuckoo's Nest (1975)::Drama\n",
    )
    export.write("users.dat", "1::F::1::10::48067\n2::M::56::16::70072\n")
    shop = export.read(format_name="movielens")
    assert shop.rows() == [("1", "1193", "rating"), ("1", "661", "rating"), ("2", "1193", "rating")]
    assert shop.items["661"].attributes == {"genres": ("Animation", "Children's")}
    assert shop.users["2"].attributes["gender"] == ("M",)


def test_movielens_latest(export: Export) -> None:
    export.write(
        "ratings.csv", "userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n7,31,4.0,851868750\n"
    )
    export.write("movies.csv", 'movieId,title,genres\n31,"Dangerous Minds (1995)",Drama\n')
    export.write("tags.csv", "userId,movieId,tag,timestamp\n15,31,teachers,1138537770\n")
    export.write("links.csv", "movieId,imdbId,tmdbId\n31,0112792,9909\n")
    shop = export.read()
    assert sorted(shop.rows()) == [
        ("1", "31", "rating"),
        ("15", "31", "review"),
        ("7", "31", "rating"),
    ]
    assert [event.text for event in shop.events if event.kind == "review"] == ["teachers"]
    assert list(shop.items) == ["31"]
    assert shop.items["31"].attributes == {"genres": ("Drama",)}
    assert any("links.csv: left out" in line for line in shop.lines)


def test_lastfm_hetrec(export: Export) -> None:
    export.write(
        "user_artists.dat", "userID\tartistID\tweight\n2\t51\t13883\n2\t52\t11690\n3\t51\t1\n"
    )
    export.write(
        "artists.dat",
        "id\tname\turl\tpictureURL\n"
        "51\tDuran Duran\thttp://www.last.fm/music/Duran+Duran\thttp://userserve.example/1.jpg\n"
        "52\tMorcheeba\thttp://www.last.fm/music/Morcheeba\thttp://userserve.example/2.jpg\n",
    )
    export.write(
        "user_taggedartists.dat",
        "userID\tartistID\ttagID\tday\tmonth\tyear\n2\t51\t13\t1\t4\t2009\n3\t51\t15\t1\t4\t2009\n"
        "3\t51\t13\t1\t5\t2009\n",
    )
    export.write("tags.dat", b"tagID\ttagValue\n13\tnew wave\n15\tann\xe9es 80\n16\tdub\n")
    export.write("user_friends.dat", "userID\tfriendID\n2\t3\n3\t2\n")
    shop = export.read()
    assert shop.rows() == [("2", "51", "view"), ("2", "52", "view"), ("3", "51", "view")]
    assert [event.value for event in shop.events] == [13883, 11690, 1], "how often it was played"
    assert shop.items["51"].title == "Duran Duran"
    assert shop.items["51"].attributes == {"tag": ("new wave", "années 80")}
    assert "tag" not in shop.items["52"].attributes


def test_lastfm_hetrec_without_names_of_columns(export: Export) -> None:
    export.write("user_artists.dat", "2\t51\t13883\n2\t52\t11690\n3\t51\t1\n")
    shop = export.read(format_name="lastfm")
    assert shop.rows() == [("2", "51", "view"), ("2", "52", "view"), ("3", "51", "view")]
    assert [event.value for event in shop.events] == [13883, 11690, 1]


def test_lastfm_1k(export: Export) -> None:
    path = export.write(
        "userid-timestamp-artid-artname-traid-traname.tsv",
        "user_000001\t2009-05-04T23:08:57Z\tf1b1cf71\tDeep Dish\t\tFuck Me Im Famous\n"
        "user_000001\t2009-05-04T13:54:10Z\ta7f7df4a\tUnderworld\tdc394163\tComposition 0919\n"
        "user_000002\t2009-05-04T13:52:04Z\ta7f7df4a\tUnderworld\tdc394163\tComposition 0919\n",
    )
    export.write(
        "userid-profile.tsv",
        "#id\tgender\tage\tcountry\tregistered\nuser_000001\tm\t\tJapan\tAug 13, 2006\n"
        "user_000002\tf\t\tPeru\tFeb 24, 2006\n",
    )
    shop = export.read(format_name="lastfm")
    assert shop.rejects == []
    assert shop.rows() == [
        ("user_000001", "Deep Dish – Fuck Me Im Famous", "view"),
        ("user_000001", "dc394163", "view"),
        ("user_000002", "dc394163", "view"),
    ]
    assert shop.events[1].at == 1241445250.0
    assert shop.users["user_000002"].attributes["country"] == ("Peru",)
    shop = export.read("userid-profile.tsv", format_name="lastfm", items=path)
    assert shop.items["dc394163"].title == "Composition 0919"
    assert shop.items["dc394163"].attributes == {"artist": ("Underworld",)}


def test_lastfm_scrobbles_tell_tracks_of_one_name_apart(export: Export) -> None:
    export.write(
        "recenttracks.csv",
        "username,uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n"
        'u1,1782895500,"01 Jul 2026, 08:45",Foxes,,Home,,Home,\n'
        'u1,1782895700,"01 Jul 2026, 08:48",Tigers,a7f7df4a,Den,,Home,dc394163\n'
        'u2,1782895900,"01 Jul 2026, 08:51",Tigers,a7f7df4a,Den,,Home,\n',
    )
    shop = export.read()
    assert shop.rejects == []
    assert shop.rows() == [
        ("u1", "Foxes – Home", "view"),
        ("u1", "Tigers – Home", "view"),
        ("u2", "Tigers – Home", "view"),
    ]
    assert shop.events[0].at == 1782895500.0
    assert shop.items["Tigers – Home"].title == "Home"
    assert "read as Last.fm's scrobbles" in shop.warnings


SPOTIFY_STREAM = {
    "ts": "2026-07-01T08:45:00Z",
    "username": "u1",
    "platform": "android",
    "ms_played": 200_000,
    "ip_addr": "192.0.2.1",
    "master_metadata_track_name": "Home",
    "master_metadata_album_artist_name": "Foxes",
    "master_metadata_album_album_name": "Den",
    "spotify_track_uri": "spotify:track:4uLU6hMCjMI75M1A2tKUQC",
    "episode_name": None,
    "episode_show_name": None,
    "spotify_episode_uri": None,
    "skipped": False,
    "incognito_mode": False,
}
NO_TRACK = {name: None for name in SPOTIFY_STREAM if name.startswith(("master", "spotify_track"))}
EPISODE = {
    **NO_TRACK,
    "episode_name": "Why we sleep",
    "episode_show_name": "Sleepy History",
    "spotify_episode_uri": "spotify:episode:5xaLMmCjMI75M1A2tKUZZ7",
}


def test_spotify_streaming_history(export: Export) -> None:
    rows = [
        SPOTIFY_STREAM | {"ts": f"2026-07-01T{n // 60:02}:{n % 60:02}:00Z", "username": f"u{n}"}
        for n in range(20)
    ]
    rows += [SPOTIFY_STREAM | {"username": "u1", "ms_played": 2_000, "skipped": True}]
    rows += [SPOTIFY_STREAM | EPISODE, SPOTIFY_STREAM | NO_TRACK]
    rows += [SPOTIFY_STREAM | {"username": "u2", "incognito_mode": True}]
    path = export.write("Streaming_History_Audio_2026_0.json", json.dumps(rows))
    shop = export.read()
    assert shop.rejects == []
    assert shop.items.keys() == {
        SPOTIFY_STREAM["spotify_track_uri"],
        EPISODE["spotify_episode_uri"],
    }
    track = shop.items[str(SPOTIFY_STREAM["spotify_track_uri"])]
    assert (track.title, track.attributes) == ("Home", {"artist": ("Foxes",), "album": ("Den",)})
    assert shop.items[str(EPISODE["spotify_episode_uri"])].title == "Why we sleep"
    assert len(shop.events) == 22
    assert min(event.value or 0 for event in shop.events) < 0.05, "two seconds"
    assert "a private session" in shop.warnings
    assert "neither a track nor an episode" in shop.warnings
    shop = export.read(path.name, items=path)
    episode = shop.items[str(EPISODE["spotify_episode_uri"])]
    assert episode.attributes == {"show": ("Sleepy History",)}


def test_goodreads_goodbooks(export: Export) -> None:
    export.write(
        "books.csv",
        "book_id,goodreads_book_id,best_book_id,work_id,books_count,isbn,isbn13,authors,"
        "original_publication_year,original_title,title,language_code,average_rating,"
        "ratings_count,ratings_1,image_url,small_image_url\n"
        "1,2767052,2767052,2792775,272,439023483,9.78e12,Suzanne Collins,2008.0,The Hunger Games,"
        '"The Hunger Games (The Hunger Games, #1)",eng,4.34,4780653,66715,'
        "https://images.example/1m.jpg,https://images.example/1s.jpg\n"
        '2,3,3,4640799,491,439554934,9.78e12,"J.K. Rowling, Mary GrandPré",1997.0,'
        "Harry Potter and the Philosopher's Stone,Harry Potter and the Sorcerer's Stone,eng,4.44,"
        "4602479,75504,https://images.example/2m.jpg,https://images.example/2s.jpg\n",
    )
    export.write("ratings.csv", "user_id,book_id,rating\n1,1,5\n2,2,4\n2,1,1\n")
    export.write("to_read.csv", "user_id,book_id\n9,1\n15,2\n")
    shop = export.read(format_name="goodreads")
    assert sorted(shop.rows(), key=str) == [
        ("1", "1", "rating"),
        ("15", "2", "like"),
        ("2", "1", "rating"),
        ("2", "2", "rating"),
        ("9", "1", "like"),
    ]
    book = shop.items["2"]
    assert book.title == "Harry Potter and the Sorcerer's Stone"
    assert book.attributes["authors"] == ("J.K. Rowling", "Mary GrandPré")
    assert not {"books_count", "ratings_count", "average_rating"} & book.attributes.keys()


def test_goodreads_book_graph(export: Export) -> None:
    book = {
        "book_id": "5333265",
        "title": "W.C. Fields: A Life on Film",
        "description": "A life.",
        "authors": [{"author_id": "604031", "role": ""}],
        "popular_shelves": [{"count": "3", "name": "to-read"}, {"count": "1", "name": "film"}],
        "similar_books": [],
        "publication_year": "1984",
        "average_rating": "4.00",
        "isbn": "0312853122",
        "image_url": "https://images.example/p.jpg",
    }
    rows = [
        ("u1", "5333265", True, 5),
        ("u2", "5333265", True, 0),
        ("u3", "5333265", False, 0),
    ]
    interactions = [
        {
            "user_id": user,
            "book_id": item,
            "review_id": f"r{user}",
            "is_read": is_read,
            "rating": rating,
            "review_text_incomplete": "",
            "date_added": "Fri Sep 08 10:44:11 -0700 2017",
            "date_updated": "Fri Sep 08 10:53:36 -0700 2017",
            "read_at": "",
            "started_at": "",
        }
        for user, item, is_read, rating in rows
    ]
    author = {"author_id": "604031", "name": "Ronald J. Fields", "average_rating": "3.92"}
    export.write("goodreads_books_x.json", json.dumps(book) + "\n")
    export.write("goodreads_interactions_x.json", "\n".join(map(json.dumps, interactions)))
    export.write("goodreads_book_authors.json", json.dumps(author) + "\n")
    shop = export.read()
    assert shop.rejects == []
    assert shop.rows() == [
        ("u1", "5333265", "rating"),
        ("u2", "5333265", "view"),
        ("u3", "5333265", "like"),
    ]
    assert shop.events[0].value == 5
    read = shop.items["5333265"]
    assert read.attributes["genre"] == ("film",)
    assert read.attributes["author"] == ("Ronald J. Fields",)
    assert read.texts == {"description": "A life."}


def test_hm(export: Export) -> None:
    export.write(
        "transactions_train.csv",
        "t_dat,customer_id,article_id,price,sales_channel_id\n"
        "2018-09-20,000058a12d5b,0108775015,0.0508,2\n2018-09-20,000058a12d5b,0108775044,0.0304,2\n"
        "2018-09-21,00007d2de826,0108775015,0.0152,1\n",
    )
    export.write(
        "articles.csv",
        "article_id,product_code,prod_name,product_type_no,product_type_name,product_group_name,"
        "colour_group_code,colour_group_name,department_no,department_name,index_code,index_name,"
        "index_group_no,index_group_name,section_no,section_name,detail_desc\n"
        "0108775015,0108775,Strap top,253,Vest top,Garment Upper body,09,Black,1676,Jersey Basic,A,"
        "Ladieswear,1,Ladieswear,16,Womens Everyday Basics,Jersey top with narrow straps.\n"
        "0108775044,0108775,Strap top,253,Vest top,Garment Upper body,10,White,1676,Jersey Basic,A,"
        "Ladieswear,1,Ladieswear,16,Womens Everyday Basics,Jersey top with narrow straps.\n",
    )
    export.write(
        "customers.csv",
        "customer_id,FN,Active,club_member_status,fashion_news_frequency,age,postal_code\n"
        "000058a12d5b,,,ACTIVE,NONE,49.0,52043ee2\n00007d2de826,,,ACTIVE,NONE,25.0,2973abc5\n",
    )
    shop = export.read()
    assert shop.rows() == [
        ("000058a12d5b", "0108775015", "purchase"),
        ("000058a12d5b", "0108775044", "purchase"),
        ("00007d2de826", "0108775015", "purchase"),
    ]
    assert (shop.events[0].value, shop.events[0].at) == (0.0508, 1537401600.0)
    top = shop.items["0108775015"]
    assert (top.title, top.texts) == (
        "Strap top",
        {"detail_desc": "Jersey top with narrow straps."},
    )
    assert top.attributes == {
        "colour_group_name": ("Black",),
        "category": ("Garment Upper body", "Garment Upper body > Vest top"),
        "department": ("Ladieswear", "Ladieswear > Womens Everyday Basics"),
    }
    assert "postal_code" not in shop.users["000058a12d5b"].attributes


def test_instacart(export: Export) -> None:
    export.write(
        "orders.csv",
        "order_id,user_id,eval_set,order_number,order_dow,order_hour_of_day,days_since_prior_order\n"
        "2539329,1,prior,1,2,08,\n2398795,1,prior,2,3,07,15.0\n7,2,prior,1,1,10,\n",
    )
    export.write(
        "order_products__prior.csv",
        "order_id,product_id,add_to_cart_order,reordered\n"
        "2539329,196,1,0\n2539329,14084,2,0\n2398795,196,1,1\n7,196,1,0\n",
    )
    export.write(
        "products.csv",
        "product_id,product_name,aisle_id,department_id\n196,Soda,77,7\n14084,Almond Milk,91,16\n",
    )
    export.write("aisles.csv", "aisle_id,aisle\n77,soft drinks\n91,soy lactosefree\n")
    export.write("departments.csv", "department_id,department\n7,beverages\n16,dairy eggs\n")
    shop = export.read()
    assert shop.rejects == []
    assert shop.rows() == [
        ("1", "196", "purchase"),
        ("1", "14084", "purchase"),
        ("1", "196", "purchase"),
        ("2", "196", "purchase"),
    ]
    assert shop.events[2].at - shop.events[0].at == 15 * 86_400 - 3_600
    assert shop.items["196"].title == "Soda"
    assert shop.items["196"].attributes == {"category": ("beverages", "beverages > soft drinks")}
    assert "no dates" in shop.warnings


def test_instacart_in_an_archive(export: Export) -> None:
    import zipfile

    with zipfile.ZipFile(export.folder / "instacart.zip", "w") as archive:
        archive.writestr(
            "orders.csv",
            "order_id,user_id,eval_set,order_number,order_dow,order_hour_of_day,"
            "days_since_prior_order\n7,2,prior,1,1,10,\n8,3,prior,1,1,10,\n",
        )
        archive.writestr(
            "order_products__prior.csv",
            "order_id,product_id,add_to_cart_order,reordered\n7,196,1,0\n8,196,1,0\n",
        )
    shop = export.read("instacart.zip")
    assert shop.rows() == [("2", "196", "purchase"), ("3", "196", "purchase")]


def test_instacart_asks_for_orders(export: Export) -> None:
    path = export.write(
        "order_products__prior.csv",
        "order_id,product_id,add_to_cart_order,reordered\n2539329,196,1,0\n",
    )
    with pytest.raises(InputError, match=r"orders\.csv beside it"):
        export.read(path.name)


def test_recombee(export: Export) -> None:
    export.write("detail_views.csv", "userId,itemId,timestamp,duration\nu1,i1,1767430800,30\n")
    export.write(
        "purchases.csv", "userId,itemId,timestamp,amount,price,profit\nu1,i1,1767430900,1,9.5,2\n"
    )
    export.write(
        "cart_additions.csv", "userId,itemId,timestamp,amount,price\nu1,i2,1767430850,1,7.5\n"
    )
    export.write("bookmarks.csv", "userId,itemId,timestamp\nu2,i2,1767430860\n")
    export.write(
        "ratings.csv", "userId,itemId,timestamp,rating\nu2,i1,1767430870,-1\nu1,i1,1767430880,0.5\n"
    )
    export.write(
        "items.csv", "itemId,title,genre,deleted\ni1,Tent,camping,false\ni2,Mat,camping,true\n"
    )
    shop = export.read(format_name="recombee")
    assert shop.rejects == []
    assert sorted(
        (*row, event.value) for row, event in zip(shop.rows(), shop.events, strict=True)
    ) == [
        ("u1", "i1", "purchase", 9.5),
        ("u1", "i1", "rating", 4.0),
        ("u1", "i1", "view", None),
        ("u1", "i2", "add_to_cart", 7.5),
        ("u2", "i1", "rating", 1.0),
        ("u2", "i2", "like", None),
    ]
    assert shop.items["i1"].title == "Tent"
    assert shop.items["i2"].hidden


def test_personalize(export: Export) -> None:
    export.write(
        "interactions.csv",
        "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,IMPRESSION\n"
        "1,10,1767430800,Watch,0.9,10|11|12\n2,11,1767430801,Click,,\n",
    )
    export.write(
        "items.csv",
        "ITEM_ID,PRICE,CATEGORY_L1,CATEGORY_L2,GENRES,PRODUCT_DESCRIPTION,CREATION_TIMESTAMP\n"
        "10,9.5,Books,Crime,noir|crime,A dark street.,1700000000\n"
        "11,12,Books,,poetry,Short lines.,1700000001\n12,3,Games,Board,,Dice.,1700000002\n",
    )
    export.write("users.csv", "USER_ID,AGE,GENDER\n1,34,F\n2,51,M\n")
    shop = export.read(format_name="personalize")
    assert shop.rejects == []
    assert shop.rows() == [
        ("1", "10", "view"),
        ("1", "11", "impression"),
        ("1", "12", "impression"),
        ("2", "11", "click"),
    ]
    assert shop.events[0].value == 0.9
    item = shop.items["10"]
    assert item.attributes["CATEGORY"] == ("Books", "Books > Crime")
    assert item.attributes["GENRES"] == ("noir", "crime")
    assert item.attributes["PRICE"] == ("9.5",)
    assert item.available_from == 1700000000
    assert item.texts == {"PRODUCT_DESCRIPTION": "A dark street."}
    assert shop.users["1"].attributes["GENDER"] == ("F",)


def test_recbole(export: Export) -> None:
    export.write(
        "ml.inter",
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
        "196\t242\t3\t881250949\n186\t302\t3\t891717742\n186\t242\t5\t891717743\n",
    )
    export.write(
        "ml.item",
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
        "242\tKolya\t1996\tComedy\n302\tL.A. Confidential\t1997\tCrime Film-Noir Mystery\n",
    )
    export.write("ml.user", "user_id:token\tage:token\tgender:token\n196\t49\tM\n186\t39\tF\n")
    export.write("ml.kg", "head_id:token\trelation_id:token\ttail_id:token\nm1\tr1\tm2\n")
    shop = export.read()
    assert shop.rejects == []
    assert shop.rows() == [
        ("196", "242", "rating"),
        ("186", "302", "rating"),
        ("186", "242", "rating"),
    ]
    assert shop.items["302"].title == "L.A. Confidential"
    assert shop.items["302"].attributes["class"] == ("Crime", "Film-Noir", "Mystery")
    assert shop.users["196"].attributes["gender"] == ("M",)


def test_recbole_labels_and_sessions(export: Export) -> None:
    export.write(
        "ctr.inter", "user_id:token\titem_id:token\tlabel:float\n1\ta\t1\n1\tb\t0\n2\ta\t1\n"
    )
    export.write(
        "diginetica.train.inter",
        "session_id:token\titem_id_list:token_seq\titem_id:token\ns1\ta b\tc\ns2\tb\ta\n",
    )
    shop = export.read()
    assert shop.rejects == []
    assert sorted(shop.rows()) == [
        ("1", "a", "like"),
        ("1", "b", "impression"),
        ("2", "a", "like"),
        ("s1", "a", "view"),
        ("s1", "b", "view"),
        ("s1", "c", "view"),
        ("s2", "a", "view"),
        ("s2", "b", "view"),
    ]


def test_a_wrong_name_lists_the_names(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("user,item\na,b\n")
    for command in ("import", "inspect"):
        done = CliRunner().invoke(
            app, [command, str(file), "--format", "shoppify", "-w", str(tmp_path / "shop")]
        )
        assert done.exit_code == 2
        assert "did you mean 'shopify'?" in done.stderr
        assert all(file_format.name in done.stderr for file_format in FORMATS)


def test_the_page_lists_every_format() -> None:
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text()
    for file_format in FORMATS:
        assert f"| `{file_format.name}` |" in page
        assert f"--format {file_format.name} " in page


def test_a_file_that_is_none_of_the_named_format_says_so(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("user,item\na,b\n")
    with pytest.raises(InputError, match=r"a\.csv is no file of format shopify"):
        foretaste.open(tmp_path / "shop").add(file, format="shopify")


def test_inspect_tells_and_writes_the_format(tmp_path: Path) -> None:
    from .test_format_shops import SHOPIFY_PRODUCTS

    file = tmp_path / "stock.csv"
    file.write_text(SHOPIFY_PRODUCTS)
    arguments = ["inspect", str(file), "-w", str(tmp_path / "shop"), "--write"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.stderr
    assert "it has the form of Shopify's export of products" in done.stdout
    written = (tmp_path / "shop" / "foretaste.toml").read_text()
    assert 'format = "shopify"' in written
    inspection = foretaste.inspect(file, folder=tmp_path / "other")
    reasons = {use.column: use.reason for use in inspection.files[0].columns}
    assert reasons["Handle"] == reasons["Vendor"] == "its format"
    shop = foretaste.open(tmp_path / "shop")
    shop.add(file)
    assert shop.store.item_ids() == {"trail-tee", "camp-mug", "old-hat"}
    shop.close()


def test_films_that_look_like_movielens_are_read_by_their_values(shop: Shop) -> None:
    rows = "".join(f'{n},Film {n} (1995),"Drama, War"\n' for n in range(4))
    shop.add("items", f"movieId,title,genres\n{rows}")
    assert shop.items["3"].attributes["genres"] == ("Drama", "War")


def test_the_settings_count_for_more_than_a_format(shop: Shop) -> None:
    table = "movieId,title,genres\n1,Heat (1995),Crime;Drama\n2,Big (1988),Comedy;Drama\n"
    shop.add("items", table, separators={"genres": ";"})
    assert shop.items["1"].attributes["genres"] == ("Crime", "Drama")
