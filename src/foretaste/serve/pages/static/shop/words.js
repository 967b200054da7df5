/* What is said of items, tastes and scores, in plain words. */

import { language, names, naturalTitle, t } from "../base.js";

/* What people do with the items here: the words of its buttons, and the event that says it. */
export const ACTIVITIES = {
  watch: {
    event: "view",
    done: t("I have watched it"),
    record: (values) => t("{events} watched, lately {titles}", values),
    wish: t("more slow science fiction, nothing violent"),
    sayings: [t("a slow film about space"), t("something funny for tonight"), t("nothing violent, please")],
  },
  read: {
    event: "view",
    done: t("I have read it"),
    record: (values) => t("{events} read, lately {titles}", values),
    wish: t("more about nature, nothing about politics"),
    sayings: [t("something short about nature"), t("nothing about politics, please")],
  },
  listen: {
    event: "view",
    done: t("I have listened to it"),
    record: (values) => t("{events} listened to, lately {titles}", values),
    wish: t("more quiet jazz, nothing loud"),
    sayings: [t("something quiet for the evening"), t("nothing loud, please")],
  },
  buy: {
    event: "purchase",
    done: t("I bought it"),
    record: (values) => t("{events} bought, lately {titles}", values),
    wish: t("more cotton, nothing black"),
    sayings: [t("a present for under 30"), t("nothing black, please")],
  },
  choose: {
    event: "view",
    done: t("I know it"),
    record: (values) => t("{events} things on record, lately {titles}", values),
    wish: t("more of this, none of that"),
    sayings: [t("something popular"), t("something new")],
  },
};

export function activityOf(name) {
  return ACTIVITIES[name] || ACTIVITIES.choose;
}

/* "Prestige, The" as people say it, without a year in brackets. */
export function titleOf(item) {
  const title = naturalTitle(item);
  return title.replace(/\s*\((?:1[5-9]|20)\d\d\)\s*$/, "") || title;
}

/* 2006 · Drama, Mystery: the years first, then what kind it is, then one more. */
export function factsOf(item, most = 2) {
  const columns = Object.entries(item.attributes || {}).filter(([, values]) => values.length);
  const rank = ([column, values]) => (isYear(values[0]) ? 0 : /genre|categor|kategor|type/i.test(column) ? 1 : /artist|author|director|brand/i.test(column) ? 2 : 3);
  columns.sort((one, other) => rank(one) - rank(other));
  return columns
    .slice(0, most)
    .map(([, values]) => deepestValues(values).slice(0, 2).map(lastLevel).join(", "))
    .join(" · ");
}

export function isYear(value) {
  return /^(1[5-9]|20)\d\d$/.test(value || "");
}

/* A column's name as people say it: "release_year" is "Release year". */
export function columnLabel(column) {
  const words = String(column).replace(/[_-]+/g, " ").trim();
  return words.charAt(0).toLocaleUpperCase(language) + words.slice(1);
}

/* Of a category with levels the last: "Home > Kitchen > Mugs" is "Mugs". */
function lastLevel(value) {
  return value.split(/ [>›»] /).pop();
}

/* Without those that others begin with: of "Home" and "Home > Kitchen" the second. */
function deepestValues(values) {
  const marks = [" > ", " › ", " » "];
  return values.filter((value) => !values.some((other) => marks.some((mark) => other.startsWith(value + mark))));
}

/* What somebody likes, as words in a row. */
function tasteNames(person) {
  return names(person.tastes.map((taste) => lastLevel(taste.value)));
}

/* Who it is, by what they like: "Loves 80s Sci-Fi and Horror". */
export function tasteLine(person) {
  const values = tasteNames(person);
  if (!person.decade) return t("Loves {values}", { values });
  const decade = person.decade < 2000 ? String(person.decade).slice(2) : String(person.decade);
  return t("Loves {decade}s {values}", { decade, values });
}

/* The same in a heading: "Somebody who loves 80s Sci-Fi". */
export function somebodyLine(person) {
  const values = tasteNames(person);
  if (!person.decade) return t("Somebody who loves {values}", { values });
  const decade = person.decade < 2000 ? String(person.decade).slice(2) : String(person.decade);
  return t("Somebody who loves {decade}s {values}", { decade, values });
}

/* 1980 → "1980s" */
export function decadeText(decade) {
  return t("{decade}s", { decade });
}

