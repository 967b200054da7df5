/* Model: versions, what counts where, reliability, promotion, two versions side by side. */

import { drawPlot, naturalTitle } from "../base.js";
import { call, expertName, interval, moment, nameAxis, nameMargin, number, operatorPage, percent, t, toast } from "./frame.js";
import { noteText } from "./notes.js";

const kindName = (kind) => ({
  stranger: t("a stranger"),
  "stranger-search": t("a stranger searching"),
  "stranger-item": t("a stranger at an item"),
  person: t("somebody known"),
  "person-search": t("searching"),
  "person-item": t("at an item"),
})[kind] || kind;

operatorPage("model", () => ({
  answer: null,
  first: "",
  second: "",
  user: "",
  people: [],
  pair: null,
  isComparing: false,
  isListening: false,

  async load() {
    this.answer = await call("/v1/models");
    const names = this.answer.models.map((version) => version.version);
    const live = this.answer.models.find((version) => version.is_live);
    this.first = live ? live.version : names[0] || "";
    this.second = names.find((name) => name !== this.first) || "";
    this.people = (await call("/v1/people?n=20")).people.map((row) => row.user);
    this.user = this.user || this.people[0] || "";
    if (!this.isListening) addEventListener("console:promoted", () => this.start());
    this.isListening = true;
    await this.$nextTick();
    setTimeout(() => this.plot());
  },
  get models() {
    return this.answer ? this.answer.models : [];
  },
  get live() {
    return this.models.find((version) => version.is_live) || this.models[0];
  },
  get canRollBack() {
    return this.models.length > 1;
  },
  get canCompare() {
    return this.models.length > 1;
  },
  get versions() {
    return this.models.map((version) => ({
      version: version.version,
      isLive: version.is_live,
      time: moment(version.created),
      events: number(version.events),
      quality: interval(version.ndcg, (value) => number(value, 3)),
      ahead: interval(version.margins.popularity, (value) => number(value, 3)),
      warnings: version.warnings === null ? t("not looked at") : version.warnings.length ? version.warnings.map((row) => noteText(row.message)).join(" ") : t("nothing wrong"),
      promoteText: t("Promote {version}", { version: version.version }),
    }));
  },
  get hasReliability() {
    return Boolean(this.live && this.live.reliability.length);
  },
  get kinds() {
    return (this.answer ? this.answer.request_kinds : []).map((row) => ({ kind: row.kind, label: kindName(row.kind) }));
  },
  get weightRows() {
    const kinds = this.answer ? this.answer.request_kinds : [];
    if (!kinds.length) return [];
    return Object.keys(kinds[0].weights).map((expert) => ({
      name: expertName(expert),
      cells: kinds.map((row) => {
        const most = Math.max(...Object.values(row.weights), 0.01);
        const share = row.weights[expert] / most;
        return { kind: row.kind, value: number(row.weights[expert], 2), shade: { "--share": `${Math.round(share * 100)}%` } };
      }),
    }));
  },
  plot() {
    const rows = Object.entries(this.live ? this.live.margins : {}).map(([expert, [mean, low, high]]) => ({ name: expertName(expert), mean, low, high })).sort((a, b) => a.mean - b.mean);
    this.$refs.experts.replaceChildren();
    drawPlot(this.$refs.experts, ({ Plot, color, width }) => ({
      height: 30 * rows.length + 50, marginLeft: nameMargin(width), marginRight: 16,
      x: { label: null, grid: true, ticks: 4, tickFormat: (value) => number(value, 2), domain: [Math.min(0, ...rows.map((row) => row.low)), Math.max(0.01, ...rows.map((row) => row.high))], nice: true },
      y: { domain: rows.map((row) => row.name) },
      marks: [
        nameAxis(Plot, nameMargin(width)),
        Plot.ruleX([0], { stroke: color("line-strong") }),
        Plot.ruleY(rows, { y: "name", x1: "low", x2: "high", stroke: color("series-1"), strokeWidth: 4, strokeOpacity: 0.4 }),
        Plot.dot(rows, { y: "name", x: "mean", r: 5, fill: color("series-1") }),
      ],
    }), t("How far the model is above each of its parts alone, with its range"));
    if (this.hasReliability) this.plotReliability();
  },
  plotReliability() {
    const bins = this.live.reliability;
    const most = Math.max(0.01, ...bins.map((bin) => Math.max(bin.predicted, bin.observed))) * 1.1;
    this.$refs.reliability.replaceChildren();
    const share = (value) => percent(value, 1);
    drawPlot(this.$refs.reliability, ({ Plot, color }) => ({
      height: 260, marginLeft: 52, marginBottom: 40,
      x: { label: t("what it says"), tickFormat: share, domain: [0, most], ticks: 4 },
      y: { label: t("what happened"), tickFormat: share, domain: [0, most], grid: true, ticks: 4 },
      marks: [
        Plot.line([[0, 0], [most, most]], { stroke: color("line-strong"), strokeDasharray: "4 4" }),
        Plot.line(bins, { x: "predicted", y: "observed", stroke: color("series-1"), strokeWidth: 2 }),
        Plot.dot(bins, { x: "predicted", y: "observed", r: 5, fill: color("series-1") }),
      ],
    }), t("Predicted and observed shares of places that were taken"));
  },
  get trainings() {
    const outcomes = { promoted: t("promoted"), refused: t("refused"), failed: t("failed") };
    return (this.answer ? this.answer.trainings : []).map((row) => ({
      at: row.at,
      outcome: outcomes[row.outcome],
      candidate: row.candidate || "",
      time: moment(row.at),
      reason: row.reason,
      style: row.outcome === "promoted" ? "more" : "less",
      badge: row.outcome === "promoted" ? "good" : "bad",
    }));
  },
  askPromotion(version) {
    dispatchEvent(new CustomEvent("console:promote", { detail: version }));
  },
  askRollback() {
    dispatchEvent(new CustomEvent("console:promote", { detail: null }));
  },
  get compareText() {
    return this.isComparing ? t("Loading the version …") : t("Compare");
  },
  async compare() {
    this.isComparing = true;
    const body = { versions: [this.first, this.second], n: 10 };
    if (this.user.trim()) body.user = this.user.trim();
    await this.act(async () => {
      this.pair = await call("/v1/models/compare", { body });
    });
    this.isComparing = false;
  },
  get pairText() {
    if (!this.pair) return "";
    return t("{share} of the items of the second list are not in the first.", { share: percent(this.pair.replaced_share) });
  },
  get sides() {
    if (!this.pair) return [];
    const ids = [this.pair.first, this.pair.second].map((list) => new Set(list.map((item) => item.id)));
    return [this.pair.first, this.pair.second].map((list, side) => ({
      name: `${side + 1}. ${side ? this.second : this.first}`,
      items: list.map((item, place) => ({ id: item.id, position: place + 1, title: naturalTitle(item), style: ids[1 - side].has(item.id) ? "" : side ? "new" : "gone" })),
    }));
  },
}));

document.addEventListener("alpine:init", () => {
  Alpine.data("promotion", () => ({
    version: null,
    init() {
      addEventListener("console:promote", (event) => {
        this.version = event.detail;
        this.$root.showModal();
      });
    },
    get question() {
      return this.version ? t("Have {version} answer?", { version: this.version }) : t("Roll back to the version before?");
    },
    get actionText() {
      return this.version ? t("Promote it") : t("Roll back");
    },
    async confirm() {
      try {
        const answer = this.version
          ? await call("/v1/models/promote", { body: { version: this.version } })
          : await call("/v1/models/rollback", { method: "POST" });
        toast(t("{version} answers in a moment", { version: answer.version }));
        dispatchEvent(new CustomEvent("console:promoted"));
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
