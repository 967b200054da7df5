"""Ids of people and sessions are nowhere at rest, and everything works by them all the same."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from foretaste.behaviour.opening import open_store
from foretaste.behaviour.pseudonym_move import move_to_pseudonyms
from foretaste.behaviour.pseudonymous_store import PseudonymousStore
from foretaste.behaviour.pseudonyms import Pseudonyms
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.cli.main import app
from foretaste.converse.conversation import Chat
from foretaste.domain.consent_store import ConsentChange
from foretaste.domain.data import Event, User
from foretaste.errors import SettingsError, StoreError
from foretaste.loop import Foretaste

NOW = 1_750_000_000.0
USER, SESSION = "anna-at-home-2847", "visit-93847-abc"
PSEUDONYMS = Pseudonyms(b"k" * 32)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "pseudonym.key"
    path.write_text("5" * 64)
    return path


def act(shop: Foretaste) -> None:
    """All that leaves a trace."""
    shop.record([Event("1", "click", NOW, session=SESSION, item="space-1")])
    shop.recommend(session=SESSION, n=3)
    assert shop.identify(SESSION, USER)
    shop.record([Event("2", "click", NOW + 1, USER, SESSION, item="space-2")])
    shop.store.put_users([User(USER, {"country": ("de",)})])
    shop.steer(USER, wish="more space", less_like=["kitchen-1"])
    shop.set_consent(USER, share=False)
    shop.set_consent(session=SESSION, train=True)
    chat = Chat(shop)
    first = chat.say("a film about space", user=USER)
    assert chat.say("show more", user=USER, conversation=first.conversation_id).recommendation
    page = shop.recommend(USER, session=SESSION, n=3)
    shop.recommend(next_page_of=page.recommendation_id)
    shop.recommendation_log.flush()


def files_with(folder: Path, *texts: str) -> set[str]:
    return {
        path.name
        for path in folder.rglob("*")
        if path.is_file() and any(text.encode() in path.read_bytes() for text in texts)
    }


def test_a_pseudonym_stands_for_itself_and_none_can_be_made_up() -> None:
    pseudonym = PSEUDONYMS.user(USER)
    assert PSEUDONYMS.user(pseudonym) == pseudonym != PSEUDONYMS.session(USER)
    made_up = pseudonym[:-1] + ("0" if pseudonym[-1] != "0" else "1")
    assert PSEUDONYMS.user(made_up) != made_up
    assert PSEUDONYMS.session(pseudonym) != pseudonym
    assert Pseudonyms(b"l" * 32).user(USER) != pseudonym


def test_no_id_is_in_any_file_and_all_that_was_done_is_known(trained: Path, key_file: Path) -> None:
    shutil.rmtree(trained / "cache")
    plain = SqlStore(trained / STORE_FILE)
    move_to_pseudonyms(plain, Pseudonyms.of_file(key_file, trained))
    plain.close()
    shop = Foretaste.open(trained, settings={"behaviour.pseudonym_key_file": str(key_file)})
    act(shop)
    kinds = [event.kind for event in shop.store.history(USER, None)]
    assert sorted(kinds) == ["click", "click", "dislike", "identify"]
    assert [event.kind for event in shop.store.bare_history(USER, None)] == kinds
    assert shop.store.user(USER) is not None
    assert [change.act for change in shop.store.preferences(None, SESSION)] == ["boost"]
    assert not shop.consent(USER).allows("share")
    assert len(shop.store.recommendations_to(USER)) >= 3
    assert len(shop.store.conversations_with(USER)) == 1
    data = shop.personal(USER)
    assert data is not None
    assert len(data["consents"]) == 2
    assert shop.store.operator.find_people(USER, 5) == [
        Pseudonyms(key_file.read_bytes()).user(USER)
    ]
    assert "kitchen-1" not in [item.id for item in shop.recommend(USER, n=20)]
    shop.train()
    assert shop.store.purge_log()
    shop.store.scrub()
    assert files_with(trained, USER, SESSION) == set()

    receipt = shop.erase(USER)
    assert receipt.erased.events == 4
    assert shop.personal(USER) is None
    late = Event("1", "click", NOW, session=SESSION, item="space-1")
    assert list(shop.store.event_refusals([late])) == [0]
    shop.close()


def test_of_rejected_rows_the_line_alone_is_kept(trained: Path, key_file: Path) -> None:
    rows = pd.DataFrame({"user": [USER], "item": ["space-1"], "kind": [f"nonsense {SESSION}"]})
    before = Foretaste.open(trained)
    before.add(events=rows)
    before.close()
    rejects = trained / "rejects"
    assert files_with(rejects, USER)
    settings = trained / "foretaste.toml"
    own = f'\n[behaviour]\npseudonym_key_file = "{key_file}"\n'
    settings.write_text(settings.read_text() + own)
    moved = CliRunner().invoke(app, ["pseudonymise", "--workspace", str(trained)])
    assert "1 rejected rows are known by their line alone now" in moved.output
    assert not files_with(rejects, USER, SESSION)

    shop = Foretaste.open(trained)
    result = shop.add(events=rows)[0]
    shop.close()
    assert result.rejected == 1
    assert USER in str(result.rejects[0].row)  # who imports sees it
    assert not files_with(rejects, USER, SESSION)
    [line] = [
        json.loads(line) for path in rejects.iterdir() for line in path.read_text().splitlines()
    ]
    assert line["line"] == result.rejects[0].line
    assert "unknown event type" in line["problem"]


def test_a_workspace_is_moved_and_its_lists_stay(trained: Path, key_file: Path) -> None:
    shop = Foretaste.open(trained)
    act(shop)
    gone = "somebody-erased-before-77"
    shop.record([Event("gone", "click", NOW, gone, item="space-1")])
    shop.erase(gone)
    lists = {user: shop.recommend(user, n=8).items for user in (USER, "u1", "u2")}
    shop.close()
    toml = trained / "foretaste.toml"
    setting = f'[behaviour]\npseudonym_key_file = "{key_file}"'
    toml.write_text(f"{toml.read_text()}\n{setting}\n")
    with pytest.raises(StoreError, match="foretaste pseudonymise"):
        Foretaste.open(trained)

    result = CliRunner().invoke(app, ["pseudonymise", "-w", str(trained)])
    assert result.exit_code == 0, result.output
    assert "31 users and 1 sessions" in result.output
    assert "delete them, and make a new one" in result.output
    assert files_with(trained, USER, SESSION, '"u1"') == set()

    shop = Foretaste.open(trained)
    for user, items in lists.items():
        assert [item.id for item in shop.recommend(user, n=8)] == [item.id for item in items]
    assert len(shop.store.history(USER, None)) == 4
    late = Event("gone", "click", NOW, gone, item="space-1")
    assert list(shop.store.event_refusals([late])) == [0]
    assert shop.store.erased_at(gone) is not None
    shop.close()
    shown = CliRunner().invoke(app, ["pseudonym", USER, "-w", str(trained)])
    assert shown.output.strip() == Pseudonyms(key_file.read_bytes()).user(USER)
    again = CliRunner().invoke(app, ["pseudonymise", "-w", str(trained)])
    assert again.exit_code == 2


def test_ids_and_key_must_fit(tmp_path: Path, key_file: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()

    def opened(path: Path | None) -> SqlStore:
        return open_store(BehaviourSettings(pseudonym_key_file=path and str(path)), folder)

    with opened(key_file) as store:
        store.add_events([Event("1", "click", NOW, USER, item="a")])
    assert files_with(folder, USER) == set()
    with pytest.raises(StoreError, match="ids in this store are pseudonyms; name the file"):
        opened(None)
    other = tmp_path / "other.key"
    other.write_text("6" * 64)
    with pytest.raises(StoreError, match="another key"):
        opened(other)
    for path, problem in (
        (tmp_path / "none.key", "openssl rand -hex 32"),
        (folder / "beside.key", "keep it elsewhere"),
    ):
        with pytest.raises(SettingsError, match=problem):
            opened(path)
    other.write_text("short")
    with pytest.raises(SettingsError, match="5 bytes"):
        opened(other)


class PseudonymousContract:
    @pytest.fixture
    def store(self, url: str | Path) -> Iterator[PseudonymousStore]:
        with PseudonymousStore(PSEUDONYMS, url) as opened:
            yield opened

    def test_sessions_and_take_backs(self, store: PseudonymousStore) -> None:
        store.add_events([Event("1", "click", NOW, session=SESSION, item="a")])
        assert store.identify(SESSION, USER, NOW)
        assert store.user_of_session(SESSION) == PSEUDONYMS.user(USER)
        assert store.sessions_of_user(USER) == {PSEUDONYMS.session(SESSION)}
        assert [event.item for event in store.history(USER, None) if event.item] == ["a"]
        assert store.delete_events(USER, "a") == 1
        assert store.people_page("", 5) == [PSEUDONYMS.user(USER)]
        assert store.erase(USER).sessions == 1

    def test_a_store_is_moved(self, url: str | Path) -> None:
        with SqlStore(url) as plain:
            plain.add_events([Event("1", "click", NOW, USER, SESSION, "a")])
            plain.put_users([User(USER, {"country": ("de",)})])
            plain.put_consents([ConsentChange(None, SESSION, {"train": False})], NOW)
            plain.put_consents([ConsentChange(USER, None, {"share": False})], NOW)
            move = move_to_pseudonyms(plain, PSEUDONYMS)
            assert (move.users, move.sessions) == (1, 1)
            assert plain.user(USER) is None
        with PseudonymousStore(PSEUDONYMS, url) as store:
            assert store.user(USER) is not None
            refusals = store.consent(USER, SESSION).refusals
            assert refusals == {"train": "session", "share": "person"}


class TestSQLite(PseudonymousContract):
    @pytest.fixture
    def url(self, tmp_path: Path) -> Path:
        return tmp_path / "behaviour.db"


class TestPostgreSQL(PseudonymousContract):
    @pytest.fixture
    def url(self, empty_postgres: str) -> str:
        return empty_postgres
