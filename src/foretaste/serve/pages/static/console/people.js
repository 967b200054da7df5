/* People: find somebody, see their history, their list and why, and what may keep an item out. */

import { barStyle, drawPlot, naturalTitle, plural } from "../base.js";
import { eventTypeName } from "./event_names.js";
import { call, debounced, expertName, hashParameters, moment, nameAxis, nameMargin, number, operatorPage, path, setHash, t, termText, toast } from "./frame.js";

const LIST_LENGTH = 10;
const AVERAGE = "average item"; // what a part says of any item: the same for all, so no reason
const NEGATIVE = ["dislike", "hide"];
const SILENT = ["impression", "identify", "rating", "review", "search"];

operatorPage("people", () => ({
  words: "",
  people: [],
  hasMore: false,
  user: "",
  person: null,
  list: [],
  listNote: "",
  isListed: false,
  openItem: "",
  itemWords: "",
  itemResults: [],
  verdict: null,
  verdictItem: "",
  verdictName: "",

  async load() {
    const { user, item } = Object.fromEntries(hashParameters());
    this.search = debounced(() => this.attempt(() => this.find()));
    this.searchItems = debounced(() => this.attempt(() => this.findItems()));
    if (user) this.words = this.words || user;
    await this.find();
    addEventListener("console:erased", () => this.forget(), { once: true });
    addEventListener("hashchange", () => {
      const chosen = hashParameters().get("user");
      if (chosen && chosen !== this.user) this.choose(chosen);
    });
    if (user) this.choose(user, item);
  },
  search() {},
  searchItems() {},
  async find() {
    const answer = await call(`/v1/people?n=40&q=${path(this.words.trim())}`);
    this.people = answer.people.map((row) => ({ user: row.user, time: row.at ? moment(row.at) : "" }));
    this.hasMore = answer.has_more;
  },
  get resultsText() {
    if (!this.words.trim()) return t("Those who did something last");
    return this.hasMore ? t("There are more: type more of the id") : t("Found");
  },
  get nobodyText() {
    if (!this.words.trim()) return t("Nobody has done anything yet. Import events, or send them as they happen.");
    return t("Nobody of this name. Ids are written as the shop sends them.");
  },
  get finderClass() {
    return this.user ? "chosen" : "";
  },
  isChosen(user) {
    return String(user === this.user);
  },
  async choose(user, item = "") {
    this.openItem = "";
    this.verdict = null;
    this.itemResults = [];
    this.list = [];
    this.isListed = false;
    await this.act(async () => {
      this.person = await call(`/v1/people/${path(user)}?n=50`);
      this.user = user;
      setHash({ user });
      await Promise.all([this.makeList(), item ? this.whyNot(item) : null]);
    });
    this.isListed = true;
  },
  async makeList() {
    const question = { user: this.user, n: LIST_LENGTH, explain: true, incognito: true, explore: 0, timeout_ms: 10000 };
    let answer;
    try {
      answer = await call("/v1/recommend", { body: question });
    } catch (problem) {
      if (problem.isKeyProblem || !("detail" in problem)) throw problem;
      this.listNote = problem.detail; // what they did is shown all the same
      return;
    }
    this.listNote = answer.degraded ? answer.degraded.reason : answer.shortfall ? answer.shortfall.reason : "";
    this.list = answer.items.map((item) => ({
      id: item.id,
      position: item.position,
      title: naturalTitle(item),
      why: item.reason.length ? item.reason[0] : t("Nothing sets it apart: it is what suits anybody"),
      sourceText: sourceName(item.source),
      terms: (item.terms || []).filter((term) => term.feature !== AVERAGE),
      parts: parts(item.terms || [], this.titles),
      likelier: likelierText(item.terms || []),
    }));
  },
  /* Of the items that the person did something with, by id. */
  get titles() {
    return Object.fromEntries((this.person ? this.person.events : []).filter((event) => event.title).map((event) => [event.item, naturalTitle(event)]));
  },
  get summary() {
    if (!this.person) return "";
    const attributes = Object.entries(this.person.attributes).map(([name, values]) => `${name}: ${values.join(", ")}`);
    const sessions = this.person.sessions.length ? [plural("known on {count} device", "known on {count} devices", this.person.sessions.length)] : [];
    return [...attributes, ...sessions].join(" · ") || t("Nothing is known of them but what they did.");
  },
  get events() {
    return (this.person ? this.person.events : []).map((event) => ({
      event_id: event.event_id,
      event_type: eventTypeName(event.event_type),
      what: naturalTitle({ title: event.title, id: event.item }) || event.query || event.text || t("the whole list"),
      detail: [moment(event.at), event.value === undefined ? "" : number(event.value, 2), event.position ? t("at place {place}", { place: event.position }) : ""].filter(Boolean).join(" · "),
      style: NEGATIVE.includes(event.event_type) ? "less" : SILENT.includes(event.event_type) ? "" : "more",
    }));
  },
  get changes() {
    return (this.person ? this.person.changes : []).map((change) => ({
      name: change.name,
      text: change.wording || `${actName(change)}: ${Object.entries(change.filter).map(([column, value]) => `${column} ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ")}`,
      style: change.act === "mute" || change.nats < 0 ? "less" : "more",
    }));
  },
  get lists() {
    return (this.person ? this.person.lists : []).slice(0, 20).map((given) => ({
      recommendation_id: given.recommendation_id,
      summary: [moment(given.at), given.placement || "", plural("{count} item", "{count} items", given.items.length)].filter(Boolean).join(" · "),
      rows: given.items.map(([item, position]) => ({ position, title: naturalTitle({ title: given.titles[item], id: item }) })),
    }));
  },
  isOpen(item) {
    return String(this.openItem === item.id);
  },
  open(item) {
    this.openItem = this.openItem === item.id ? "" : item.id;
  },
  waterfall(box, item) {
    const steps = waterfallSteps(item.terms);
    const total = steps.length ? steps[steps.length - 1].end : 0;
    const rows = [...steps, { name: t("All together"), start: 0, end: total, value: total, isTotal: true }];
    drawPlot(box, ({ Plot, color, width }) => ({
      height: 32 * rows.length + 34, marginLeft: nameMargin(width), marginRight: 48,
      x: { label: null, grid: true, ticks: 4 },
      y: { domain: rows.map((row) => row.name) },
      marks: [
        nameAxis(Plot, nameMargin(width)),
        Plot.barX(rows, { y: "name", x1: "start", x2: "end", rx: 2, inset: 2, fill: (d) => color(d.isTotal ? "series-2" : d.value < 0 ? "bad" : "good") }),
        Plot.text(rows, { y: "name", x: (d) => Math.max(d.start, d.end), text: (d) => signed(d.value), dx: 6, textAnchor: "start", fill: color("ink") }),
        Plot.ruleX([0], { stroke: color("line-strong") }),
      ],
    }), t("How the score of {title} comes together, part by part", { title: item.title }));
  },
  async findItems() {
    const words = this.itemWords.trim();
    this.itemResults = words ? (await call(`/v1/catalogue?n=8&q=${path(words)}`)).items : [];
  },
  async whyNot(item) {
    await this.act(async () => {
      const question = { item, user: this.user, n: LIST_LENGTH };
      const [verdict, known] = await Promise.all([call("/v1/why-not", { body: question }), call(`/v1/items/${path(item)}`)]);
      this.verdict = verdict;
      this.verdictItem = item;
      this.verdictName = naturalTitle({ title: known.title, id: item });
      this.itemResults = [];
      setHash({ user: this.user, item });
      await this.$nextTick();
      document.getElementById("verdict").focus(); // what was clicked is gone, and $refs with it
    });
  },
  get verdictTitle() {
    return this.verdict ? this.verdictName : "";
  },
  get verdictReason() {
    return this.verdict ? this.verdict.reason : "";
  },
  get verdictTerms() {
    const terms = this.verdict ? this.verdict.terms : [];
    const most = Math.max(0.01, ...terms.map((term) => Math.abs(term.difference)));
    return terms.filter((term) => Math.abs(term.difference) >= 0.005).map((term) => ({
      name: expertName(term.expert),
      value: signed(term.difference),
      style: term.difference < 0 ? "lower" : "",
      width: barStyle(Math.abs(term.difference) / most),
    }));
  },
  get verdictLink() {
    return `/console/catalogue#item=${path(this.verdictItem)}`;
  },
  async download() {
    await this.act(async () => save(`${this.user}.json`, await call(`/v1/users/${path(this.user)}/export`)));
  },
  askErasure() {
    dispatchEvent(new CustomEvent("console:erase", { detail: this.user }));
  },
  forget() {
    this.user = "";
    this.person = null;
    this.words = "";
    setHash({});
    this.start();
  },
}));

