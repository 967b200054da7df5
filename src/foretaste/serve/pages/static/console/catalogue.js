/* Catalogue: find items, see all that is known of one, hide it, edit it. */

import { barStyle, naturalTitle } from "../base.js";
import { eventTypeName } from "./event_names.js";
import { call, debounced, featureTypeName, hashParameters, moment, number, operatorPage, path, setHash, t, toast } from "./frame.js";

const OWN_FIELDS = ["id", "title", "image", "audio", "available_from", "available_until", "hidden"];
const LONG_CHARACTERS = 80;
const MAX_TAKERS = 12;

operatorPage("catalogue", () => ({
  words: "",
  state: "all",
  filter: "",
  filterProblem: "",
  items: [],
  cursor: "",
  details: null,
  whyUser: "",

  async load() {
    this.search = debounced(() => this.attempt(() => this.find()));
    const { item } = Object.fromEntries(hashParameters());
    await this.find();
    if (item) await this.choose(item);
    addEventListener("console:edited", (event) => this.choose(event.detail));
    addEventListener("hashchange", () => {
      const chosen = hashParameters().get("item");
      if (chosen && chosen !== this.itemId) this.choose(chosen);
    });
  },
  search() {},
  async find(cursor = "") {
    const query = new URLSearchParams({ q: this.words.trim(), state: this.state, n: 40 });
    if (this.filter.trim()) query.set("filter", this.filter);
    if (cursor) query.set("cursor", cursor);
    this.filterProblem = "";
    let answer;
    try {
      answer = await call(`/v1/catalogue?${query}`);
    } catch (problem) {
      if (!this.filter.trim() || problem.isKeyProblem) throw problem;
      this.filterProblem = problem.detail;
      return;
    }
    const notes = { shown: "", hidden: t("hidden"), upcoming: t("not yet"), ended: t("over") };
    const rows = answer.items.map((item) => ({ id: item.id, title: naturalTitle(item), note: notes[item.state] || item.id }));
    this.items = cursor ? [...this.items, ...rows] : rows;
    this.cursor = answer.cursor || "";
  },
  more() {
    return this.attempt(() => this.find(this.cursor));
  },
  get emptyText() {
    const isAsked = this.words.trim() || this.filter.trim() || this.state !== "all";
    return isAsked ? t("No such item.") : t("The catalogue is empty. Import items, or send them as they come.");
  },
  get finderClass() {
    return this.details ? "chosen" : "";
  },
  isChosen(id) {
    return String(this.details !== null && this.details.item.id === id);
  },
  async choose(id) {
    await this.act(async () => {
      this.details = await call(`/v1/catalogue/${path(id)}`);
      setHash({ item: id });
    });
  },
  get itemId() {
    return this.details ? this.details.item.id : "";
  },
  get title() {
    return this.details ? naturalTitle(this.details.item) : "";
  },
  get stateText() {
    const names = { shown: t("on offer"), hidden: t("hidden"), upcoming: t("not on offer yet"), ended: t("no longer on offer") };
    return this.details ? names[this.details.state] : "";
  },
  get stateStyle() {
    return this.details && this.details.state === "shown" ? "good" : "bad";
  },
  get hideText() {
    return this.details && this.details.item.hidden ? t("Show again") : t("Hide from all lists");
  },
  get missing() {
    const reasons = {
      hidden: t("It is hidden: no list shows it. Show it again above."),
      upcoming: t("It is not on offer yet: see available_from below."),
      ended: t("It is no longer on offer: see available_until below."),
      "not-met": t("The model has not taken it in yet. That takes a moment; longer, and the service's log says why."),
      "no-text": t("There is nothing to read of it. Give it a title, a description or attributes."),
      "never-taken": t("Nobody has taken it yet: only its text speaks for it, so it stands low in lists or among the new."),
    };
    return (this.details ? this.details.missing : []).map((reason) => reasons[reason]);
  },
  get tiles() {
    if (!this.details) return [];
    const { times_taken: taken, popularity_rank: rank, event_counts: counts } = this.details;
    const events = Object.entries(counts).sort((a, b) => b[1] - a[1]);
    return [
      { label: t("Taken"), value: taken === null ? "–" : number(taken), text: t("times, as the model counts") },
      { label: t("Popularity"), value: rank === null ? "–" : t("no. {rank}", { rank: number(rank) }), text: t("among all items") },
      ...events.slice(0, 4).map(([name, count]) => ({ label: eventTypeName(name), value: number(count), text: t("events") })),
    ];
  },
  get known() {
    if (!this.details) return [];
    const types = Object.fromEntries(this.details.feature_types.map((feature) => [feature.column, feature.type]));
    return Object.entries(this.details.item).filter(([name]) => !["id", "title"].includes(name)).map(([name, value]) => ({
      name: types[name] ? `${name} (${featureTypeName(types[name])})` : name,
      value: name.startsWith("available") ? moment(value) : Array.isArray(value) ? value.join(", ") : String(value),
    }));
  },
  get readText() {
    if (!this.details) return "";
    return this.details.text || t("Nothing yet.");
  },
  get textNeighbours() {
    return this.details ? bars(this.details.text_neighbours, 2) : [];
  },
  get behaviourNeighbours() {
    return this.details ? bars(this.details.behaviour_neighbours, 1) : [];
  },
  get takers() {
    return (this.details ? this.details.newest_events : []).slice(0, MAX_TAKERS).map((event, place) => ({
      number: place,
      who: event.user || event.session || t("nobody"),
      link: event.user ? `/console/people#user=${path(event.user)}` : "#main",
      what: eventTypeName(event.event_type),
      value: event.value === null ? "" : number(event.value, 2),
      time: moment(event.at),
    }));
  },
  async toggleHidden() {
    const hidden = !this.details.item.hidden;
    await this.setHidden(hidden);
    toast(hidden ? t("Hidden: no list shows it from now on") : t("Shown again from the next list on"), {
      actionText: t("Undo"),
      action: () => this.setHidden(!hidden),
    });
  },
  async setHidden(hidden) {
    const id = this.itemId;
    await this.act(async () => {
      await call(`/v1/items/${path(id)}`, { method: "PATCH", body: { hidden } });
      await this.choose(id);
      await this.find();
    });
  },
  edit() {
    dispatchEvent(new CustomEvent("console:edit", { detail: this.details.item }));
  },
  askWhyNot() {
    location.href = `/console/people#user=${path(this.whyUser.trim())}&item=${path(this.itemId)}`;
  },
}));

