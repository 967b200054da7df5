"""Which file is events, items or users, by columns, values and names of common exports."""

import json
from pathlib import Path

import pytest

from foretaste.behaviour.inspection.record_types import guess_record_type
from foretaste.behaviour.rows import open_table
from foretaste.behaviour.settings import BehaviourSettings

NOW = 1_772_366_400.0
SESSION_ROWS = [
    {"session": 1, "events": [{"aid": 5, "ts": 1_659_304_800_025, "type": "clicks"}]},
    {"session": 2, "events": [{"aid": 6, "ts": 1_659_304_900_025, "type": "carts"}]},
]
PRODUCT_ROWS = [
    {"id": 1, "title": "Shirt", "variants": [{"id": 11, "sku": "S-1"}]},
    {"id": 2, "title": "Cap", "variants": [{"id": 21, "sku": "C-1"}]},
]
PLAYLIST_ROWS = [
    {"playlist_id": f"p{n}", "owner": f"u{n}", "name": "Meine Lieblinge", "tracks": [1, 2, n]}
    for n in range(4)
]
FILES = [
    ("playlists.json", json.dumps(PLAYLIST_ROWS), "events"),
    ("wishlists.csv", "wishlist_id,name,product_id\n1,Xmas,4\n1,Xmas,5\n2,Mum,4\n", "events"),
    ("ratings.csv", "userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n", "events"),
    ("movies.csv", "movieId,title,genres\n1,Toy Story,Drama\n2,Heat,Crime\n", "items"),
    ("tags.csv", "userId,movieId,tag,timestamp\n1,31,dark,1260759144\n", "events"),
    ("data.csv", "timestamp,visitorid,event,itemid\n1433221332117,257597,view,355908\n", "events"),
    ("export.csv", "Handle,Title,Vendor\nshirt,Shirt,Acme\ncap,Cap,Acme\n", "items"),
    (
        "orders_export.csv",
        "Name,Email,Created at,Lineitem name,Lineitem sku\n#1,a@b.c,2026-01-02 10:00,Shirt,S-1\n",
        "events",
    ),
    ("BX-Users.csv", '"User-ID";"Location";"Age"\n"1";"nyc, usa";"30"\n', "users"),
    ("x.csv", "id,age,gender,occupation\n1,24,M,writer\n2,30,F,other\n", "users"),
    ("x.csv", "id,name,brand\n1,Shirt,Acme\n2,Cap,Acme\n", "items"),
    ("customers.csv", "id,name\n1,Anna\n2,Ben\n", "users"),
    ("customers.csv", "customer_id,club_member_status,age\nab,ACTIVE,24\n", "users"),
    (
        "books.csv",
        "book_id,title,author_id,isbn\n1,A,7,111\n2,B,7,112\n3,C,8,113\n4,D,8,114\n",
        "items",
    ),
    (
        "Electronics.csv",
        "rating,title,text,asin,user_id,timestamp\n5,Good,Fine,B1,u1,1588687728923\n"
        "4,Nice,Fine,B2,u2,1588687728923\n3,So so,Fine,B3,u3,1588687728923\n",
        "events",
    ),
    ("otto.jsonl", "".join(json.dumps(row) + "\n" for row in SESSION_ROWS), "events"),
    ("products.json", json.dumps({"products": PRODUCT_ROWS}), "items"),
    ("wide.csv", 'user,search_history,clicks\nu1,"[""red""]","[""i1""]"\n', "events"),
    ("searches.csv", "user_id,search_query,date\nu1,red shoes,2026-01-02\n", "events"),
    ("links.csv", "movieId,imdbId,tmdbId\n1,114709,862\n2,113497,8844\n", None),
    (
        "history.csv",
        "listener,clip,played_at,ms\n"
        + "".join(f"l{n % 3},c{n},09/0{n % 9 + 1}/2026,{n}\n" for n in range(12)),
        "events",
    ),
    (
        "history.csv",
        "fan,clip,played_at,ms\n"
        + "".join(f"l{n % 3},c{n},09/0{n % 9 + 1}/2026,{n}\n" for n in range(12)),
        None,
    ),
    ("plays.csv", "listener,episode,played_at\nl1,e1,2026-01-02\nl1,e2,2026-01-03\n", "events"),
    ("parts.csv", "PartNo,Title,UoM\nBX-1,Seal kit,EA\nBX-2,Filter,EA\n", "items"),
    (
        "abos.csv",
        "Leser-Nr.;Abo;Abo seit;PLZ\n"
        + "".join(f"L{n};Print;01.03.2019;0106{n % 10}\n" for n in range(20)),
        "users",
    ),
    ("x.csv", "Nr;Abo;Abo seit\n1;Print;01.03.2019\n2;Digital;01.04.2019\n", "users"),
    ("abrufe.csv", "Zeitpunkt;Leser-Nr.;Artikel-ID\n02.11.2026 17:06;L1;7\n", "events"),
    (
        "tracks.csv",
        "isrc,track_name,artist_name\nUSRC17607839,Blue,Foxes\nDEA1,Red,Keys\n",
        "items",
    ),
    ("plays.csv", "user,isrc,played_at\nu1,USRC17607839,2026-01-02\n", "events"),
    ("weather.csv", "city,degrees\nOslo,3\nRome,20\n", None),
    ("reviews.csv", "product_id,stars,review_date\np1,5,2026-01-02\n", None),
]


@pytest.mark.parametrize(("name", "text", "record_type"), FILES, ids=lambda part: str(part)[:20])
def test_a_file_is_told_by_its_columns_and_its_name(
    name: str, text: str, record_type: str | None, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with open_table(path) as table:
        guess = guess_record_type(table, BehaviourSettings(), NOW)
    assert guess.record_type == record_type, guess.reason
    assert guess.reason


def test_columns_that_the_settings_name_count(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("wer,was\nu1,i1\n")
    settings = BehaviourSettings.model_validate(
        {"columns": {"events": {"user": "wer", "item": "was"}}}
    )
    with open_table(path) as table:
        assert guess_record_type(table, BehaviourSettings(), NOW).record_type is None
        assert guess_record_type(table, settings, NOW).record_type == "events"
