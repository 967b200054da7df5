/* Rules and placements: a form for what holds at a place of the shop, tried out before it is kept. */

import { naturalTitle } from "../base.js";
import { call, moment, number, operatorPage, path, percent, setHash, hashParameters, t, toast } from "./frame.js";

const OWN_FIELDS = ["description", "n", "diversity", "explore", "filter", "rules"];
const NUMBER_FIELDS = ["n", "diversity", "explore"];
const TESTS = ["in", "not_in", "gte", "lte"];
let count = 0;

operatorPage("rules", () => ({
  stored: [],
  columns: [],
  name: "",
  newName: "",
  draft: emptyDraft(),
  others: {},
  json: "{}",
  fault: "",
  log: [],
  trial: null,
  isTrying: false,

  async load() {
    const [placements, imports] = await Promise.all([call("/v1/placements"), call("/v1/imports")]);
    this.stored = placements.placements;
    this.columns = imports.columns.filter((row) => row.role === "attribute").map((row) => row.column);
    const chosen = this.name || hashParameters().get("placement") || (this.stored.length === 1 ? this.stored[0].name : "");
    if (chosen) await this.choose(chosen);
    this.$watch("draft", () => (this.json = JSON.stringify(this.placement(), null, 2)));
  },
  get placements() {
    return this.stored.map((row) => ({ name: row.name, note: row.source === "settings" ? t("from the settings") : row.placement.description || "" }));
  },
  isChosen(name) {
    return String(name === this.name);
  },
  get current() {
    return this.stored.find((row) => row.name === this.name) || null;
  },
  get isStored() {
    return this.current !== null && this.current.source === "stored";
  },
  get savedText() {
    if (!this.current) return t("Not kept yet");
    if (this.current.source === "settings") return t("From the settings; saving keeps a version that replaces it");
    return t("Saved {time} by {name}", { time: moment(this.current.at), name: this.current.by || t("this machine") });
  },
  async choose(name) {
    this.name = name;
    this.trial = null;
    this.fault = "";
    setHash({ placement: name });
    this.show(this.current ? this.current.placement : {});
    await this.act(async () => {
      this.log = this.current ? (await call(`/v1/placements/${path(name)}/changes`)).changes : [];
    });
  },
  begin() {
    const name = this.newName.trim();
    this.newName = "";
    this.choose(name);
  },
  /* A placement into the form; what the form has no field for stays in `others`. */
  show(placement) {
    const draft = emptyDraft();
    for (const name of ["description", ...NUMBER_FIELDS]) draft[name] = placement[name] ?? "";
    this.others = Object.fromEntries(Object.entries(placement).filter(([name]) => !OWN_FIELDS.includes(name)));
    const filter = conditionsOf(placement.filter || {});
    if (filter === null) this.others.filter = placement.filter;
    else draft.conditions = filter;
    this.otherRules = [];
    for (const rule of placement.rules || []) {
      const row = ruleOf(rule);
      if (row === null) this.otherRules.push(rule);
      else draft.rules.push(row);
    }
    this.draft = draft;
    this.json = JSON.stringify(placement, null, 2);
  },
  otherRules: [],
  /* The form as a placement. */
  placement() {
    const placement = { ...this.others };
    if (this.draft.description) placement.description = this.draft.description;
    for (const name of NUMBER_FIELDS) if (this.draft[name] !== "" && this.draft[name] !== null) placement[name] = Number(this.draft[name]);
    const conditions = this.draft.conditions.filter((row) => row.column && row.value !== "").map(filterOf);
    if (conditions.length && !placement.filter) placement.filter = conditions.length === 1 ? conditions[0] : { and: conditions };
    const rules = [...this.draft.rules.map(ruleFrom), ...this.otherRules];
    if (rules.length) placement.rules = rules;
    return placement;
  },
  readJson() {
    try {
      this.fault = "";
      this.show(JSON.parse(this.json));
    } catch (error) {
      this.fault = t("The JSON cannot be read: {problem}", { problem: error.message });
    }
  },
  addCondition() {
    this.draft.conditions.push({ id: ++count, column: this.columns[0] || "", test: "in", value: "" });
  },
  dropCondition(row) {
    this.draft.conditions = this.draft.conditions.filter((other) => other.id !== row.id);
  },
  addRule() {
    this.draft.rules.push({ id: ++count, kind: "boost", amount: 2, item: "", column: this.columns[0] || "", value: "" });
  },
  dropRule(row) {
    this.draft.rules = this.draft.rules.filter((other) => other.id !== row.id);
  },
  isPin(rule) {
    return rule.kind === "pin";
  },
  amountLabel(rule) {
    const labels = { boost: t("How many times as likely"), bury: t("How many times less likely"), pin: t("Place, from 1"), most: t("How many at most"), least: t("How many at least"), promote: t("Percent of the places") };
    return labels[rule.kind];
  },
  get tryText() {
    return this.isTrying ? t("Trying …") : t("Try it on some people");
  },
  async dryRun() {
    this.isTrying = true;
    this.fault = "";
    try {
      const body = { placement: this.placement(), people: 8 };
      if (this.current) body.name = this.name;
      this.trial = await call("/v1/placements/dry-run", { body });
      await this.$nextTick();
      this.$refs.trial.focus();
    } catch (problem) {
      if (!problem.isKeyProblem) this.fault = problem.detail;
    }
    this.isTrying = false;
  },
  get trialText() {
    if (!this.trial) return "";
    if (this.trial.changed_share === 0) return t("Nothing changes for these {people} people.", { people: this.trial.pairs.length });
    return t("{changed} of the places change, and {replaced} of the items shown are new, for {people} people.", {
      changed: percent(this.trial.changed_share),
      replaced: percent(this.trial.replaced_share),
      people: number(this.trial.pairs.length),
    });
  },
  get emptyText() {
    return this.trial && this.trial.empty_lists ? t("{count} of them would get no item at all: the filter is too narrow.", { count: this.trial.empty_lists }) : "";
  },
  get pairs() {
    return (this.trial ? this.trial.pairs : []).map((pair, place) => {
      const [before, after] = [pair.first, pair.second].map((list) => new Set(list.map((item) => item.id)));
      const rows = (list, others, style) => list.map((item, position) => ({ id: item.id, position: position + 1, title: naturalTitle(item), style: others.has(item.id) ? "" : style }));
      return {
        id: place,
        isFirst: place === 0,
        summary: t("{name}: {share} of the places change", { name: pair.user || t("a stranger"), share: percent(pair.changed_share) }),
        first: rows(pair.first, after, "gone"),
        second: rows(pair.second, before, "new"),
      };
    });
  },
  async save() {
    this.fault = "";
    try {
      await call(`/v1/placements/${path(this.name)}`, { method: "PUT", body: this.placement() });
      await this.renew();
      toast(t("Saved: it holds from the next list on"), { actionText: t("Undo"), action: () => this.undo() });
    } catch (problem) {
      if (!problem.isKeyProblem) this.fault = problem.detail;
    }
  },
  async renew() {
    this.stored = (await call("/v1/placements")).placements;
    await this.choose(this.name);
  },
  async undo() {
    await this.act(async () => {
      await call(`/v1/placements/${path(this.name)}/undo`, { method: "POST" });
      await this.renew();
      toast(t("Undone: as it was before"));
    });
  },
  async remove() {
    await this.act(async () => {
      await call(`/v1/placements/${path(this.name)}`, { method: "DELETE" });
      await this.renew();
      toast(t("Deleted"), { actionText: t("Undo"), action: () => this.undo() });
    });
  },
  get changes() {
    return this.log.map((change) => ({
      number: change.number,
      by: change.by || t("this machine"),
      time: moment(change.at),
      text: change.placement === null ? t("deleted") : JSON.stringify(change.placement),
    }));
  },
}));

