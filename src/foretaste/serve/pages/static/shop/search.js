/* Search as one types: suggestions below the field, then a list with filters that have counts. */

import { t } from "../base.js";
import { ASKED, LIST, client } from "./service.js";
import { columnLabel, filterWords } from "./words.js";

const PAUSE = 140;
const RESULTS = 24;

export const search = {
  query: "",
  suggestions: [],
  suggestionsOpen: false,
  activeSuggestion: -1,
  corrected: "",
  searched: null,
  asTyped: false,
  results: [],
  otherResults: [],
  resultList: null,
  facets: [],
  chosen: {},
  searching: false,
  facetsOpen: false,
  searchTimer: null,
  searchTurn: 0,

  typed() {
    clearTimeout(this.searchTimer);
    this.asTyped = false;
    this.searchTimer = setTimeout(() => {
      this.suggest();
      if (this.view === "search") this.runSearch();
    }, PAUSE);
  },

  async suggest() {
    const turn = ++this.suggestTurn;
    await this.attempt(async () => {
      const answer = await this.lookUp(this.query.trim());
      if (!answer) return;
      if (turn !== this.suggestTurn || document.activeElement !== document.getElementById("search")) return;
      const active = this.suggestions[this.activeSuggestion]; // who has gone down to it stays there
      this.suggestions = answer.suggestions.map((suggestion, place) => ({
        ...suggestion,
        key: `suggestion-${place}`,
        parts: partsOf(suggestion),
        hint: suggestion.kind === "value" ? suggestion.label || suggestion.column : suggestion.kind === "query" ? t("searched for") : "",
      }));
      this.activeSuggestion = active ? this.suggestions.findIndex((one) => one.kind === active.kind && one.text === active.text) : -1;
      this.suggestionsOpen = this.suggestions.length > 0;
    });
  },

  suggestTurn: 0,
  lookedUp: { words: null, answer: null },

  /* What is suggested for these words, asked for once. null where other words were typed since. */
  lookUp(words) {
    if (this.lookedUp.words !== words) this.lookedUp = { words, answer: client.suggest(words, { n: 8, ...ASKED }) };
    const { answer } = this.lookedUp;
    answer.catch(() => (this.lookedUp = { words: null, answer: null }));
    return answer;
  },

  moveSuggestion(by) {
    if (!this.suggestionsOpen) return;
    const count = this.suggestions.length;
    this.activeSuggestion = (this.activeSuggestion + by + count + (this.activeSuggestion < 0 && by < 0 ? 1 : 0)) % count;
  },

  get activeSuggestionId() {
    return this.suggestionsOpen && this.activeSuggestion >= 0 ? `suggestion-${this.activeSuggestion}` : null;
  },

  closeSuggestions() {
    this.suggestionsOpen = false;
    this.activeSuggestion = -1;
  },

  submitSearch() {
    clearTimeout(this.searchTimer);
    const chosen = this.suggestionsOpen && this.suggestions[this.activeSuggestion];
    if (chosen) this.takeSuggestion(chosen);
    else this.goSearch(this.query.trim(), {});
  },

  takeSuggestion(suggestion) {
    this.closeSuggestions();
    this.suggestTurn++;
    if (suggestion.kind === "item") {
      this.query = "";
      location.hash = `#/item/${encodeURIComponent(suggestion.item)}`;
    } else if (suggestion.kind === "value") {
      this.query = "";
      this.goSearch("", suggestion.filter);
    } else {
      this.query = suggestion.text;
      this.goSearch(suggestion.text, {});
    }
  },

  goSearch(query, filter) {
    this.closeSuggestions();
    this.suggestTurn++;
    const address = `#/search?${new URLSearchParams({ q: query, filter: JSON.stringify(filter || {}) })}`;
    if (location.hash === address) this.runSearch();
    else location.hash = address;
  },

  /* What stands in the address is what is searched for. */
  showSearch(parameters) {
    this.query = parameters.get("q") || "";
    try {
      this.chosen = JSON.parse(parameters.get("filter") || "{}") || {};
    } catch {
      this.chosen = {};
    }
    this.asTyped = false;
    return this.runSearch();
  },

  async runSearch() {
    const turn = ++this.searchTurn;
    const typed = this.query.trim();
    this.searching = true;
    await this.attempt(async () => {
      let words = typed;
      this.corrected = "";
      if (typed && !this.asTyped) {
        const { corrected } = (await this.lookUp(typed)) || {};
        if (turn !== this.searchTurn) return;
        if (corrected && corrected.toLowerCase() !== typed.toLowerCase()) words = corrected;
      }
      const read = this.asTyped ? { query_facets: false } : {};
      const asked = { ...read, n: RESULTS, facets: true, filter: this.chosen, properties: this.properties, ...LIST };
      const answer = words ? await client.search(words, asked) : await client.recommend(asked);
      if (turn !== this.searchTurn) return;
      if (words !== typed) this.corrected = words;
      this.searched = answer.searched || null;
      this.resultList = { id: "search", title: "", recommendation_id: answer.recommendation_id, kind: "search" };
      const items = answer.items.map((item) => this.decorated(item));
      this.results = items.filter((item) => item.source !== "unmatched");
      this.otherResults = items.filter((item) => item.source === "unmatched").map((item) => ({ ...item, why: "" })); // the heading says why
      this.facets = (answer.facets || []).map((facet) => facetRow(facet));
    }, () => this.runSearch());
    if (turn === this.searchTurn) this.searching = false;
  },

  searchAsTyped() {
    this.asTyped = true;
    this.runSearch();
  },

  /* A value of a facet in or out: “or” within a column, “and” between them. */
  toggleFacet(facet, value) {
    const chosen = { ...this.chosen };
    if (value.selected) {
      const left = Array.isArray(chosen[facet.column]) ? chosen[facet.column].filter((one) => String(one) !== String(value.value)) : [];
      if (left.length) chosen[facet.column] = left;
      else delete chosen[facet.column];
    } else {
      const [test] = Object.values(value.filter);
      const now = chosen[facet.column];
      chosen[facet.column] = Array.isArray(test) && Array.isArray(now) ? [...now, ...test] : test;
    }
    this.goSearch(this.query.trim(), chosen);
  },

  /* What was chosen, and what the query was read to mean. */
  get chosenChips() {
    const chosen = Object.entries(this.chosen).map(([column, test]) => ({ column, text: filterWords({ [column]: test }) }));
    const read = this.readFacets.map((facet, place) => ({ column: `read-${place}`, text: facet.text, facet }));
    return [...chosen, ...read];
  },

  get readFacets() {
    return this.searched ? this.searched.facets.filter((facet) => facet.applied) : [];
  },

  /* The words that are left of a query when what was read from it stands as filters. */
  get wordsBesideFilters() {
    return this.searched ? this.searched.words || "" : this.query.trim();
  },

  dropFilter(chip) {
    const chosen = { ...this.chosen };
    delete chosen[chip.column];
    if (!chip.facet) return this.goSearch(this.query.trim(), chosen);
    const others = this.readFacets.filter((facet) => facet !== chip.facet).map((facet) => facet.filter);
    return this.goSearch(this.wordsBesideFilters, Object.assign({}, ...others, chosen));
  },

  dropFilters() {
    this.goSearch(this.wordsBesideFilters, {});
  },

  get otherHeading() {
    return this.results.length ? t("Nothing else has what you searched for. You may like these:") : t("Nothing here has what you searched for. You may like these:");
  },

  get searchHeading() {
    const words = this.corrected || this.query.trim();
    if (words) return t("“{words}”", { words });
    return this.chosenChips.length ? t("A look around: {what}", { what: filterWords(this.chosen) }) : t("A look around");
  },
};

function facetRow(facet) {
  const values = (facet.values || facet.ranges || []).map((value, place) => ({
    ...value,
    key: `${facet.column}-${place}`,
    text: value.label || value.value,
  }));
  return { ...facet, rows: values.slice(0, 12), label: facet.label || columnLabel(facet.column) };
}

/* The text in parts, of which some are bold: [{ key, text, bold }]. */
function partsOf({ text, matches }) {
  const parts = [];
  let end = 0;
  for (const [from, to] of matches || []) {
    if (from > end) parts.push({ text: text.slice(end, from), bold: false });
    parts.push({ text: text.slice(from, to), bold: true });
    end = to;
  }
  if (end < text.length) parts.push({ text: text.slice(end), bold: false });
  return parts.map((part, place) => ({ ...part, key: place }));
}
