/* Now: asks /v1/status again and again, and shows it. */

import { drawPlot } from "../base.js";
import { call, clock, moment, number, operatorPage, t, write } from "./frame.js";
import { noteText } from "./notes.js";

const EVERY_MS = 5000;
const LABELS = () => ({
  events_per_minute: t("Events a minute"),
  list_p95_ms: t("Lists, 95 of 100 within"),
  failed_share: t("Failed requests"),
  refused_share: t("Refused requests"),
  items: t("Items"),
  event_lag: t("Events not learnt yet"),
  model_age_seconds: t("Age of the model"),
  model_substituted: t("Another version answers"),
  worker_age_seconds: t("Since the last training"),
  pending_answers: t("Lists to be written down"),
  lost_answers: t("Lists lost"),
  consumer_lag: t("Waiting in queues and folders"),
  consumers_away: t("Queues and folders not read"),
  training_under_way: t("A training is under way"),
});
/* In the language of the page; what the service says of a figure that is not here is shown as it is. */
const EXPLANATIONS = () => ({
  events_per_minute: t("Average of the last five whole minutes, in the process that answered. 0 while people are there: the shop does not send events."),
  list_p95_ms: t("95 of 100 lists of the last hour came within this time. Above 100 ms people notice: more cores, or fewer items a list."),
  failed_share: t("Requests of the last hour that the service failed at. Anything but 0 is in the log under the id of the request."),
  refused_share: t("Requests of the last hour that were wrong, such as without a key. Each answer says what to do."),
  items: t("In the catalogue, hidden ones too."),
  event_lag: t("They are learnt before the next list. A number that only grows: events come faster than they are learnt."),
  model_age_seconds: t("What people do is learnt at once; new weights need a training. Older than two weeks: look at the worker."),
  model_substituted: t("Yes where the promoted version cannot be loaded and the one before answers."),
  worker_age_seconds: t("Never: no worker has run. Start 'foretaste worker', or serve with --with-worker."),
  pending_answers: t("Given lists that wait to be kept for attribution. Many: the store is slow or away."),
  lost_answers: t("Given lists that could not be kept since this process began: clicks on them count for nothing."),
  consumer_lag: t("Entries or files that 'foretaste consume' has not read yet. A number that only grows: they come faster than they are stored."),
  consumers_away: t("Those that 'foretaste consume' cannot read now, or has not for a minute: see its log. None: nothing is consumed."),
  training_under_way: t("Yes while a worker trains a model, or was stopped in the middle of it."),
});

const YES_OR_NO = ["model_substituted", "training_under_way"];
const ABSENT = () => ({ worker_age_seconds: t("never"), consumer_lag: t("none"), consumers_away: t("none") });

/* A figure as people say it: yes or no where 1 or 0 means that, and what its absence means. */
function figureText({ name, value, unit }) {
  if (value === null || value === undefined) return ABSENT()[name] || t("not known");
  if (YES_OR_NO.includes(name)) return value ? t("yes") : t("no");
  return write(value, unit);
}