document.addEventListener("alpine:init", () => {
  Alpine.data("erasure", () => ({
    user: "",
    receipt: null,
    init() {
      addEventListener("console:erase", (event) => {
        this.user = event.detail;
        this.receipt = null;
        this.$root.showModal();
      });
    },
    async erase() {
      try {
        this.receipt = await call(`/v1/users/${path(this.user)}`, { method: "DELETE" });
      } catch (problem) {
        toast(problem.detail, { tone: "wrong" });
      }
    },
    get receiptRows() {
      const labels = { events: t("Events"), sessions: t("Sessions"), recommendations: t("Lists"), attributes: t("Attributes"), changes: t("Changes"), conversations: t("Conversations") };
      const erased = this.receipt ? this.receipt.erased : {};
      return Object.entries(erased).map(([name, count]) => ({ name: labels[name] || name, value: number(count) }));
    },
    get pending() {
      return this.receipt ? this.receipt.pending : [];
    },
    saveReceipt() {
      save("erasure.json", this.receipt);
    },
    close() {
      this.$root.close();
      if (this.receipt) dispatchEvent(new CustomEvent("console:erased"));
    },
  }));
});

function save(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(content, null, 2)], { type: "application/json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function signed(value) {
  return `${value < 0 ? "−" : "+"}${number(Math.abs(value), 2)}`;
}

