/* The shop window: one component for the whole page. Its parts are in the files beside this one. */

import { key, number, percent, plural, t, toast } from "../base.js";
import { drawCover } from "./covers.js";
import { markMoves, moveLines, moveText, placesOf, slideFrom, spotsOf } from "./moves.js";
import { search } from "./search.js";
import { LIST, become, client, problemOf, resume } from "./service.js";
import { talk } from "./talk.js";
import { taste } from "./taste.js";
import { activityOf, columnLabel, factsOf, scoreBars, somebodyLine, tasteLine, tellingEvents, titleOf } from "./words.js";

const PICKS = 3;
const SHELF_LENGTH = 12;
const RETRY = 1500;
const TRAINING_RETRY = 10000; // a training takes longer than a start
const HOME = [
  { id: "resume", kind: "resume" },
  { id: "for-you", kind: "for_you" },
  { id: "because", kind: "because_you_took" },
  { id: "popular", kind: "popular", window: "30d" },
  { id: "new", kind: "new", window: "90d" },
  { id: "explore", kind: "explore" },
];

const part = (name) => document.getElementById(name);

/* Getters stay getters, other than with a spread. */
function joined(...parts) {
  return parts.reduce((whole, part) => Object.defineProperties(whole, Object.getOwnPropertyDescriptors(part)), {});
}

