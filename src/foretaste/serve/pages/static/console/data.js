/* Data: health by day, quality report, imports and their rejects, the mapping. */

import { drawPlot, key, plural } from "../base.js";
import { call, day, featureTypeName, moment, number, operatorPage, path, percent, shortDay, t, toast } from "./frame.js";
import { noteText, reportText } from "./notes.js";

const POLL_MS = 1500;

operatorPage("data", () => ({
  health: null,
  quality: null,
  answer: null,
  isListening: false,

  async load() {
    [this.health, this.quality, this.answer] = await Promise.all([call("/v1/data-health?days=30"), call("/v1/data-quality"), call("/v1/imports")]);
    if (!this.isListening) addEventListener("console:import-undone", () => this.start());
    this.isListening = true;
    this.poll();
    await this.$nextTick();
    setTimeout(() => this.plot());
  },
  poll() {
    if (this.quality.state !== "measuring") return;
    setTimeout(() => this.attempt(async () => {
      this.quality = await call("/v1/data-quality");
      this.poll();
    }), POLL_MS);
  },
  async measure() {
    await this.act(async () => {
      this.quality = await call("/v1/data-quality?renew=true");
      this.poll();
    });
  },
  get days() {
    return this.health ? this.health.days : [];
  },
  get hasEvents() {
    return this.days.some((row) => row.events);
  },
  get healthText() {
    if (!this.hasEvents) return "";
    return t("30 days up to the newest event, {day}. At most 50,000 events of a day are looked at.", { day: day(this.days[this.days.length - 1].start) });
  },
  get healthTiles() {
    const total = (name) => this.days.reduce((sum, row) => sum + row[name], 0);
    const events = Math.max(1, total("events"));
    const tile = (label, name, text, worrying) => ({ label, value: percent(total(name) / events, 1), text, style: worrying && total(name) / events > 0.02 ? "worrying" : "" });
    return [
      { label: t("Events"), value: number(total("events")), text: t("in these days"), style: "" },
      tile(t("Of unknown items"), "unknown_item", t("their item is not in the catalogue: import it, or look at how ids are written"), true),
      tile(t("Of nobody"), "nobody", t("neither a user nor a session: they count for popularity alone"), true),
      tile(t("With their list"), "attributed", t("they name the recommendation_id, so that it is known whether lists work"), false),
    ];
  },
  plot() {
    if (!this.hasEvents) return; // Plot would draw days of 0 events as bars of full height
    const rows = this.days.flatMap((row) => [
      { start: row.start, kind: "good", count: row.events - row.unknown_item - row.nobody },
      { start: row.start, kind: "unknown", count: row.unknown_item },
      { start: row.start, kind: "nobody", count: row.nobody },
    ]);
    const colors = { good: "series-2", unknown: "bad", nobody: "series-4" };
    this.$refs.health.replaceChildren();
    drawPlot(this.$refs.health, ({ Plot, color }) => ({
      height: 200, marginLeft: 52,
      x: { type: "utc", label: null, ticks: 6, tickFormat: shortDay },
      y: { label: null, grid: true, ticks: 4, domain: [0, Math.max(5, ...this.days.map((row) => row.events))] },
      marks: [
        Plot.rectY(rows, { x1: (d) => new Date(d.start * 1000), x2: (d) => new Date((d.start + 78_000) * 1000), y: "count", fill: (d) => color(colors[d.kind]) }),
        Plot.ruleY([0], { stroke: color("line-strong") }),
      ],
    }), t("Events by day, with those that something is wrong with"));
  },
  get isMeasuring() {
    return this.quality !== null && this.quality.state === "measuring";
  },
  get canMeasure() {
    return this.quality !== null && this.quality.state !== "measuring" && !this.quality.is_current;
  },
  get qualityProblem() {
    return this.quality && this.quality.problem ? this.quality.problem : "";
  },
  get report() {
    return this.quality ? this.quality.report : null;
  },
  get measuredText() {
    if (!this.report) return "";
    const time = moment(this.quality.measured_at);
    return this.quality.is_current ? t("Measured {time}; nothing has changed since.", { time }) : t("Measured {time}; the data have changed since.", { time });
  },
  get warnings() {
    return this.report ? this.report.warnings.map(noteText) : [];
  },
  get reportText() {
    return this.report ? reportText(this.report.text) : "";
  },
  get qualityTiles() {
    if (!this.report) return [];
    const { figures, tail } = this.report;
    return [
      { label: t("People"), value: number(figures.users) },
      { label: t("Items"), value: number(figures.items) },
      { label: t("Events"), value: number(figures.events) },
      { label: t("Items without a text"), value: number(figures.no_text) },
      { label: t("Items that nobody took"), value: number(figures.no_events) },
      { label: t("On the most taken tenth"), value: percent(tail.top_10_percent) },
    ];
  },
  get imports() {
    const states = { done: t("done"), undone: t("undone"), "not finished": t("not finished") };
    return (this.answer ? this.answer.imports : []).map((row) => ({
      number: row.number,
      time: moment(row.started),
      state: states[row.state] || row.state,
      canUndo: row.can_undo,
      undoText: t("Undo import {number}", { number: row.number }),
      files: row.files.map((file) => t("{file}: {added} new, {known} known, {rejected} refused", { file: file.file, added: number(file.added), known: number(file.duplicates), rejected: number(file.rejected) })),
    }));
  },
  get notes() {
    const telling = (this.answer ? this.answer.notes : []).filter((note) => note.warnings.length || note.rejected);
    return telling.map((note) => ({
      file: note.file,
      warnings: note.warnings.map(noteText),
      rejected: note.rejected,
      rejectsText: plural("{count} refused row", "{count} refused rows", note.rejected),
      rejects: note.rejects.slice(0, 5).map((row, place) => ({ number: place, text: t("line {line}: {problem}; {remedy}", { line: row.line, problem: noteText(row.problem), remedy: noteText(row.remedy) }) })),
    }));
  },
  get columns() {
    const roles = { attribute: t("attribute"), text: t("text to read") };
    return (this.answer ? this.answer.columns : []).map((row) => ({ column: row.column, role: roles[row.role], type: row.type ? featureTypeName(row.type) : "–", items: row.items === null ? "–" : number(row.items) }));
  },
  async downloadRejects(note) {
    const headers = key.value ? { Authorization: `Bearer ${key.value}` } : {};
    const answer = await fetch(`/v1/imports/rejects?file=${path(note.file)}`, { headers });
    if (!answer.ok) {
      toast((await answer.json()).detail, { tone: "wrong" });
      return;
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = /filename="?([^";]+)/.exec(answer.headers.get("content-disposition") || "")?.[1] || "rejects.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  },
  askUndo(number_) {
    dispatchEvent(new CustomEvent("console:undo-import", { detail: number_ }));
  },
}));

document.addEventListener("alpine:init", () => {
  Alpine.data("importUndo", () => ({
    number: 0,
    init() {
      addEventListener("console:undo-import", (event) => {
        this.number = event.detail;
        this.$root.showModal();
      });
    },
    get question() {
      return t("Undo import {number}?", { number: this.number });
    },
    async undo() {
      try {
        await call(`/v1/imports/${this.number}/undo`, { method: "POST" });
        toast(t("Undone"));
        dispatchEvent(new CustomEvent("console:import-undone"));
      } catch (problem) {
        toast(problem.detail, { tone: "wrong" });
      }
      this.$root.close();
    },
    close() {
      this.$root.close();
    },
  }));
});
