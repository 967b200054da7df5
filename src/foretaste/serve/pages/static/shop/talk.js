/* The talk in its drawer: what was said, the list of each answer, and what the talk has come to. */

import { t } from "../base.js";
import { client } from "./service.js";
import { filterWords } from "./words.js";

export const talk = {
  turns: [],
  sentence: "",
  talking: false,
  conversation: null,
  talkState: null,

  async say(words) {
    const text = (words || this.sentence).trim();
    if (!text || this.talking || !this.mayAct()) return;
    this.talking = true;
    this.sentence = "";
    this.turns.push({ key: this.turns.length, mine: true, text, items: [], list: null });
    this.scrollTalk();
    const done = await this.attempt(async () => this.answered(await client.chat({ text, ...this.talkOwner() })));
    if (!done) this.sentence = text;
    this.talking = false;
    this.scrollTalk();
  },

  talkOwner() {
    return this.conversation ? { conversation_id: this.conversation } : {};
  },

  async answered(answer) {
    this.conversation = answer.conversation_id;
    this.talkState = answer.state;
    const list = answer.recommendation;
    this.turns.push({
      key: this.turns.length,
      mine: false,
      text: list && list.items.length ? answer.text.replace(/:\s+1\.\s[\s\S]*$/, ":") : answer.text,
      items: list ? list.items.map((item) => this.decorated(item)) : [],
      list: list && { id: "talk", kind: "talk", recommendation_id: list.recommendation_id },
    });
    const held = JSON.stringify(this.preferences.map((one) => [one.name, one.act, one.nats]));
    const now = JSON.stringify(answer.changes.map((one) => [one.name, one.act, one.nats]));
    if (held !== now || ["take", "like", "dislike"].includes(answer.intent)) {
      await this.loadProfile();
      await this.refresh({ text: answer.text.slice(0, 120), undo: null });
    }
  },

  get talkChips() {
    if (!this.talkState) return [];
    const chips = [];
    if (this.talkState.query) chips.push({ key: "query", text: t("“{words}”", { words: this.talkState.said_query || this.talkState.query }), edit: { query: "" } });
    for (const [column, test] of Object.entries(this.talkState.filter || {})) {
      const filter = { ...this.talkState.filter };
      delete filter[column];
      chips.push({ key: `filter-${column}`, text: filterWords({ [column]: test }), edit: { filter } });
    }
    return chips;
  },

  async editTalk(chip) {
    this.talking = true;
    await this.attempt(async () => this.answered(await client.chat({ text: "", state: chip.edit, ...this.talkOwner() })));
    this.talking = false;
    this.scrollTalk();
  },

  newTalk() {
    this.turns = [];
    this.conversation = this.talkState = null;
    document.getElementById("sentence").focus();
  },

  openTalk() {
    document.getElementById("talk").showModal();
    document.getElementById("sentence").focus();
  },

  scrollTalk() {
    Alpine.nextTick(() => {
      const body = document.getElementById("talk-body");
      body.scrollTop = body.scrollHeight;
    });
  },
};