function bars(neighbours, digits) {
  const most = Math.max(0.01, ...neighbours.map((item) => item.closeness));
  return neighbours.map((item) => ({ id: item.id, title: naturalTitle(item), value: number(item.closeness, digits), width: barStyle(item.closeness / most) }));
}

document.addEventListener("alpine:init", () => {
  Alpine.data("itemEditor", () => ({
    item: {},
    fields: [],
    problem: "",
    init() {
      addEventListener("console:edit", (event) => {
        this.item = event.detail;
        this.problem = "";
        const names = [...new Set(["title", ...Object.keys(this.item).filter((name) => !OWN_FIELDS.includes(name)), "image", "available_from", "available_until"])];
        this.fields = names.map((name, place) => {
          const value = this.item[name];
          const text = Array.isArray(value) ? value.join(", ") : name.startsWith("available") && value !== undefined ? new Date(value * 1000).toISOString() : value === undefined ? "" : String(value);
          return { name, id: `field-${place}`, shortId: `short-field-${place}`, label: name, value: text, before: text, isList: Array.isArray(value), isLong: text.length > LONG_CHARACTERS };
        });
        this.$root.showModal();
      });
    },
    async save() {
      const changed = this.fields.filter((field) => field.value !== field.before);
      const patch = Object.fromEntries(changed.map((field) => [field.name, fieldValue(field)]));
      try {
        if (changed.length) await call(`/v1/items/${path(this.item.id)}`, { method: "PATCH", body: patch });
        this.$root.close();
        dispatchEvent(new CustomEvent("console:edited", { detail: this.item.id }));
        toast(t("Saved: it counts in the very next list"));
      } catch (problem) {
        this.problem = problem.detail;
      }
    },
    close() {
      this.$root.close();
    },
  }));
});

function fieldValue(field) {
  if (!field.value.trim()) return field.name === "title" ? "" : null;
  return field.isList ? field.value.split(",").map((part) => part.trim()).filter(Boolean) : field.value.trim();
}