const shop = {
  state: "loading", // loading, key, choose, pick, shelves
  view: "home", // home, search, item
  problem: null,
  about: { name: "", activity: "choose", scopes: [], user_access: "open", items: 0, columns: [] },
  person: null,
  people: null,
  shelves: [],
  loading: true,
  busy: false,
  toldTurn: 0,
  milliseconds: 0,
  model: "",
  news: null,
  deeds: [],
  liked: {},
  turn: 0,
  picks: [],
  pickItems: [],
  seed: null,
  item: null,
  itemShelves: [],
  itemMissing: false,
  why: null,
  retryTimer: null,
  titles: new Map(),

  /* ---- beginning, and beginning again ---- */

  init() {
    addEventListener("foretaste:key", () => (this.state = "key"));
    addEventListener("foretaste:key-entered", () => this.start());
    addEventListener("hashchange", () => this.route());
    addEventListener("online", () => this.retry());
    this.start();
  },

  async start() {
    this.state = "loading";
    const somebody = resume();
    await this.attempt(async () => {
      this.about = await client.about();
      document.body.dataset.activity = this.about.activity;
      this.person = somebody;
      if (somebody && somebody.user && !this.mayChoose) become((this.person = null));
      if (this.mayChoose) this.loadPeople();
      this.state = this.person ? "shelves" : "choose";
      const loading = [this.refresh()];
      if (this.person) loading.push(this.loadProfile());
      await Promise.all([...loading, this.route()]);
    }, () => this.start());
  },

  async loadPeople() {
    await this.attempt(async () => {
      const { users } = await client.sampleUsers(7);
      this.people = users.map((user) => ({ ...user, line: tasteLine(user), covers: user.latest_items.slice(0, 3).map((item) => ({ ...item, attributes: this.kindOf(user) })), latest: user.latest_items.slice(0, 2).map(titleOf).join(", ") }));
    }, () => this.loadPeople());
  },

  kindOf(user) {
    return { genres: user.tastes.map((one) => one.value) };
  },

  /* What is asked of each item: all that tells it apart, and its picture. */
  get properties() {
    return [...this.about.columns.slice(0, 20), "image"];
  },

  /* Whether this key may name the users there are. */
  get mayChoose() {
    return this.about.scopes.includes("admin") && this.about.user_access === "open";
  },

  get mayRecord() {
    return this.about.scopes.some((scope) => scope === "events" || scope === "admin");
  },

  mayAct() {
    if (this.mayRecord) return true;
    toast(t("This key can only read. To try what a click does, enter a key with the scopes read and events."), { tone: "wrong", actionText: t("Enter a key"), action: () => this.askForKey() });
    return false;
  },

  askForKey() {
    this.state = "key";
    scrollTo(0, 0);
  },

  forgetKey() {
    key.value = "";
    this.start();
  },

  get hasKey() {
    return this.state !== "loading" && Boolean(key.value);
  },

  /* Do it; what goes wrong is shown, and tried again where that may help. → whether it went well */
  async attempt(work, again = null) {
    try {
      await work();
      if (again) this.problem = null; // what else went well says nothing of what did not
      return true;
    } catch (error) {
      const problem = problemOf(error);
      if (problem.isKeyProblem && problem.type !== "user-token") return false;
      if (problem.status === 500 && !error.problem) console.error(error);
      const again_ = again || (() => this.refresh());
      this.problem = { title: problem.title, detail: problem.detail, type: problem.type, again: again_ };
      if (problem.status === 0 || problem.status === 503 || problem.status === 429) {
        clearTimeout(this.retryTimer);
        this.retryTimer = setTimeout(() => this.retry(), this.isUntrained ? TRAINING_RETRY : RETRY);
      }
      return false;
    }
  },

  get isUntrained() {
    return this.problem !== null && this.problem.type === "no-model";
  },

  async retry() {
    clearTimeout(this.retryTimer);
    if (!this.problem) return;
    const { again } = this.problem;
    await client.flush(); // first what was done: the lists are to know of it
    await again();
  },

  /* ---- addresses ---- */

  async route() {
    const [path, parameters] = location.hash.replace(/^#/, "").split("?");
    const [, view, id] = path.split("/");
    const was = this.view;
    this.closeDialogs();
    if (view === "item" && id) {
      this.view = "item";
      await this.openItem(decodeURIComponent(id));
      this.lookedAt();
    } else if (view === "search") {
      this.view = "search";
      await this.showSearch(new URLSearchParams(parameters || ""));
    } else {
      this.view = "home";
      if (was !== "home") this.query = "";
    }
    if (was !== this.view || this.view === "item") scrollTo(0, 0);
  },

  goHome() {
    location.hash = "#/";
  },

  goBack() {
    if (history.length > 1) history.back();
    else this.goHome();
  },

  closeDialogs() {
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  },

  /* ---- who it is ---- */

  get heading() {
    if (!this.person) return "";
    if (this.person.user) return somebodyLine(this.person);
    return t("Somebody new");
  },

  get subheading() {
    if (!this.person) return "";
    if (this.person.user) return activityOf(this.about.activity).record({ events: number(this.person.events), titles: this.person.latest });
    const picked = this.person.picked || [];
    return picked.length ? t("Picked {titles}", { titles: picked.join(", ") }) : t("Nothing is known of you yet: every click counts.");
  },

  async choose(somebody) {
    become(somebody);
    this.person = somebody;
    this.forgetVisit();
    this.state = "shelves";
    scrollTo(0, 0);
    part("main").focus({ preventScroll: true });
    await Promise.all([this.refresh(), this.loadProfile()]);
  },

  chooseAnew() {
    become(null);
    this.person = null;
    this.forgetVisit();
    this.state = "choose";
    this.goHome();
    scrollTo(0, 0);
    this.refresh();
  },

  forgetVisit() {
    Object.assign(this, { shelves: [], news: null, deeds: [], liked: {}, picks: [], seed: null, preferences: [], tasteColumns: [], wishMatches: [], turns: [], conversation: null, talkState: null });
  },

  async beginNew() {
    become({ isNew: true });
    this.person = { isNew: true };
    this.forgetVisit();
    this.state = "pick";
    scrollTo(0, 0);
    await this.loadPicks();
  },

  async loadPicks() {
    await this.attempt(async () => {
      const shelves = [{ id: "picks", kind: "popular", window: "365d", n: 24, diversity: 0.6 }];
      const answer = await client.page(shelves, { ...this.homeFields, incognito: true });
      this.pickItems = answer.shelves.flatMap((shelf) => shelf.items).map((item) => this.decorated(item));
      this.pickList = answer.shelves[0] || null;
    }, () => this.loadPicks());
  },

  pickList: null,

  isPicked(item) {
    return this.picks.includes(item.id);
  },

  get pickText() {
    const left = PICKS - this.picks.length;
    return left > 0 ? plural("{count} more", "{count} more", left) : t("Making your shelves …");
  },

  async pick(item) {
    if (this.isPicked(item)) {
      this.picks = this.picks.filter((id) => id !== item.id);
      return;
    }
    if (!this.mayAct() || this.picks.length >= PICKS) return;
    this.picks = [...this.picks, item.id];
    if (this.picks.length === PICKS) await this.finishPicks();
  },

  async finishPicks() {
    const picked = this.pickItems.filter((one) => this.isPicked(one));
    for (const item of picked) client.track({ event_type: "like", item: item.id });
    const somebody = { isNew: true, picked: picked.map((item) => item.shown) };
    sessionStorage.setItem("foretaste.person", JSON.stringify(somebody));
    this.person = somebody;
    for (const item of picked) this.liked[item.id] = true;
    this.seed = picked[picked.length - 1];
    this.state = "shelves";
    scrollTo(0, 0);
    await client.flush();
    await Promise.all([this.refresh(), this.loadProfile()]);
  },

  async skipPicks() {
    this.state = "shelves";
    await this.refresh();
  },

  /* ---- the shelves ---- */

  /* What all shelves of this page ask: with what the operator says of a start page, such as how old
     an article may be there. */
  get homeFields() {
    const placement = this.about.home_placement;
    return { properties: this.properties, ...LIST, ...(placement ? { placement } : {}) };
  },

  get wanted() {
    if (!this.person) return [{ id: "popular", kind: "popular", window: "30d" }, { id: "new", kind: "new", window: "90d" }];
    const shelves = [...HOME];
    if (this.seed) shelves.splice(2, 0, { id: `like-${this.seed.id}`, kind: "similar", item: this.seed.id });
    return shelves;
  },

  /* Ask for all shelves in one call; each is shown as soon as it comes, the first while the others
     are still made. cause: what somebody did, as { text, undo }; it is said with what moved. */
  async refresh(cause = null) {
    const turn = ++this.turn;
    const before = placesOf(this.shelves);
    this.loading = !this.shelves.length;
    return this.attempt(async () => {
      const began = performance.now();
      const asked = { n: SHELF_LENGTH, ...this.homeFields };
      const { wanted } = this;
      const fresh = [];
      this.busy = true;
      try {
        const answer = await client.page(wanted, this.person ? asked : { ...asked, incognito: true }, (shelf) => {
          if (turn !== this.turn || !shelf.items.length) return;
          fresh.push({ ...shelf, items: shelf.items.map((item) => this.decorated(item)) });
          this.showShelf(fresh, wanted, before, cause);
        });
        if (turn !== this.turn) return;
        this.milliseconds = Math.round(performance.now() - began);
        this.model = answer.model_version;
      } finally {
        if (turn === this.turn) this.busy = false;
      }
      this.shelves = this.shelves.filter((shelf) => fresh.some((one) => one.id === shelf.id));
      this.loading = false;
      if (cause) this.tell(cause, moveLines(fresh, before, cause.unmoved), turn, { isWhole: true });
      if (this.view === "item" && this.item && cause && !cause.isQuiet) this.openItem(this.item.id, { quiet: true });
    }, () => this.refresh(cause));
  },

  /* The newest of the fresh shelves in its place. What it shows goes from those that are still of
     the page before: no item is on a page twice. */
  showShelf(fresh, wanted, before, cause) {
    const shelf = fresh[fresh.length - 1];
    const root = () => document.querySelector(`#shelves [data-id="${CSS.escape(shelf.id)}"]`);
    const spots = spotsOf(root());
    const freshIds = new Set(fresh.map((one) => one.id));
    const shown = new Set(shelf.items.map((item) => item.id));
    for (const old of this.shelves)
      if (!freshIds.has(old.id) && old.items.some((item) => shown.has(item.id))) old.items = old.items.filter((item) => !shown.has(item.id));
    if (cause) markMoves([shelf], before);
    const shelfById = new Map([...this.shelves, shelf].map((one) => [one.id, one]));
    this.shelves = wanted.map(({ id }) => shelfById.get(id)).filter((one) => one && one.items.length);
    this.loading = false;
    if (!cause) return;
    if (fresh.length === 1) this.tell(cause, moveLines(fresh, before, cause.unmoved), this.turn);
    Alpine.nextTick(() => slideFrom(root(), spots));
  },

  /* isWhole: whether all shelves are there; before, only those who see are told. */
  tell(cause, lines, turn, { isWhole = false } = {}) {
    const isTold = this.news && this.news.turn === turn;
    if (!isWhole || isTold || this.toldTurn !== turn) {
      const undo = isTold ? this.news.undo : cause.undo || null;
      this.news = { turn, isWhole, text: cause.text, lines: lines.map((line, place) => ({ ...line, key: place })), undo };
    } // else it was told and closed
    this.toldTurn = turn;
    if (!isWhole || cause.isQuiet || (this.view === "home" && !document.querySelector("dialog[open]"))) return;
    toast(cause.text, cause.undo ? { actionText: t("Undo"), action: () => this.undoNews() } : {});
  },

  async undoNews() {
    const undo = this.news && this.news.undo;
    if (!undo) return;
    this.news.undo = null;
    await undo();
  },

  closeNews() {
    this.news = null;
  },

  /* For a screen reader, which hears it in one go. */
  get newsSummary() {
    if (!this.news || !this.news.isWhole) return "";
    return [this.news.text, ...this.news.lines.map((line) => `${line.text} ${line.why}`.trim())].join(". ");
  },

  get hasUndo() {
    return Boolean(this.news && this.news.undo);
  },

  decorated(item) {
    this.titles.set(item.id, item.title);
    const reason = (item.reason && item.reason[0]) || "";
    return { ...item, shown: titleOf(item), facts: factsOf(item), why: reason, moved: 0, progress: item.progress || 0 };
  },

  moveText,

  /* For a screen reader, of the bar that shows how far somebody got. */
  progressText(item) {
    return t("You stopped at {percent}", { percent: percent(item.progress) });
  },

  shelfKey(shelf, item) {
    return shelf && item ? `${shelf.id} ${item.id}` : "";
  },

  encoded: encodeURIComponent,

  scrollShelf(event, way) {
    const row = event.currentTarget.closest("section").querySelector(".shelf-row");
    row.scrollBy({ left: way * row.clientWidth * 0.85, behavior: "smooth" });
  },

  /* ---- what somebody does ---- */

  like(item, list) {
    if (this.liked[item.id]) return this.undoDeed(this.deeds.find((deed) => deed.item === item.id && deed.type === "like"));
    return this.act("like", item, list, t("You liked {title}", { title: item.shown }));
  },

  less(item, list) {
    return this.act("dislike", item, list, t("Less like {title}", { title: item.shown }));
  },

  hide(item, list) {
    return this.act("hide", item, list, t("{title} is hidden", { title: item.shown }));
  },

  took(item, list) {
    return this.act(activityOf(this.about.activity).event, item, list, `${item.shown}: ${this.tookText}`);
  },

  get tookText() {
    return activityOf(this.about.activity).done;
  },

  get wishExample() {
    return activityOf(this.about.activity).wish;
  },

  get sayings() {
    return activityOf(this.about.activity).sayings;
  },

  async act(type, item, list, text) {
    if (!this.mayAct()) return;
    if (!this.person) {
      become({ isNew: true });
      this.person = { isNew: true };
      this.state = "shelves";
    }
    const id = client.track({ event_type: type, item: item.id, ...(list && list.recommendation_id ? { recommendation_id: list.recommendation_id, position: item.position } : {}) });
    const deed = { id, type, item: item.id, text };
    this.deeds = [deed, ...this.deeds];
    if (type === "like") {
      this.liked[item.id] = true;
      this.seed = item;
    } else this.drop(item);
    if (await client.flush()) {
      this.news = { text, lines: [{ key: 0, text: t("The service does not answer. What you did is kept, and sent when it is back."), why: "" }], undo: null, isWhole: true };
    }
    await this.refresh({ text, undo: () => this.undoDeed(deed) }); // the lists first
    this.loadProfile();
  },

  /* Away at once, before the service has answered. */
  drop(item) {
    for (const shelf of this.shelves) shelf.items = shelf.items.filter((one) => one.id !== item.id);
    this.results = this.results.filter((one) => one.id !== item.id);
    this.otherResults = this.otherResults.filter((one) => one.id !== item.id);
  },

  async undoDeed(deed) {
    if (!deed) return;
    await this.attempt(async () => {
      await client.takeBack(deed.id);
      this.deeds = this.deeds.filter((one) => one.id !== deed.id);
      if (deed.type === "like") {
        delete this.liked[deed.item];
        if (this.seed && this.seed.id === deed.item) this.seed = null;
      }
      await this.refresh({ text: t("Undone: {what}", { what: deed.text }), undo: null });
      this.loadProfile();
      if (this.view === "search") await this.runSearch();
    });
  },

  /* ---- why ---- */

  async openWhy(item, list) {
    this.why = { item, list, title: item.shown, reasons: (item.reasons || []).map((reason, place) => ({ key: place, text: reason.text, percent: reason.share ? percent(reason.share) : "" })), bars: null, values: this.muteValues(item) };
    part("why").showModal();
    await this.attempt(async () => {
      const answer = await client.rank([item.id], { explain: true, ...LIST });
      const [ranked] = answer.items;
      if (!this.why || this.why.item.id !== item.id) return;
      const terms = (ranked && ranked.terms) || [];
      await this.learnTitles(tellingEvents(terms));
      if (!this.why || this.why.item.id !== item.id) return;
      const bars = scoreBars(terms, this.titles);
      this.why = { ...this.why, bars: bars.map((bar, place) => ({ ...bar, key: place, style: { width: `${Math.max(3, bar.share * 100)}%` }, amount: (bar.lower ? "−" : "+") + percent(bar.percent) })) };
    });
  },

  /* Titles of past items, which a list does not tell. */
  async learnTitles(ids) {
    const unknown = ids.filter((id) => !this.titles.has(id));
    const items = await Promise.all(unknown.map((id) => client.item(id).catch(() => ({ id }))));
    for (const item of items) this.titles.set(item.id, item.title || item.id);
  },

  muteValues(item) {
    return Object.entries(item.attributes || {}).flatMap(([column, values]) => values.slice(0, 6).map((value) => ({ key: `${column}:${value}`, column, value }))).slice(0, 10);
  },

  closeWhy() {
    part("why").close();
    this.why = null;
  },

  async fromWhy(deed, value) {
    const { item, list } = this.why;
    this.closeWhy();
    if (deed === "mute") await this.toggleMute({ [value.column]: value.value });
    else await this[deed](item, list);
  },

  /* ---- an item ---- */

  async openItem(id, { quiet = false } = {}) {
    if (!quiet) Object.assign(this, { item: null, itemShelves: [], itemMissing: false });
    await this.attempt(async () => {
      try {
        const answer = await client.itemPage(id, { n: SHELF_LENGTH, ...LIST });
        const { item } = answer;
        this.item = { ...this.decorated(item), facts: factsOf(item), lines: item.facts.map((fact) => ({ ...fact, label: fact.label || columnLabel(fact.column), values: fact.values.map((value, place) => ({ ...value, key: place })) })) };
        this.itemShelves = answer.shelves.filter((shelf) => shelf.items.length).map((shelf) => ({ ...shelf, items: shelf.items.map((one) => this.decorated(one)) }));
        document.title = `${this.item.shown} · Foretaste`;
      } catch (error) {
        if (!error.problem || error.problem.status !== 404) throw error;
        this.itemMissing = true;
      }
    }, () => this.openItem(id));
  },

  /* A look is a click: the shelves know of it when one comes back. */
  async lookedAt() {
    if (!this.item || !this.person || !this.mayRecord) return;
    await client.flush();
    await this.refresh({ text: t("You looked at {title}", { title: this.item.shown }), undo: null, isQuiet: true });
  },

  searchValue(value) {
    if (value.filter) this.goSearch("", value.filter);
  },

  openTaste() {
    part("taste").showModal();
    this.loadProfile();
  },

  get speedText() {
    return plural("{count} shelf in one call, {time} ms", "{count} shelves in one call, {time} ms", this.shelves.length, { time: number(this.milliseconds) });
  },
};

document.addEventListener("alpine:init", () => {
  Alpine.data("shop", () => joined(shop, search, taste, talk));

  /* x-cover="item": the picture of an item, or its drawing. */
  Alpine.directive("cover", (box, { expression }, { evaluateLater, effect }) => {
    const read = evaluateLater(expression);
    let drawnFor = "";
    effect(() =>
      read((item) => {
        const state = item ? JSON.stringify([item.id, item.title, item.attributes, item.image, item.properties]) : "";
        if (!item || state === drawnFor) return;
        drawnFor = state;
        drawCover(box, item);
      }),
    );
  });

  /* x-shown="[item, list]": seen, it is an impression of the list; clicked, a click. */
  Alpine.directive("shown", (element, { expression }, { evaluateLater, effect, cleanup }) => {
    const read = evaluateLater(expression);
    effect(() =>
      read(([item, list]) => {
        client.hide(element);
        if (item && list && list.recommendation_id) client.show(element, item, list);
      }),
    );
    cleanup(() => client.hide(element));
  });
});

