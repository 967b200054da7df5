/* Does it work? One call of /v1/outcomes for a span of time. */

import { drawPlot, plural } from "../base.js";
import { call, day, interval, moment, nameAxis, nameMargin, number, operatorPage, path, percent, shortDay, t } from "./frame.js";

const LINES = ["series-1", "series-2", "series-3", "series-4"];
const STYLES = ["", "two", "three", "four"];

operatorPage("outcomes", () => ({
  report: null,
  days: 7,
  conversions: "purchase",

  async load() {
    this.report = await call(`/v1/outcomes?days=${this.days}&by=both&conversions=${path(this.conversions || "purchase")}`);
    await this.$nextTick();
    setTimeout(() => this.plot());
  },
  get spans() {
    return [
      { days: 1, text: t("1 day") },
      { days: 7, text: t("7 days") },
      { days: 30, text: t("30 days") },
      { days: 90, text: t("90 days") },
    ];
  },
  isSpan(span) {
    return String(span.days === this.days);
  },
  choose(span) {
    this.days = span.days;
    this.start();
  },
  get isEmpty() {
    return !this.report || this.report.total.lists === 0;
  },
  get isShortened() {
    return this.report !== null && this.report.covered_since > this.report.since + 1;
  },
  get shortenedText() {
    if (!this.report) return "";
    return t("There is more than is looked at at once: the figures begin on {time}.", { time: moment(this.report.covered_since) });
  },
  get tiles() {
    if (!this.report) return [];
    const total = this.report.total;
    const lists = plural("{count} list", "{count} lists", total.lists);
    const people = plural("{count} person", "{count} people", total.people);
    return [
      { label: t("Shown"), value: number(total.impressions), range: "", text: t("places of {lists}, shown to {people}", { lists, people }) },
      { label: t("Click rate"), value: total.click_rate ? percent(total.click_rate.mean, 1) : "–", range: range(total.click_rate), text: plural("{count} place was taken", "{count} places were taken", total.clicks) },
      { label: t("Conversion rate"), value: total.conversion_rate ? percent(total.conversion_rate.mean, 2) : "–", range: range(total.conversion_rate), text: plural("{count} place came to a conversion", "{count} places came to a conversion", total.conversions) },
      { label: t("Value"), value: number(total.value, 2), range: total.value_per_list ? t("{range} a list", { range: interval(total.value_per_list, (value) => number(value, 2)) }) : "", text: t("of the conversions that name their list") },
    ];
  },
  get groups() {
    return this.report ? this.report.groups : [];
  },
  get legend() {
    return this.groups.slice(0, LINES.length).map((group, place) => ({ name: groupName(group), style: STYLES[place] }));
  },
  get rows() {
    return this.groups.map((group) => ({
      name: groupName(group),
      placement: group.placement || t("no placement"),
      version: group.version || "–",
      lists: number(group.figures.lists),
      people: number(group.figures.people),
      shown: number(group.figures.impressions),
      clicks: number(group.figures.clicks),
      rate: interval(group.figures.click_rate),
      conversions: number(group.figures.conversions),
      value: interval(group.figures.value_per_list, (value) => number(value, 2)),
    }));
  },
  get reportedText() {
    if (!this.report) return "";
    return this.report.total.impressions_reported
      ? t("A place counts as shown where an impression event says so.")
      : t("No impression events come, so every place of every list counts as shown: the true rates are higher.");
  },
  get hasComparisons() {
    return this.report !== null && this.report.comparisons.length > 0;
  },
  get comparisons() {
    return (this.report ? this.report.comparisons : []).map((pair) => ({ kind: pair.kind, sentence: comparisonSentence(pair), detail: comparisonDetail(pair) }));
  },
  get exposure() {
    const exposure = this.report && this.report.exposure;
    if (!exposure) return [];
    const known = (value, write) => (value === null ? t("not known") : write(value));
    return [
      { label: t("Coverage"), value: percent(exposure.coverage, 1), text: t("of the items on offer were shown: {count} different ones", { count: number(exposure.distinct_items) }) },
      { label: t("Popular items"), value: known(exposure.popular_share, (share) => percent(share)), text: t("of the places went to the most taken tenth of the catalogue; of what people took from lists: {share}", { share: known(exposure.taken_popular_share, (share) => percent(share)) }) },
      { label: t("Inequality"), value: number(exposure.gini, 2), text: t("0 where every item is shown as often, 1 where one is shown all the time (Gini)") },
      { label: t("Novelty"), value: known(exposure.novelty, (bits) => t("{bits} bits", { bits: number(bits, 1) })), text: t("the less the items shown are taken, the more bits; one bit more is half as often") },
      { label: t("Diversity"), value: known(exposure.diversity, (distance) => number(distance, 2)), text: t("0 where the items of a list read alike, 1 where they have nothing in common") },
    ];
  },
  plot() {
    const points = this.groups.slice(0, LINES.length).flatMap((group, place) =>
      group.days.filter((one) => one.click_rate).map((one) => ({ date: new Date(one.start * 1000), line: LINES[place], ...one.click_rate })));
    this.$refs.days.replaceChildren();
    const top = Math.max(0.02, ...points.map((point) => point.mean * 1.8), ...points.map((point) => Math.min(point.high, point.mean * 3)));
    drawPlot(this.$refs.days, ({ Plot, color }) => ({
      height: 240, marginLeft: 48,
      x: { type: "utc", label: null, ticks: 6, inset: 24, tickFormat: shortDay },
      y: { label: null, grid: true, tickFormat: (share) => percent(share, 1), domain: [0, Math.min(1, top)], clamp: true, ticks: 4 },
      marks: [
        Plot.ruleX(points, { x: "date", y1: "low", y2: "high", stroke: (d) => color(d.line), strokeWidth: 2, strokeOpacity: 0.45 }),
        Plot.line(points, { x: "date", y: "mean", z: "line", stroke: (d) => color(d.line), strokeWidth: 2 }),
        Plot.dot(points, { x: "date", y: "mean", fill: (d) => color(d.line), r: 4, title: (d) => `${day(+d.date / 1000)}: ${interval(d)}` }),
        Plot.ruleY([0], { stroke: color("line-strong") }),
      ],
    }), t("Click rate by day, with its range"));
    if (this.hasComparisons) this.plotComparisons();
  },
  plotComparisons() {
    const rows = this.report.comparisons.flatMap((pair) => [
      { name: t("chosen by the model"), pair: pair.kind, kind: "model", ...pair.model },
      { name: otherName(pair.kind), pair: pair.kind, kind: "other", ...pair.alternative },
    ]).map((row) => ({ ...row, label: row.kind === "model" ? `${row.name} (${otherName(row.pair)})` : row.name }));
    this.$refs.comparison.replaceChildren();
    drawPlot(this.$refs.comparison, ({ Plot, color, width }) => ({
      height: 48 * rows.length + 40, marginLeft: nameMargin(width, 230), marginRight: 16,
      x: { label: null, grid: true, tickFormat: (share) => percent(share), domain: [0, Math.max(...rows.map((row) => row.high)) * 1.05], ticks: 4 },
      y: { domain: rows.map((row) => row.label) },
      marks: [
        nameAxis(Plot, nameMargin(width, 230)),
        Plot.ruleY(rows, { y: "label", x1: "low", x2: "high", stroke: (d) => color(d.kind === "model" ? "series-1" : "series-2"), strokeWidth: 4, strokeOpacity: 0.45 }),
        Plot.dot(rows, { y: "label", x: "mean", r: 6, fill: (d) => color(d.kind === "model" ? "series-1" : "series-2") }),
      ],
    }), t("Click rates of the same people on both kinds of places"));
  },
}));

function range(bounds) {
  return bounds && bounds.low !== null ? `(${percent(bounds.low, 1)} – ${percent(bounds.high, 1)})` : "";
}

function groupName(group) {
  return [group.placement || t("no placement"), group.version].filter(Boolean).join(" · ");
}

function otherName(kind) {
  return kind === "popular" ? t("popular lists") : t("random items");
}

function comparisonSentence(pair) {
  const values = { other: otherName(pair.kind) };
  if (pair.difference.low > 0) return t("It works: people take more of what the model chose than of {other}.", values);
  if (pair.difference.high < 0) return t("It does not work yet: people take less of what the model chose than of {other}.", values);
  return t("Not certain yet: what the model chose and {other} are taken about as often.", values);
}

function comparisonDetail(pair) {
  return t("{model} of the places against {other}; {people} people were shown both; difference {difference}", {
    model: interval(pair.model),
    other: interval(pair.alternative),
    people: number(pair.people),
    difference: interval(pair.difference),
  });
}
