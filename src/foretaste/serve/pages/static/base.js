/* What all pages share: texts, the look, the key, calls of the service, toasts, plots.

   import { t, plural, call, toast, drawPlot, session } from "./base.js";

   Scripts of pages are modules named in the block `scripts` of a template; they register Alpine
   components in an `alpine:init` listener. Text of others is only ever set by x-text or textContent. */

const messages = globalThis.foretasteMessages || {};
export const language = document.documentElement.lang || "en";
/* The same with the country of the browser: British people write 18:30 where Americans write 6:30 PM. */
export const locale = navigator.languages.find((tag) => tag.split("-")[0] === language) || language;

/* The message in the language of the page, with values in its places: t("Hid {title}", { title }). */
export function t(message, values = {}) {
  const form = messages[message];
  return fill(Array.isArray(form) ? form[0] : form || message, values);
}

/* The form for a number: plural("{count} film", "{count} films", 3). */
export function plural(singular, other, count, values = {}) {
  const forms = messages[singular];
  const form = Array.isArray(forms) ? forms[count === 1 ? 0 : 1] : count === 1 ? singular : other;
  return fill(form, { count: number(count), ...values });
}

function fill(form, values) {
  return form.replace(/\{([a-z_]+)\}/g, (place, name) => (name in values ? values[name] : place));
}

/* 1,234.5 as the language writes it. */
export function number(value, digits = 0) {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value);
}

/* .42 as 42 % */
export function percent(share, digits = 0) {
  return new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: digits }).format(share);
}

/* a, b and c */
/* The title of an item, or its id, with the article in front: "Shining, The" is "The Shining". */
export function naturalTitle(item) {
  const title = String((item && (item.title || item.id)) || "");
  const parts = /^(.{1,160}?), (The|A|An|Der|Die|Das|Le|La|Les|L'|Il|El|Los|Las|Un|Une|Ein|Eine)((?: \(.*\))?)$/.exec(title);
  return parts ? `${parts[2]}${parts[2].endsWith("'") ? "" : " "}${parts[1]}${parts[3]}` : title;
}

export function names(list) {
  return new Intl.ListFormat(locale, { type: "conjunction" }).format(list);
}

/* Seconds since 1970 as date and time. */
export function moment(seconds) {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(seconds * 1000);
}

/* ---- the key: in this tab until it is closed ---- */

const KEY = "foretaste.key";

export const key = {
  get value() {
    return sessionStorage.getItem(KEY);
  },
  set value(text) {
    if (text) sessionStorage.setItem(KEY, text);
    else sessionStorage.removeItem(KEY);
  },
};

/* The status with which a key was refused last: 401 or 403; 0 before that. */
let refusedWith = 0;
addEventListener("foretaste:key", (event) => (refusedWith = event.detail.status));

/* What the service answered instead: a problem document (RFC 9457). status 0: no answer at all. */
export class Problem extends Error {
  constructor(status, body = {}) {
    super(body.detail || body.title || t("The service does not answer"));
    this.status = status;
    this.type = (body.type || "").replace("urn:foretaste:problem:", "");
    this.title = body.title || t("The service does not answer");
    this.detail = body.detail || t("It may be starting again. This page asks once more in a moment.");
  }

  /* The key is missing, wrong, or may not do this. */
  get isKeyProblem() {
    return this.status === 401 || this.status === 403;
  }
}

/* One call of the service; the key goes with it. → what it answers, as JSON (or null, or text).
   call("/v1/placements"); call("/v1/placements/home", { method: "PUT", body: {…} });
   { headers } and { signal } are fetch's. Throws Problem. */
export async function call(path, { method, body, headers = {}, signal } = {}) {
  const options = { method: method || (body === undefined ? "GET" : "POST"), headers: { ...headers }, signal };
  options.headers["Accept-Language"] = language;
  if (body !== undefined) {
    options.headers["Content-Type"] ??= "application/json";
    options.body = typeof body === "string" ? body : JSON.stringify(body);
  }
  if (key.value) options.headers["Authorization"] = `Bearer ${key.value}`;
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0);
  }
  const text = await answer.text();
  const isJson = /json/.test(answer.headers.get("content-type") || "");
  let content = text;
  try {
    content = isJson ? JSON.parse(text) : text;
  } catch {
    content = {};
  }
  if (!answer.ok) {
    const problem = new Problem(answer.status, isJson ? content : { title: answer.statusText });
    if (problem.isKeyProblem) dispatchEvent(new CustomEvent("foretaste:key", { detail: problem }));
    throw problem;
  }
  return content;
}

/* ---- what happened: toast(text, { tone: "wrong", actionText, action, seconds }) ---- */

let toastCount = 0;

export function toast(text, { tone = "", actionText = "", action = null, seconds = 8 } = {}) {
  const list = Alpine.store("toasts").list;
  const entry = { id: ++toastCount, text, tone, actionText, action };
  list.push(entry);
  while (list.length > 2) list.shift();
  if (seconds) setTimeout(() => closeToast(entry), seconds * 1000);
  return entry;
}