function emptyDraft() {
  return { description: "", n: "", diversity: "", explore: "", conditions: [], rules: [] };
}

const list = (text) => String(text).split(",").map((part) => part.trim()).filter(Boolean);
const text = (value) => (Array.isArray(value) ? value.join(", ") : String(value));

/* The conditions of a filter that the form can show; null for another filter. */
function conditionsOf(filter) {
  const parts = Array.isArray(filter.and) && Object.keys(filter).length === 1 ? filter.and : [filter];
  const rows = [];
  for (const part of parts) {
    for (const [column, value] of Object.entries(part)) {
      if (["and", "or", "not", "about"].includes(column)) return null;
      if (value !== null && typeof value === "object" && !Array.isArray(value)) {
        const tests = Object.entries(value);
        if (tests.some(([test]) => !TESTS.includes(test))) return null;
        for (const [test, bound] of tests) rows.push({ id: ++count, column, test, value: text(bound) });
      } else rows.push({ id: ++count, column, test: "in", value: text(value) });
    }
  }
  return rows;
}

function filterOf(row) {
  if (row.test === "in") return { [row.column]: list(row.value) };
  if (row.test === "not_in") return { [row.column]: { not_in: list(row.value) } };
  const bound = Number(row.value);
  return { [row.column]: { [row.test]: Number.isNaN(bound) ? row.value : bound } };
}

/* A rule as a row of the form; null for one that it cannot show. */
function ruleOf(rule) {
  const row = { id: ++count, kind: "", amount: 2, item: "", column: "", value: "" };
  if (rule.pin !== undefined) return { ...row, kind: "pin", item: String(rule.pin), amount: rule.at };
  for (const kind of ["boost", "bury", "promote"]) {
    const filter = rule[kind] && simpleFilter(rule[kind]);
    if (rule[kind]) return filter && { ...row, kind, ...filter, amount: rule.by ?? rule.percent ?? 2 };
  }
  if (typeof rule.quota === "string" && rule.max_items !== undefined) return { ...row, kind: "most", column: rule.quota, amount: rule.max_items };
  const filter = rule.quota && simpleFilter(rule.quota);
  if (filter && rule.min_items !== undefined && rule.max_items === undefined) return { ...row, kind: "least", ...filter, amount: rule.min_items };
  if (filter && rule.max_items !== undefined && rule.min_items === undefined) return { ...row, kind: "most", ...filter, amount: rule.max_items };
  return null;
}

function simpleFilter(filter) {
  const entries = Object.entries(filter);
  if (entries.length !== 1 || ["and", "or", "not", "about"].includes(entries[0][0])) return null;
  const [column, value] = entries[0];
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return null;
  return { column, value: text(value) };
}

function ruleFrom(row) {
  const amount = Number(row.amount);
  const filter = { [row.column]: list(row.value) };
  if (row.kind === "pin") return { pin: row.item.trim(), at: amount };
  if (row.kind === "promote") return { promote: filter, percent: amount };
  if (row.kind === "most") return list(row.value).length ? { quota: filter, max_items: amount } : { quota: row.column, max_items: amount };
  if (row.kind === "least") return { quota: filter, min_items: amount };
  return { [row.kind]: filter, by: amount };
}
