/* Keys and tenants: make, rotate, revoke. */

import { key as ownKey } from "../base.js";
import { call, moment, number, operatorPage, t, toast } from "./frame.js";

const KINDS = {
  admin: { scopes: ["admin"] },
  server: { scopes: ["read", "events"], user_access: "open" },
  page: { scopes: ["read", "events"], user_access: "signed" },
  read: { scopes: ["read"] },
};

operatorPage("keys", () => ({
  answer: null,
  tenantRows: [],
  made: null,
  name: "",
  kind: "admin",
  days: "",
  tenant: "default",
  tenantName: "",

  async load() {
    this.answer = await call("/v1/keys");
    this.tenantRows = this.answer.is_root ? (await call("/v1/tenants")).tenants : [];
    if (!this.isListening) addEventListener("console:revoked", () => this.start());
    this.isListening = true;
  },
  isListening: false,
  get isOpen() {
    return this.answer !== null && this.answer.is_root && !this.answer.keys.length;
  },
  get isRoot() {
    return this.answer !== null && this.answer.is_root;
  },
  get tenants() {
    return this.tenantRows.map((tenant) => ({ name: tenant.name, items: number(tenant.items), events: number(tenant.events), model: tenant.model || "–" }));
  },
  get rows() {
    const users = { open: t("any"), signed: t("by signed token"), session: t("none, sessions alone") };
    return (this.answer ? this.answer.keys : []).map((key) => ({
      id: key.id,
      name: key.name,
      scopes: key.scopes.join(", "),
      users: users[key.user_access],
      tenant: key.tenant,
      used: key.used ? moment(key.used) : t("never"),
      state: stateText(key),
      style: key.is_valid ? "good" : "bad",
      isValid: key.is_valid,
      isOwn: key.is_own,
      rotateText: t("Rotate {name}", { name: key.name }),
      revokeText: t("Revoke {name}", { name: key.name }),
    }));
  },
  get madeTitle() {
    return this.made ? t("The secret of {name}", { name: this.made.key.name }) : "";
  },
  get madeSecret() {
    return this.made ? this.made.secret : "";
  },
  get madeSigningSecret() {
    return this.made ? this.made.signing_secret || "" : "";
  },
  async create() {
    const isFirst = this.isOpen;
    const body = { name: this.name, ...KINDS[this.kind] };
    if (this.days !== "") body.days = Number(this.days);
    if (this.isRoot) body.tenant = this.tenant;
    await this.act(async () => {
      await this.show(await call("/v1/keys", { body }));
      this.name = "";
      if (isFirst) ownKey.value = this.made.secret;
      await this.start();
    });
  },
  async rotate(row) {
    await this.act(async () => {
      await this.show(await call(`/v1/keys/${row.id}/rotate`, { body: { overlap_days: 7 } }));
      if (row.isOwn) ownKey.value = this.made.secret;
      toast(t("The old key stays good for seven days beside it"));
      await this.start();
    });
  },
  async show(made) {
    this.made = made;
    await this.$nextTick();
    this.$refs.made.focus();
  },
  ask(row) {
    dispatchEvent(new CustomEvent("console:revoke", { detail: row }));
  },
  async copy() {
    await navigator.clipboard.writeText(this.madeSecret);
    toast(t("Copied"));
  },
  forgetSecret() {
    this.made = null;
  },
  async createTenant() {
    await this.act(async () => {
      await call("/v1/tenants", { body: { name: this.tenantName } });
      toast(t("Made. It needs a key of its own"));
      this.tenantName = "";
      await this.start();
    });
  },
}));

function stateText(key) {
  if (key.revoked) return t("revoked {time}", { time: moment(key.revoked) });
  if (!key.is_valid) return t("expired {time}", { time: moment(key.expires) });
  return key.is_own ? t("yours") : key.expires ? t("good until {time}", { time: moment(key.expires) }) : t("good");
}

document.addEventListener("alpine:init", () => {
  Alpine.data("revocation", () => ({
    id: "",
    name: "",
    isOwn: false,
    init() {
      addEventListener("console:revoke", (event) => {
        ({ id: this.id, name: this.name, isOwn: this.isOwn } = event.detail);
        this.$root.showModal();
      });
    },
    async revoke() {
      try {
        await call(`/v1/keys/${this.id}/revoke`, { method: "POST" });
        toast(t("Revoked"));
      } catch (problem) {
        toast(problem.detail, { tone: "wrong" });
      }
      this.$root.close();
      dispatchEvent(new CustomEvent("console:revoked"));
    },
    close() {
      this.$root.close();
    },
  }));
});
