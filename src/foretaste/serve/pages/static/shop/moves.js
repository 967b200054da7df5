/* Two states of the shelves in, what moved between them out. */

import { names, plural, t } from "../base.js";

/* shelf id → item id → place */
export function placesOf(shelves) {
  return new Map(shelves.map((shelf) => [shelf.id, new Map(shelf.items.map((item, place) => [item.id, place]))]));
}

/* Write into each item how it came to its place: item.moved is "new", a number of places, or 0. */
export function markMoves(shelves, before) {
  for (const shelf of shelves) {
    const places = before.get(shelf.id);
    shelf.items.forEach((item, place) => {
      const was = places && places.get(item.id);
      item.moved = !places ? 0 : was === undefined ? "new" : was - place;
    });
  }
}

export function moveText(moved) {
  if (!moved) return "";
  if (moved === "new") return t("new");
  return moved > 0 ? `↑ ${moved}` : `↓ ${-moved}`;
}

/* What to say of it: how much is new where, and the most telling items with their reasons. */
export function moveLines(shelves, before, unmoved = "") {
  const lines = [];
  for (const shelf of shelves) {
    const places = before.get(shelf.id);
    if (!places) {
      lines.push({ text: t("New shelf: “{title}”", { title: shelf.title }), why: "" });
      continue;
    }
    const fresh = shelf.items.filter((item) => item.moved === "new");
    const risen = shelf.items.filter((item) => item.moved > 1);
    if (fresh.length) {
      const titles = names(fresh.slice(0, 2).map((item) => item.shown));
      const text = plural("{count} new on “{shelf}”: {titles}", "{count} new on “{shelf}”, first {titles}", fresh.length, { shelf: shelf.title, titles });
      lines.push({ text, why: fresh[0].why });
    } else if (risen.length) {
      const [best] = risen.sort((one, other) => other.moved - one.moved);
      lines.push({ text: t("“{title}” up {places} on “{shelf}”", { title: best.shown, places: best.moved, shelf: shelf.title }), why: best.why });
    }
  }
  if (!lines.length) lines.push({ text: unmoved || t("Everything else stays where it was."), why: "" });
  return lines.slice(0, 3);
}

/* Cards slide from where they were to where they are, where they can be seen. */
export function slideFrom(root, spots) {
  if (!root || !spots.size || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const card of root.querySelectorAll("[data-card]")) {
    const was = spots.get(card.dataset.card);
    if (!was) {
      card.animate([{ opacity: 0, transform: "scale(.94)" }, { opacity: 1, transform: "none" }], { duration: 260, easing: "ease-out" });
      continue;
    }
    const now = card.getBoundingClientRect();
    const across = was.left - now.left;
    if (Math.abs(across) > 4 && Math.abs(was.top - now.top) < 60) {
      card.animate([{ transform: `translateX(${across}px)` }, { transform: "none" }], { duration: 280, easing: "cubic-bezier(.2,.8,.3,1)" });
    }
  }
}

/* Where the cards of a shelf are; none where the shelf is out of sight. */
export function spotsOf(root) {
  const box = root && root.getBoundingClientRect();
  if (!box || box.top > innerHeight || box.bottom < 0) return new Map();
  return new Map([...root.querySelectorAll("[data-card]")].map((card) => [card.dataset.card, card.getBoundingClientRect()]));
}