/* A change of one's lists as a chip: { text, tone }. */
export function preferenceChip(preference) {
  const value = filterWords(preference.filter);
  if (preference.act === "mute") return { text: t("no {value}", { value }), tone: "less" };
  if (preference.act === "only") return { text: t("only {value}", { value }), tone: "more" };
  if (preference.nats < 0) return { text: t("less {value}", { value }), tone: "less" };
  return { text: t("more {value}", { value }), tone: "more" };
}

/* Which items a filter means, in few words. */
export function filterWords(filter) {
  return Object.entries(filter || {})
    .map(([column, test]) => conditionWords(column, test))
    .join(", ");
}

function conditionWords(column, test) {
  if (Array.isArray(test)) return names(test.map((part) => (typeof part === "object" ? filterWords(part) : String(part))));
  if (test === null || typeof test !== "object") return column === "about" || isNaN(test) ? String(test) : `${columnLabel(column)} ${test}`;
  if (column === "not") return t("not {value}", { value: filterWords(test) });
  const { gte, gt, lt, lte, not_in: barred } = test;
  if (barred) return t("not {value}", { value: names(barred.map(String)) });
  if (isDecade(test)) return decadeText(gte);
  const low = gte ?? gt;
  const high = lte ?? lt;
  if (low !== undefined && high !== undefined) return `${columnLabel(column)} ${low}–${lt !== undefined && Number.isInteger(Number(lt)) && lte === undefined ? Number(lt) - 1 : high}`;
  if (low !== undefined) return t("{column} from {value}", { column: columnLabel(column), value: low });
  if (high !== undefined) return t("{column} up to {value}", { column: columnLabel(column), value: high });
  return Object.values(test).flat().map(String).join(", ");
}

export function isDecade(test) {
  return Boolean(test) && Number.isInteger(test.gte) && test.gte % 10 === 0 && test.lt === test.gte + 10;
}

/* The terms of a score as a few bars: { text, share (of the largest), lower, percent (of all) }. What is the
   same for every item is left out, and what is of one kind is added up. titles: id → title */
export function scoreBars(terms, titles, most = 7) {
  const sums = new Map();
  for (const term of tellingTerms(terms)) {
    const text = termWords(term, titles);
    sums.set(text, (sums.get(text) || 0) + term.nats);
  }
  const bars = [...sums].filter(([, nats]) => Math.abs(nats) >= 0.02).sort((one, other) => Math.abs(other[1]) - Math.abs(one[1]));
  const total = bars.reduce((sum, [, nats]) => sum + Math.abs(nats), 0) || 1;
  const largest = bars.length ? Math.abs(bars[0][1]) : 1;
  return bars.slice(0, most).map(([text, nats]) => ({ text, share: Math.abs(nats) / largest, lower: nats < 0, percent: Math.abs(nats) / total }));
}

/* The past items that say most, whose titles have to be known. */
export function tellingEvents(terms, most = 6) {
  const ranked = tellingTerms(terms)
    .filter((term) => term.event)
    .sort((one, other) => Math.abs(other.nats) - Math.abs(one.nats));
  return [...new Set(ranked.slice(0, 2 * most).map((term) => term.event))].slice(0, most);
}

function tellingTerms(terms) {
  return terms.filter((term) => term.feature !== "average item" && (term.event || term.feature));
}

function termWords(term, titles) {
  const title = term.event ? titleOf({ title: titles.get(term.event) || term.event }) : "";
  const value = term.feature ? term.feature.replace(/^[^:]*:\s*/, "") : "";
  const [kind] = term.expert.split(":");
  if (term.feature === "whole history") return t("Everything you did, in its order");
  if (kind === "popularity" || (term.feature === "popularity" && !term.event)) return t("How popular it is");
  if (kind === "wish") return t("You asked for it: {value}", { value });
  if (kind === "query" || kind === "lexical") return t("Its text fits what was asked");
  if (kind === "negative_feedback") return title ? t("You did not like {title}", { title }) : t("Like what you did not want");
  if (kind === "repeat") return term.nats < 0 ? t("You had it already") : t("What you take again and again");
  if (title && kind === "content") return t("Described like {title}", { title });
  if (kind === "media" && term.feature === "picture") return t("Looks like your picture");
  if (kind === "media" && term.feature === "clip") return t("Sounds like your clip");
  if (kind === "audio_match" && term.feature === "the same recording") return t("The same recording as your clip");
  if (title && term.expert === "media:audio") return t("Sounds like {title}", { title });
  if (title && kind === "media") return t("Looks like {title}", { title });
  if (title && kind === "attribute") return t("Of the kind of {title}", { title });
  if (title) return t("What people take with or after {title}", { title });
  if (value && kind === "attribute") return t("Your taste: {value}", { value });
  if (value) return value;
  return t("Everything else");
}
