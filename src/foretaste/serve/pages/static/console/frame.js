/* What the pages of the console share: the life of a page, and how figures are written.

   operatorPage("people", { async load() { … } }) registers an Alpine component that asks for a key
   where one is needed, shows what went wrong and starts anew when a key was entered. */

import { call, locale, moment, number, percent, t, toast } from "../base.js";

const RETRY_MS = 5000; // a service that starts again is back by itself

const SHARED = {
  isKeyNeeded: false,
  isLoading: true,
  isLoaded: false,
  problem: null,
  retryTimer: 0,

  init() {
    document.querySelector(".console-nav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
    addEventListener("foretaste:key", () => {
      this.isKeyNeeded = true;
      this.isLoading = false;
    });
    addEventListener("foretaste:key-entered", () => {
      this.isKeyNeeded = false;
      this.start();
    });
    this.start();
  },
  /* Again by itself where the service is away; until it is back the page says so. */
  async start() {
    clearTimeout(this.retryTimer);
    const earlier = this.problem;
    const isLoaded = await this.attempt(async () => {
      await this.load();
      return true;
    });
    if (isLoaded && this.problem === earlier) this.problem = null;
    this.isLoaded ||= Boolean(isLoaded);
    this.isLoading = false;
    clearTimeout(this.retryTimer);
    if (!isLoaded && this.problem && this.problem.isAway) this.retryTimer = setTimeout(() => this.start(), RETRY_MS);
  },
  /* What the work returns, or undefined where it failed; then the page says why. */
  async attempt(work) {
    try {
      return await work();
    } catch (error) {
      if (error.name === "AbortError" || error.isKeyProblem) return undefined;
      if (!("detail" in error)) throw error;
      this.problem = { title: error.title, detail: error.detail, isAway: error.status === 0 || error.status === 503 };
      clearTimeout(this.retryTimer);
      if (error.status === 0) this.retryTimer = setTimeout(() => this.start(), RETRY_MS);
      return undefined;
    }
  },
  /* The same for an action that somebody asked for: the toast says what went wrong. */
  async act(work) {
    try {
      return await work();
    } catch (error) {
      if (error.isKeyProblem) return undefined;
      if (!("detail" in error)) throw error;
      toast(error.status === 0 ? error.title : error.detail, { tone: "wrong", seconds: 15 });
      return undefined;
    }
  },
  get isShown() {
    return this.isLoaded && !this.isKeyNeeded;
  },
  get problemTitle() {
    return this.problem ? this.problem.title : "";
  },
  get problemDetail() {
    return this.problem ? this.problem.detail : "";
  },
};

export function operatorPage(name, definition) {
  document.addEventListener("alpine:init", () => {
    Alpine.data(name, () => {
      const component = Object.create(Object.prototype, Object.getOwnPropertyDescriptors(SHARED));
      return Object.defineProperties(component, Object.getOwnPropertyDescriptors(definition()));
    });
  });
}

/* The part of the address after #, as parameters: #user=7&item=31 */
export function hashParameters() {
  return new URLSearchParams(location.hash.slice(1));
}

export function setHash(values) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value) parameters.set(name, value);
  history.replaceState(null, "", `#${parameters}`);
}

export const path = encodeURIComponent;

/* Waits until somebody has stopped typing. */
export function debounced(work, milliseconds = 250) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...values), milliseconds);
  };
}

/* 3 days, 2 hours, 5 minutes, 12 seconds: the largest unit alone. */
export function duration(seconds) {
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) || units[3];
  const form = { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: unit === "day" ? 1 : 0 };
  return new Intl.NumberFormat(locale, form).format(seconds / size);
}

/* An interval as 14.2 % (10.7–18.0) */
export function interval(bounds, write = (share) => percent(share, 1)) {
  if (!bounds) return "–";
  const [mean, low, high] = Array.isArray(bounds) ? bounds : [bounds.mean, bounds.low, bounds.high];
  if (low === null || high === null || low === undefined) return write(mean);
  return `${write(mean)} (${write(low)} – ${write(high)})`;
}

export function day(seconds) {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" }).format(seconds * 1000);
}

/* For the axes of plots, in the language of the page. */
export function clock(date) {
  return new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" }).format(date);
}

export function shortDay(date) {
  return new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" }).format(date);
}

export function write(value, unit = "") {
  if (value === null || value === undefined) return t("not known");
  if (typeof value === "string") return value;
  if (unit === "s") return duration(value);
  if (unit === "ms") return `${number(value, value < 10 ? 1 : 0)} ms`;
  if (unit === "share") return percent(value, 1);
  return number(value, value < 10 ? 1 : 0);
}

/* For plots with a row a name: how wide the names may be, and an axis that breaks long ones. */
export function nameMargin(width, most = 220) {
  return Math.min(most, Math.floor(width * 0.45));
}

export function nameAxis(Plot, margin) {
  return Plot.axisY({ label: null, tickSize: 0, lineWidth: (margin - 14) / 12 });
}

/* What experts are called in words that say what they look at. */
export function expertName(expert) {
  const [name, written] = expert.split(":");
  const column = written?.replace(/_band$/, ""); // of prices, whose bands are ours
  const titles = {
    popularity: t("What most people take"),
    transition: t("What follows the last item"),
    neighbour: t("What goes with the last items"),
    content: t("What reads like their items"),
    lexical: t("Words in common with their items"),
    media: column === "audio" ? t("What sounds like their items")
      : column && column !== "image" ? t("Vectors like those of their items") : t("What looks like their items"),
    audio_match: t("The same recording as the clip"),
    attribute: t("Taste in {column}", { column: column || "" }),
    refusal: t("Like what they refused"),
    impression: t("Shown and left alone"),
    repeat: t("Taken again and again"),
    query: t("The words of the search"),
    sequence: t("The order of their history"),
    language: t("What the language model expects"),
    wish: t("What they asked for themselves"),
    rule: t("A rule of the shop"),
    coldness: t("How new the item is"),
  };
  return titles[name] || expert;
}

/* What the values of a column are. */
export function featureTypeName(type) {
  const types = {
    category: t("category"),
    list: t("several values"),
    number: t("number"),
    year: t("year"),
    date: t("date"),
    price: t("price"),
    duration: t("duration"),
    flag: t("yes or no"),
    text: t("text to read"),
    id: t("an id"),
    count: t("number"),
    address: t("an address"),
    office: t("of the back office"),
  };
  return types[type] || type;
}

/* What a term stands on: the past item, the words or the feature. */
export function termText(term) {
  return [term.feature, term.event].filter(Boolean).join(" · ");
}

export { call, moment, number, percent, t, toast };