operatorPage("now", () => ({
  status: null,
  timer: 0,
  plotted: false,

  async load() {
    clearTimeout(this.timer);
    this.status = await call("/v1/status");
    this.timer = setTimeout(() => this.again(), EVERY_MS);
    await this.$nextTick();
    if (!this.plotted) setTimeout(() => this.plot());
    else this.plot();
  },
  async again() {
    if (document.hidden) this.timer = setTimeout(() => this.again(), EVERY_MS);
    else await this.start();
  },
  plot() {
    this.plotted = true;
    const minutes = this.status.minutes.map((minute) => ({ ...minute, date: new Date(minute.start * 1000) }));
    const now = new Date();
    const domain = [new Date(now - 3600_000), now];
    const x = { type: "time", domain, label: null, ticks: 4, tickFormat: clock };
    for (const box of [this.$refs.events, this.$refs.latency]) box.replaceChildren();
    drawPlot(this.$refs.events, ({ Plot, color }) => ({
      height: 160, marginLeft: 44, x, y: { label: null, grid: true, ticks: 3, domain: [0, Math.max(5, ...minutes.map((m) => m.events))] },
      marks: [
        Plot.rectY(minutes, { x1: (d) => d.date, x2: (d) => new Date(+d.date + 54_000), y: "events", fill: color("series-2") }),
        Plot.ruleY([0], { stroke: color("line-strong") }),
      ],
    }), t("Events a minute in the last hour"));
    const lists = minutes.filter((minute) => minute.requests.lists.p95_ms !== null);
    drawPlot(this.$refs.latency, ({ Plot, color }) => ({
      height: 160, marginLeft: 44, x, y: { label: "ms", grid: true, ticks: 3, domain: [0, Math.max(20, ...lists.map((m) => m.requests.lists.p95_ms))] },
      marks: [
        Plot.lineY(lists, { x: "date", y: (d) => d.requests.lists.p50_ms, stroke: color("series-2"), marker: "dot" }),
        Plot.lineY(lists, { x: "date", y: (d) => d.requests.lists.p95_ms, stroke: color("series-1"), marker: "dot" }),
        Plot.ruleY([0], { stroke: color("line-strong") }),
      ],
    }), t("Milliseconds within which lists were answered, in the last hour"));
  },
  get verdictClass() {
    if (!this.status) return "";
    if (this.problem || this.status.state !== "ready") return "bad";
    return this.figures.some((figure) => figure.isWorrying) || this.warnings.length ? "" : "good";
  },
  get verdictText() {
    if (!this.status) return "";
    if (this.problem) return t("It does not answer. What is below was so before");
    if (this.status.state === "not-ready") return t("It cannot answer");
    if (this.status.state === "degraded") return t("It answers from memory: the store is away");
    const worries = this.figures.filter((figure) => figure.isWorrying).length + this.warnings.length;
    return worries ? t("It answers. Look at what is marked below") : t("All is well");
  },
  get reason() {
    return this.status && !this.problem ? this.status.reason : "";
  },
  get lookedAt() {
    return this.status && this.status.version ? t("Version {version}", { version: this.status.version }) : "";
  },
  get figures() {
    const labels = LABELS();
    const explanations = EXPLANATIONS();
    return (this.status ? this.status.figures : []).map((figure) => ({
      name: figure.name,
      label: labels[figure.name] || figure.name,
      text: figureText(figure),
      explanation: explanations[figure.name] || figure.explanation,
      isWorrying: figure.is_worrying,
      style: figure.is_worrying ? "worrying" : "",
    }));
  },
  get requestRows() {
    if (!this.status) return [];
    const labels = { lists: t("Lists"), events: t("Events"), remaining: t("All others") };
    return Object.entries(this.status.requests).map(([name, counts]) => ({
      label: labels[name],
      requests: number(counts.requests),
      refused: number(counts.refused),
      failed: number(counts.failed),
      half: counts.p50_ms === null ? "–" : write(counts.p50_ms, "ms"),
      most: counts.p95_ms === null ? "–" : write(counts.p95_ms, "ms"),
    }));
  },
  get warnings() {
    return ((this.status && this.status.warnings) || []).map((warning) => ({ ...warning, message: noteText(warning.message), remedy: noteText(warning.remedy) }));
  },
  get warningsText() {
    if (!this.status || this.warnings.length) return "";
    return this.status.warnings === null
      ? t("Nobody has looked at the lists of this version yet.")
      : t("Nothing: the lists of 200 people were looked at after the training.");
  },
  get workerText() {
    const training = this.status && this.status.last_training;
    if (!training) return t("No training by a worker yet. 'foretaste worker' keeps the model fresh.");
    const outcomes = { promoted: t("promoted"), refused: t("refused"), failed: t("failed") };
    return t("The last training was {outcome}, on {time}.", { outcome: outcomes[training.outcome], time: moment(training.at) });
  },
  get workerReason() {
    return this.status && this.status.last_training ? this.status.last_training.reason : "";
  },
}));
