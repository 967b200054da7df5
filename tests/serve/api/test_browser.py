"""The browser's client in a real Chromium, against the real service."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.domain.data import Event
from foretaste.serve.http.keys import create_key
from foretaste_client import sign_user_token

from ..workspace import serving, until

PAGE = """<!doctype html><title>shop</title><script src="/client.js"></script>
<style>div { height: 120px } hr { height: 3000px }</style>
<body><script>const shop = new Foretaste({ every: 50, seconds: 0.05 });</script></body>"""
FILL = """async () => {
  const list = await shop.recommend({ n: 6 });
  list.items.forEach((item, place) => {
    if (place === 3) document.body.append(document.createElement("hr"));
    const one = document.createElement("div");
    one.id = "place" + (place + 1);
    document.body.append(one);
    shop.show(one, item, list);
  });
  return list;
}"""


def test_the_file_is_there_for_pages_anywhere(client: httpx.Client) -> None:
    answer = client.get("/client.js")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "class Foretaste" in answer.text


@pytest.fixture(scope="module")
def shop(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, SqlStore]]:
    """(URL of a service, its store)"""
    folder = tmp_path_factory.mktemp("browser") / "workspace"
    shutil.copytree(trained, folder)
    with serving(folder) as client, SqlStore(folder / STORE_FILE) as store:
        yield str(client.base_url), store


class Visit:
    """A page of the shop, in a browser that has never been there."""

    def __init__(self, browser: Any, url: str, store: SqlStore) -> None:
        self.context = browser.new_context()
        self.url, self.store, self.after = url, store, store.last_event_number()
        self.sent: list[str] = []
        self.context.route(
            f"{url}/shop.html", lambda route: route.fulfill(body=PAGE, content_type="text/html")
        )
        self.context.route(f"{url}/away.html", lambda route: route.fulfill(body="away"))
        self.page = self.context.new_page()
        self.context.on("request", self._note)
        self.go()

    def _note(self, request: Any) -> None:
        if "/v1/" in request.url:
            self.sent.append(request.url.removeprefix(self.url))

    def go(self) -> None:
        self.page.goto(f"{self.url}/shop.html")

    def run(self, script: str, value: Any = None) -> Any:
        return self.page.evaluate(script, value)

    def events(self) -> list[Event]:
        return [event for _, event in self.store.events(after_number=self.after)]

    def until(self, count: int) -> list[Event]:
        def there() -> bool:
            self.page.wait_for_timeout(20)  # lets the browser's messages through
            return len(self.events()) >= count

        until(there, f"{count} events")
        return self.events()

    def kept(self) -> dict[str, str]:
        found: dict[str, str] = self.run("() => ({ ...localStorage })")
        return found


@pytest.fixture
def visit(browser: Any, shop: tuple[str, SqlStore]) -> Iterator[Visit]:
    found = Visit(browser, *shop)
    yield found
    found.context.close()


@pytest.mark.slow
def test_without_consent_nothing_is_sent_or_stored(visit: Visit) -> None:
    assert visit.run("() => shop.track({ kind: 'click', item: 'space-1' })") is None
    visit.run("() => shop.identify('b1')")
    listed = visit.run(FILL)
    visit.page.click("#place1")
    visit.page.wait_for_timeout(300)
    visit.page.goto(f"{visit.url}/away.html")
    assert visit.events() == []
    assert visit.sent == ["/v1/recommend"], "an anonymous question that was asked for"
    assert visit.store.recommendations_by_id([listed["recommendation_id"]]) == {}, (
        "and is not kept there"
    )
    visit.go()
    assert visit.kept() == {}


@pytest.mark.slow
def test_what_is_seen_and_clicked_is_attributed(visit: Visit) -> None:
    visit.run("() => shop.consent(true)")
    listed = visit.run(FILL)
    first = visit.until(3)
    assert [(one.kind, one.position) for one in first] == [("impression", n) for n in (1, 2, 3)]
    assert {one.recommendation_id for one in first} == {listed["recommendation_id"]}
    assert [one.item for one in first] == [one["id"] for one in listed["items"][:3]]

    visit.page.click("#place5")  # which scrolls there

    later = visit.until(7)[3:]
    assert [one.position for one in later if one.kind == "click"] == [5]
    assert {one.position for one in later if one.kind == "impression"} == {4, 5, 6}
    session = visit.run("() => shop.session")
    assert {one.session for one in visit.events()} == {session}

    visit.run("() => shop.identify('b2')")
    visit.until(8)
    assert visit.store.user_of_session(session) == "b2"
    visit.run("() => { shop.signOut(); }")
    assert visit.run("() => shop.session") != session


def test_somebody_changes_their_lists_and_talks(visit: Visit) -> None:
    assert visit.run("() => shop.profile()") is None, "nobody is named without consent"
    visit.run("() => shop.consent(true)")
    steered = visit.run("() => shop.steer({ wish: 'more space' })")
    assert [one["name"] for one in steered["changes"]] == ["theme: space"]
    assert visit.run("() => shop.profile()")["changes"] == steered["changes"]
    wrong = visit.run("() => shop.steer({ wish: '' }).catch(error => error.problem.status)")
    assert wrong == 422
    said = visit.run("() => shop.chat({ text: 'something about a rocket' })")
    assert said["recommendation"]["items"]
    ranked = visit.run("() => shop.rank(['space-1', 'kitchen-1'])")
    assert {one["id"] for one in ranked["items"]} == {"space-1", "kitchen-1"}
    assert visit.run("() => shop.item('space-1')")["id"] == "space-1"
    assert visit.run("() => shop.about()")["user_access"] == "open"
    assert len(visit.run("() => shop.sampleUsers(2)")["users"]) == 2


@pytest.mark.slow
def test_events_wait_while_the_browser_is_offline(visit: Visit) -> None:
    visit.run("() => shop.consent(true)")
    visit.context.set_offline(True)
    name = visit.run("() => shop.track({ kind: 'click', item: 'space-2' })")
    assert visit.run("() => shop.flush()") == 1
    assert json.loads(visit.kept()["foretaste.queue"])[0]["event_id"] == name
    assert visit.events() == []

    visit.context.set_offline(False)

    assert [one.event_id for one in visit.until(1)] == [name]
    assert visit.run("() => shop.flush()") == 0


@pytest.mark.slow
def test_what_happens_as_the_page_is_left_arrives_and_counts_once(visit: Visit) -> None:
    visit.run("() => { shop.consent(true); shop.every = 60000; }")
    visit.run("() => shop.track({ kind: 'click', item: 'space-3' })")
    visit.page.goto(f"{visit.url}/away.html")
    assert [one.item for one in visit.until(1)] == ["space-3"]

    visit.go()  # the queue could not know, and sends it again

    until(lambda: visit.run("() => shop.flush()") == 0, "sent again")
    assert "/v1/events" in visit.sent  # the browser does not tell of what was sent in leaving
    assert len(visit.events()) == 1


@pytest.mark.slow
def test_an_id_that_is_used_for_two_events_is_told_to_the_author_of_the_page(visit: Visit) -> None:
    warnings: list[str] = []
    visit.page.on("console", lambda message: warnings.append(message.text))
    visit.run("() => shop.consent(true)")
    for item in ("space-6", "space-6", "space-7"):
        visit.run("item => shop.track({ kind: 'click', item, event_id: 'twice' })", item)
        assert visit.run("() => shop.flush()") == 0
    assert [event.item for event in visit.events()] == ["space-6"]
    (warning,) = warnings  # none for the same click a moment later
    assert warning.startswith("foretaste: event twice: this event_id was used before with another")


@pytest.mark.slow
def test_a_service_that_fails_is_tried_again(visit: Visit) -> None:
    failures = [503, 429]

    def fail(route: Any) -> None:
        if failures:
            route.fulfill(status=failures.pop(0), body="{}")
        else:
            route.continue_()

    visit.context.route("**/v1/events", fail)
    visit.run("() => shop.consent(true)")
    visit.run("() => shop.track({ kind: 'click', item: 'space-4' })")
    assert [one.item for one in visit.until(1)] == ["space-4"]
    assert visit.sent.count("/v1/events") == 3


@pytest.mark.slow
def test_consent_taken_back_removes_what_was_stored(visit: Visit) -> None:
    visit.run("() => shop.consent(true)")
    visit.context.set_offline(True)
    visit.run("() => shop.track({ kind: 'click', item: 'space-5' })")
    assert visit.kept().keys() == {"foretaste.consent", "foretaste.session", "foretaste.queue"}
    visit.run("() => shop.consent(false)")
    assert visit.kept() == {}
    visit.context.set_offline(False)
    visit.page.wait_for_timeout(300)
    assert visit.events() == []


@pytest.fixture(scope="module")
def keyed(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, ...]]:
    """(URL of a service that asks for a key, its store, the key of a page, its signing secret)"""
    folder = tmp_path_factory.mktemp("keyed") / "workspace"
    shutil.copytree(trained, folder)
    with SqlStore(folder / STORE_FILE) as store:
        key, secret = create_key(store.keys, "page", ["read", "events"], now=0.0)
        with serving(folder) as client:
            yield str(client.base_url), store, secret, key.signing_secret


@pytest.mark.slow
def test_with_a_token_the_visit_becomes_the_users_and_without_it_stays_a_visit(
    browser: Any, keyed: tuple[Any, ...]
) -> None:
    url, store, key, signing_secret = keyed
    visit = Visit(browser, url, store)
    visit.run("key => { shop.key = key; shop.consent(true); }", key)
    session = visit.run("() => shop.session")
    visit.run(
        "token => shop.identify('b3', token)", sign_user_token("b3", signing_secret, seconds=-60)
    )
    visit.run("() => shop.track({ kind: 'click', item: 'space-6' })")
    (click,) = visit.until(1)
    assert (click.kind, click.user, click.session) == ("click", None, session)
    assert store.user_of_session(session) is None
    assert visit.run("() => [shop.user, shop.token]") == [None, None], "the token had expired"

    token = sign_user_token("b3", signing_secret)
    visit.run("token => shop.identify('b3', token)", token)
    visit.run("() => shop.track({ kind: 'click', item: 'space-7' })")
    later = visit.until(3)
    assert [(one.kind, one.user) for one in later[1:]] == [("identify", "b3"), ("click", "b3")]
    assert store.user_of_session(session) == "b3"
    visit.run("token => shop.identify('b3', token)", token)
    assert visit.run("() => shop.flush()") == 0
    assert len(visit.events()) == 3, "said once"

    listed = visit.run("() => shop.recommend({ n: 24 })")
    assert not {"space-6", "space-7"} & {one["id"] for one in listed["items"]}
    visit.run("() => { shop.token = shop.token + 'x'; }")
    assert visit.run("() => shop.recommend({ n: 1 })")["items"], "of the visit, which is known"
    assert visit.run("() => shop.token") is None
    visit.run("() => shop.consent(false)")
    assert visit.kept() == {}
    visit.context.close()


@pytest.mark.slow
def test_what_a_visitor_takes_back(visit: Visit) -> None:
    """Also what still waits in the browser: a request that outlived a page may have sent it."""
    assert visit.run("() => shop.takeBack('x')") is None, "without consent nothing is sent"
    visit.run("() => shop.consent(true)")
    name = visit.run("() => shop.track({ event_type: 'hide', item: 'space-2' })")
    visit.until(1)
    answer = visit.run("name => shop.takeBack(name)", name)
    assert (answer["taken_back"], visit.events()) == (1, [])
    visit.run("() => { shop.every = 1e9 }")
    waiting = visit.run("() => shop.track({ event_type: 'hide', item: 'a/b?' })")
    answer = visit.run("name => shop.takeBack(name)", waiting)
    assert answer["unknown"] == [waiting]
    assert visit.run("() => shop.flush()") == 0
    assert visit.events() == []


def test_the_pages_of_a_shop_from_the_browser(visit: Visit) -> None:
    visit.page.evaluate("shop.consent(true)")
    told = visit.page.evaluate(
        """async () => {
          const page = await shop.page(["for_you", { id: "hot", kind: "popular" }], { n: 2 });
          const [first, last] = [shop.suggest("ro"), shop.suggest("rocket")];
          return {
            shelves: page.shelves.map((shelf) => [shelf.id, shelf.items.length]),
            ids: new Set(page.shelves.map((shelf) => shelf.recommendation_id)).size,
            late: await first,
            typed: (await last).suggestions.length,
            facets: (await shop.facets({ facets: ["theme"] })).facets[0].values.length,
            together: (await shop.boughtTogether("space-1", { n: 1 })).items.length,
            beside: (await shop.itemPage("space-1", { n: 1 })).item.title,
          };
        }"""
    )
    assert told.pop("typed") > 0
    assert told.pop("beside").startswith("The planet")
    assert told == {
        "shelves": [["for_you", 2], ["hot", 2]],
        "ids": 2,
        "late": None,
        "facets": 2,
        "together": 1,
    }
    with pytest.raises(Exception, match="there is no item 'nope'"):
        visit.page.evaluate("shop.itemPage('nope')")
