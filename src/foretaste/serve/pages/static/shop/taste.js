/* A person's own control: tastes as sliders, changes as chips, wishes in plain words. */

import { number, t } from "../base.js";
import { client } from "./service.js";
import { columnLabel, filterWords, isDecade, isYear, preferenceChip } from "./words.js";

const STEPS = [-2, -1, 0, 1, 2];

export const taste = {
  preferences: [],
  tasteColumns: [],
  tasteLoading: false,
  wish: "",
  wishing: false,
  wishMatches: [],

  get preferenceChips() {
    return this.preferences.map((preference) => ({ ...preferenceChip(preference), preference, key: preference.name }));
  },

  async loadProfile() {
    await this.attempt(async () => this.takeProfile(await client.profile()));
  },

  takeProfile(answer) {
    this.preferences = answer.changes;
    const columns = Object.entries(answer.profile).filter(([, values]) => values.length);
    this.tasteColumns = columns.map(([column, values]) => this.tasteColumn(column, values));
    this.tasteColumns.sort((one, other) => one.isTime - other.isTime);
    for (const preference of answer.changes) this.addSlider(preference);
  },

  /* Single years say little: they are added up to decades. */
  tasteColumn(column, values) {
    const isTime = values.every(({ value }) => isYear(value));
    const rows = isTime ? decades(values).map((row) => this.tasteValue(column, row)) : values.map((row) => this.tasteValue(column, { ...row, test: row.value }));
    return { column, label: columnLabel(column), isTime, values: rows };
  },

  tasteValue(column, { test, share, lift }) {
    const filter = { [column]: test };
    const held = this.preferenceOf(filter);
    const times = lift > 1.15 ? t("{times} times the usual", { times: number(lift, 1) }) : "";
    return { filter, text: filterWords(filter), key: JSON.stringify(filter), share, hint: times, nats: held && held.act === "boost" ? held.nats : 0, muted: Boolean(held && held.act === "mute") };
  },

  /* What somebody changed has a slider too, where their behaviour says nothing of it. */
  addSlider(preference) {
    const [[column, test], more] = Object.entries(preference.filter);
    if (more || column === "about" || (typeof test !== "string" && !isDecade(test))) return;
    let row = this.tasteColumns.find((one) => one.column === column);
    if (!row) this.tasteColumns.push((row = { column, label: columnLabel(column), isTime: isDecade(test), values: [] }));
    const value = this.tasteValue(column, { test, share: 0, lift: 0 });
    if (!row.values.some((one) => one.key === value.key)) row.values.push(value);
  },

  preferenceOf(filter) {
    const text = JSON.stringify(filter);
    return this.preferences.find((preference) => JSON.stringify(preference.filter) === text);
  },

  strengthText(nats) {
    const words = [t("much less"), t("less"), t("as it is"), t("more"), t("much more")];
    return words[STEPS.indexOf(Math.max(-2, Math.min(2, Math.round(Number(nats)))))];
  },

  slide(value) {
    const { filter, text } = value;
    const nats = Number(value.nats);
    const what = nats > 0 ? t("More {value}", { value: text }) : nats < 0 ? t("Less {value}", { value: text }) : t("{value} as it was", { value: text });
    return this.change([nats ? { filter, nats } : { filter, remove: true }], what);
  },

  toggleMute(filter) {
    const value = filterWords(filter);
    const held = this.preferenceOf(filter);
    if (held && held.act === "mute") return this.change([{ filter, remove: true }], t("{value} may come again", { value }));
    return this.change([{ filter, mute: true }], t("No more {value}", { value }));
  },

  removePreference(preference) {
    return this.change([{ filter: preference.filter, remove: true }], t("Taken back: {what}", { what: preferenceChip(preference).text }));
  },

  resetPreferences() {
    const before = [...this.preferences];
    return this.steered({ reset: true }, t("All changes taken back"), () => ({ changes: before.map(asChange) }));
  },

  /* Some changes; undone by what held before of each. */
  change(changes, text) {
    const before = changes.map(({ filter }) => {
      const held = this.preferenceOf(filter);
      return held ? asChange(held) : { filter, remove: true };
    });
    return this.steered({ changes }, text, () => ({ changes: before }));
  },

  async makeWish() {
    const words = this.wish.trim();
    if (!words || this.wishing) return;
    this.wishing = true;
    const before = [...this.preferences];
    const done = await this.steered({ wish: words }, t("You wished for “{words}”", { words }), () => ({ reset: true, changes: before.map(asChange) }));
    if (done) this.wish = "";
    this.wishing = false;
  },

  /* Change the profile, then the shelves; what became of a wish is shown as chips. */
  async steered(asked, text, undo) {
    if (!this.mayAct()) return false;
    let done = false;
    await this.attempt(async () => {
      const answer = await client.steer(asked);
      this.takeProfile(answer);
      this.wishMatches = (answer.clause_matches || []).map((match, place) => matchRow(match, place));
      done = true;
      await this.refresh({
        text,
        unmoved: t("The shelves stay as they are."),
        undo: undo && (() => this.steered(undo(), t("Undone: {what}", { what: text }), null)),
      });
    });
    return done;
  },
};

/* Years with their shares as decades: [{ test, share, lift }], the largest share first. */
function decades(values) {
  const sums = new Map();
  for (const { value, share, lift } of values) {
    const decade = Math.floor(Number(value) / 10) * 10;
    const [own, usual] = sums.get(decade) || [0, 0];
    sums.set(decade, [own + share, usual + share / Math.max(lift, 1e-9)]);
  }
  const rows = [...sums].map(([decade, [share, usual]]) => ({ test: { gte: decade, lt: decade + 10 }, share, lift: share / usual }));
  return rows.sort((one, other) => other.share - one.share);
}

function asChange(preference) {
  const { filter } = preference;
  if (preference.act === "mute") return { filter, mute: true };
  if (preference.act === "only") return { filter, only: true };
  return { filter, nats: preference.nats };
}

/* What a part of a wish was taken for: “science fiction” → more Sci-Fi. */
function matchRow(match, place) {
  if (match.filter === null) return { key: place, phrase: match.phrase, text: t("nothing here has it"), tone: "nothing" };
  if (match.act === "forget") return { key: place, phrase: match.phrase, text: t("{value} as it was", { value: filterWords(match.filter) }), tone: "" };
  return { key: place, phrase: match.phrase, ...preferenceChip(match) };
}