/* By expert, the largest first, each beginning where the one before ended. */
function waterfallSteps(terms) {
  const sums = new Map();
  for (const term of terms) {
    const name = expertName(term.expert);
    sums.set(name, (sums.get(name) || 0) + term.nats);
  }
  let end = 0;
  return [...sums].filter(([, value]) => Math.abs(value) >= 0.005).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).map(([name, value]) => {
    const start = end;
    end += value;
    return { name, value, start, end };
  });
}

function parts(terms, titles) {
  const telling = terms.filter((term) => term.feature !== AVERAGE && Math.abs(term.nats) >= 0.005);
  return telling.sort((a, b) => Math.abs(b.nats) - Math.abs(a.nats)).slice(0, 20).map((term, place) => ({
    number: place,
    name: expertName(term.expert),
    text: termText({ ...term, event: titles[term.event] || term.event }),
    value: signed(term.nats),
  }));
}

/* How many times as likely as an average item: the terms are logarithms. */
function likelierText(terms) {
  const total = terms.filter((term) => term.feature !== AVERAGE).reduce((sum, term) => sum + term.nats, 0);
  if (total <= 0) return t("No likelier than an average item.");
  return t("About {times} times as likely as an average item.", { times: number(Math.exp(Math.min(total, 20)), total < 2 ? 1 : 0) });
}

function sourceName(source) {
  const names = { pinned: t("pinned"), promoted: t("promoted by a rule"), explored: t("tried out"), new: t("new"), fallback: t("stood in"), trending: t("popular now"), taken: t("taken before"), unfiltered: t("outside the filter") };
  return names[source] || "";
}

function actName(change) {
  if (change.act === "mute") return t("never");
  if (change.act === "only") return t("nothing but");
  return change.nats < 0 ? t("less") : t("more");
}