export function closeToast(entry) {
  const list = Alpine.store("toasts").list;
  const place = list.findIndex((one) => one.id === entry.id);
  if (place >= 0) list.splice(place, 1);
}

/* ---- plots: Observable Plot, loaded when the first is drawn ---- */

let plotLibrary = null;

function loadScript(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = resolve;
    script.onerror = () => reject(new Problem(0));
    document.head.append(script);
  });
}

export function plots() {
  const { d3, plot } = document.body.dataset;
  plotLibrary ??= loadScript(d3)
    .then(() => loadScript(plot))
    .then(() => ({ Plot: globalThis.Plot, d3: globalThis.d3 }))
    .catch(() => (plotLibrary = null)); // the service is away, which the page says: asked again with the next plot
  return plotLibrary;
}

/* Draw into a box, again whenever its width or the look changes.
   drawPlot(box, ({ Plot, width, color }) => ({ marks: […], x: {…} }), t("Click rate by day"));
   color("accent") is a colour of the palette as it is now. → a function that ends it */
export async function drawPlot(box, describe, label) {
  const library = await plots();
  if (!library) return () => {};
  const { Plot, d3 } = library;
  const color = (name) => getComputedStyle(box).getPropertyValue(`--${name}`) && `var(--${name})`;
  let width = 0;
  const draw = () => {
    const now = Math.floor(box.clientWidth);
    if (!now || now === width) return;
    width = now;
    const options = describe({ Plot, d3, width, color });
    const drawing = Plot.plot({ width, className: "plot", ariaLabel: label, ...options });
    drawing.setAttribute("role", "img");
    for (const group of drawing.querySelectorAll("g[aria-label]")) group.removeAttribute("aria-label"); // said by the whole
    box.replaceChildren(drawing);
  };
  const observer = new ResizeObserver(draw);
  observer.observe(box);
  draw();
  return () => observer.disconnect();
}

/* The width of a bar without a style in the markup: x-bind:style takes an object. share: 0…1 */
export function barStyle(share) {
  return { width: `${Math.max(0, Math.min(1, share)) * 100}%` };
}

/* ---- parts of the frame ---- */

export function setTheme(choice) {
  const root = document.documentElement;
  if (choice) root.dataset.theme = choice;
  else delete root.dataset.theme;
  document.cookie = `foretaste_theme=${choice}; path=/; max-age=${choice ? 31536000 : 0}; samesite=lax`;
}

document.addEventListener("alpine:init", () => {
  Alpine.store("toasts", { list: [] });

  Alpine.data("toasts", () => ({
    act(entry) {
      closeToast(entry);
      entry.action();
    },
    close: closeToast,
  }));

  /* A button that opens a panel: x-data="menu", x-bind="area", "opener", "panel". */
  Alpine.data("menu", () => ({
    open: false,
    area: {
      ["x-on:keydown.escape"]() {
        if (!this.open) return;
        this.open = false;
        this.$root.querySelector("[aria-expanded]").focus();
      },
      ["x-on:click.outside"]() {
        this.open = false;
      },
    },
    opener: {
      ["x-on:click"]() {
        this.open = !this.open;
      },
      ["x-bind:aria-expanded"]() {
        return String(this.open);
      },
    },
    panel: {
      ["x-show"]() {
        return this.open;
      },
    },
  }));

  Alpine.data("themeSwitch", () => ({
    chosen: document.documentElement.dataset.theme || "",
    choice: {
      ["x-on:click"]() {
        this.chosen = this.$el.dataset.themeChoice;
        setTheme(this.chosen);
      },
      ["x-bind:aria-pressed"]() {
        return String(this.chosen === this.$el.dataset.themeChoice);
      },
    },
  }));

  /* The form of ui.key_form; a page shows it when "foretaste:key" was said, and starts anew at
     "foretaste:key-entered". */
  Alpine.data("keyForm", () => ({
    value: "",
    status: 0,
    hasKey: false,
    init() {
      this.look = () => Object.assign(this, { status: refusedWith, hasKey: Boolean(key.value) });
      addEventListener("foretaste:key", this.look);
      this.look();
    },
    destroy() {
      removeEventListener("foretaste:key", this.look);
    },
    get heading() {
      if (this.hasKey && this.status === 403) return t("This key may not do that");
      return this.hasKey && this.status ? t("The service does not know this key") : t("This service asks for a key");
    },
    get advice() {
      if (this.hasKey && this.status === 403) return t("It is a good key, but without the scope that this page needs. Enter another.");
      if (this.hasKey && this.status) return t("It may be mistyped, revoked or expired. Enter it again, or another.");
      return t("Whoever runs it can make one and give it to you.");
    },
    save() {
      key.value = this.value.trim();
      this.value = "";
      dispatchEvent(new CustomEvent("foretaste:key-entered"));
    },
  }));
});
