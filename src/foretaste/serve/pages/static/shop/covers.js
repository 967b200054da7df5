/* A cover for an item without a picture: drawn from its title and attributes, always the same.

   The palette comes from the first category, the motif from the category and the title, the details
   from the title alone; so things of one kind look like a series and each like itself. Text is HTML
   over the drawing, so that long, foreign and right-to-left titles are set as the browser can. */

import { key } from "../base.js";
import { titleOf } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 200;
const HEIGHT = 300;

/* ground, three shades from far to near, light */
const PALETTES = {
  ember: ["#2a0b12", "#7a1f2b", "#c8372d", "#f07b3f", "#ffd9a0"],
  night: ["#0d1230", "#1f2f6b", "#3b5bdb", "#54c6eb", "#e3f6ff"],
  noir: ["#15120f", "#3a322a", "#7d6a4f", "#d1a54a", "#fff0cd"],
  rose: ["#3d0f2d", "#8e2458", "#d94f7e", "#ff9fb2", "#ffe8e6"],
  sun: ["#5a2a00", "#b85c00", "#f59f00", "#ffd43b", "#fff7d6"],
  moss: ["#12261a", "#28543a", "#4b8f5b", "#a3cf7c", "#f0f8dc"],
  sea: ["#06282f", "#0f5661", "#1f8f8f", "#7fd6c2", "#e8fbf4"],
  violet: ["#1f1038", "#45257a", "#7c4dd6", "#b99cff", "#f1eaff"],
  sand: ["#3c2414", "#85522c", "#c98a4b", "#ecc58d", "#fff3dd"],
  slate: ["#1a2129", "#3b4a58", "#6f8798", "#b5cad6", "#f1f7fa"],
  candy: ["#23104f", "#6a2fb5", "#ef4f9b", "#ffb02e", "#fff4d0"],
  fern: ["#0b2b2b", "#14585a", "#2ea36f", "#c3e88d", "#f6ffe0"],
  clay: ["#33130c", "#7d3320", "#c4623f", "#f2a97e", "#ffeadb"],
  steel: ["#101820", "#20405c", "#3f7aa6", "#f2c14e", "#fff7e0"],
};
const PALETTE_NAMES = Object.keys(PALETTES);
const KINDS = [
  [/horror|grusel|occult/i, "ember", ["ripple", "slats", "hills"]],
  [/sci-?fi|science fiction|space|weltraum|tech|electronic/i, "night", ["orbits", "grid", "orbits", "ripple"]],
  [/noir|crime|krimi|politic|business/i, "noir", ["city", "slats", "arcs"]],
  [/roman|love|liebe|beauty|pop\b/i, "rose", ["petals", "waves", "arcs"]],
  [/comedy|kom(ö|oe)die|humou?r|funny/i, "sun", ["confetti", "burst", "tiles"]],
  [/document|nature|natur|garden|science|wissen/i, "moss", ["hills", "leaves", "tiles"]],
  [/adventure|abenteuer|travel|reise|sport/i, "sea", ["hills", "waves", "burst"]],
  [/myster|fantas|magic|poetry/i, "violet", ["ripple", "orbits", "petals"]],
  [/western|history|geschichte|country/i, "sand", ["hills", "burst", "slats"]],
  [/war|krieg|militar/i, "slate", ["slats", "hills", "grid"]],
  [/anim|child|kinder|family|toy|spiel|game/i, "candy", ["confetti", "tiles", "waves"]],
  [/thrill|action|metal|rock/i, "steel", ["slats", "grid", "city"]],
  [/music|musi|jazz|soul|dance/i, "violet", ["arcs", "ripple", "waves"]],
  [/drama|novel|roman\b|fiction/i, "clay", ["arcs", "tiles", "leaves", "hills"]],
];
const MOTIFS = ["arcs", "tiles", "waves", "ripple", "burst", "leaves", "grid", "hills", "petals", "confetti", "slats", "orbits"];

/* A number from a text (FNV-1a), and from it as many as are asked for (mulberry32). */
function seedOf(text) {
  let hash = 0x811c9dc5;
  for (let place = 0; place < Math.min(text.length, 300); place++) {
    hash = Math.imul(hash ^ text.charCodeAt(place), 0x01000193);
  }
  return hash >>> 0;
}

function randomOf(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

/* What kind of thing it is: its first values that are words, the column with the fewest words first. */
export function kindsOf(attributes) {
  const words = Object.entries(attributes || {}).filter(
    ([, values]) => values.length && values.every((value) => !/^[\d.,:\s-]*$/.test(value) && value.length < 40),
  );
  words.sort(([one], [other]) => rank(one) - rank(other));
  return words.flatMap(([, values]) => values);
}

function rank(column) {
  return /genre|categor|kategor|section|department|type|topic|style/i.test(column) ? 0 : 1;
}

function lookOf(item) {
  const kinds = kindsOf(item.attributes);
  const seed = seedOf(`${item.title || ""}\u0000${item.id}`);
  const rows = kinds.slice(0, 4).map((kind) => ({ kind, row: KINDS.find(([pattern]) => pattern.test(kind)) }));
  const known = rows.filter(({ row }) => row);
  if (known.length) {
    const { kind, row } = known[(seed >>> 8) % known.length];
    return { palette: row[1], motif: row[2][seed % row[2].length], seed, kind };
  }
  const base = seedOf(kinds[0] || item.title || item.id);
  return {
    palette: PALETTE_NAMES[base % PALETTE_NAMES.length],
    motif: MOTIFS[(base + (seed % 3)) % MOTIFS.length],
    seed,
    kind: kinds[0] || "",
  };
}

function add(parent, tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, typeof value === "number" ? Math.round(value * 10) / 10 : value);
  }
  parent.append(element);
  return element;
}

const between = (random, low, high) => low + random() * (high - low);
const pick = (random, list) => list[Math.floor(random() * list.length)];

const DRAW = {
  orbits(svg, random, [ground, far, middle, near, light]) {
    for (let star = 0; star < 42; star++) {
      add(svg, "circle", { cx: random() * WIDTH, cy: random() * HEIGHT, r: between(random, 0.4, 1.5), fill: light, opacity: between(random, 0.3, 0.95) });
    }
    const x = between(random, 55, 145);
    const y = between(random, 78, 128);
    const r = between(random, 40, 66);
    const tilt = between(random, -28, 28);
    add(svg, "circle", { cx: x, cy: y, r: r * 1.5, fill: far, opacity: 0.45 });
    add(svg, "circle", { cx: x, cy: y, r, fill: middle });
    add(svg, "path", { d: `M ${x} ${y - r} A ${r} ${r} 0 0 1 ${x} ${y + r} A ${r * 0.5} ${r} 0 0 0 ${x} ${y - r}`, fill: near, opacity: 0.85, transform: `rotate(${tilt} ${x} ${y})` });
    for (const wide of [1.55, 1.75]) {
      add(svg, "ellipse", { cx: x, cy: y, rx: r * wide, ry: r * 0.34, fill: "none", stroke: light, "stroke-width": wide > 1.6 ? 1 : 3, opacity: 0.8, transform: `rotate(${tilt} ${x} ${y})` });
    }
    add(svg, "circle", { cx: between(random, 16, 184), cy: between(random, 18, 60), r: between(random, 5, 11), fill: light });
  },
  waves(svg, random, [, far, middle, near, light]) {
    add(svg, "circle", { cx: between(random, 40, 160), cy: between(random, 50, 100), r: between(random, 24, 42), fill: light });
    const shades = [near, middle, far, near, middle];
    shades.forEach((fill, row) => {
      const top = 96 + row * 34;
      const high = between(random, 9, 22);
      const phase = random() * 6;
      let path = `M -5 ${HEIGHT}`;
      for (let x = -5; x <= WIDTH + 5; x += 6) path += ` L ${x} ${(top + Math.sin(x / between(random, 27, 29) + phase) * high).toFixed(1)}`;
      add(svg, "path", { d: `${path} L ${WIDTH + 5} ${HEIGHT} Z`, fill, opacity: 0.9 });
    });
  },
  burst(svg, random, [, far, middle, near, light]) {
    const x = between(random, 50, 150);
    const y = between(random, 90, 140);
    const count = pick(random, [18, 22, 28]);
    for (let ray = 0; ray < count; ray++) {
      const from = (ray / count) * Math.PI * 2;
      const to = ((ray + 0.5) / count) * Math.PI * 2;
      const point = (angle) => `${(x + Math.cos(angle) * 330).toFixed(1)},${(y + Math.sin(angle) * 330).toFixed(1)}`;
      add(svg, "polygon", { points: `${x},${y} ${point(from)} ${point(to)}`, fill: ray % 2 ? far : middle, opacity: 0.8 });
    }
    add(svg, "circle", { cx: x, cy: y, r: between(random, 36, 52), fill: near });
    add(svg, "circle", { cx: x, cy: y, r: between(random, 18, 30), fill: light });
  },
  arcs(svg, random, [ground, far, middle, near, light]) {
    const x = pick(random, [0, WIDTH]);
    const y = between(random, 110, 190);
    const shades = [far, middle, near, light, ground];
    let r = 190;
    for (let ring = 0; r > 12; ring++) {
      add(svg, "circle", { cx: x, cy: y, r, fill: shades[ring % shades.length] });
      r -= between(random, 16, 34);
    }
  },
  hills(svg, random, [, far, middle, near, light]) {
    add(svg, "circle", { cx: between(random, 40, 160), cy: between(random, 62, 104), r: between(random, 20, 34), fill: light });
    [far, middle, near].forEach((fill, row) => {
      let path = `M -5 ${HEIGHT} L -5 ${150 + row * 36}`;
      let x = -5;
      while (x < WIDTH + 20) {
        x += between(random, 18, 42);
        path += ` L ${x.toFixed(1)} ${(118 + row * 40 + between(random, -34, 26)).toFixed(1)}`;
      }
      add(svg, "path", { d: `${path} L ${WIDTH + 25} ${HEIGHT} Z`, fill, opacity: 0.95 });
    });
  },
  tiles(svg, random, [ground, far, middle, near, light]) {
    const size = pick(random, [50, 40]);
    const shades = [far, middle, near, light];
    for (let y = 0; y < HEIGHT; y += size) {
      for (let x = 0; x < WIDTH; x += size) {
        add(svg, "rect", { x, y, width: size, height: size, fill: pick(random, [ground, far, middle]) });
        const corner = Math.floor(random() * 4);
        const [cx, cy] = [[x, y], [x + size, y], [x + size, y + size], [x, y + size]][corner];
        const [sx, sy, ex, ey] = [[x + size, y, x, y + size], [x + size, y + size, x, y], [x, y + size, x + size, y], [x, y, x + size, y + size]][corner];
        if (random() < 0.82) {
          add(svg, "path", { d: `M ${cx} ${cy} L ${sx} ${sy} A ${size} ${size} 0 0 1 ${ex} ${ey} Z`, fill: pick(random, shades) });
        } else {
          add(svg, "circle", { cx: x + size / 2, cy: y + size / 2, r: size / 3.4, fill: light });
        }
      }
    }
  },
  slats(svg, random, [, far, middle, near, light]) {
    const group = add(svg, "g", { transform: `rotate(${pick(random, [-24, -16, 18, 26])} 100 150)` });
    let x = -90;
    while (x < 290) {
      const width = between(random, 5, 34);
      add(group, "rect", { x, y: -80, width, height: 460, fill: pick(random, [far, far, middle, near]), opacity: between(random, 0.55, 1) });
      x += width + between(random, 3, 20);
    }
    add(svg, "circle", { cx: between(random, 55, 145), cy: between(random, 78, 130), r: between(random, 22, 36), fill: light });
  },
  city(svg, random, [, far, middle, near, light]) {
    add(svg, "circle", { cx: between(random, 40, 160), cy: between(random, 50, 84), r: between(random, 18, 30), fill: light, opacity: 0.95 });
    [far, middle].forEach((fill, row) => {
      let x = -8;
      while (x < WIDTH) {
        const width = between(random, 22, 40);
        const top = between(random, 92, 150) + row * 44;
        add(svg, "rect", { x, y: top, width, height: HEIGHT, fill });
        for (let y = top + 8; y < 240; y += 11) {
          for (let window = x + 5; window < x + width - 6; window += 9) {
            if (random() < 0.34) add(svg, "rect", { x: window, y, width: 4, height: 5, fill: near, opacity: 0.9 });
          }
        }
        x += width + between(random, 0, 5);
      }
    });
  },
  petals(svg, random, [, far, middle, near, light]) {
    const x = between(random, 70, 130);
    const y = between(random, 100, 140);
    [[11, 118, far], [9, 86, middle], [7, 56, near]].forEach(([count, long, fill]) => {
      const turn = random() * 360;
      for (let petal = 0; petal < count; petal++) {
        add(svg, "ellipse", { cx: x, cy: y - long / 2, rx: long / 4.4, ry: long / 2, fill, opacity: 0.82, transform: `rotate(${(turn + (petal * 360) / count).toFixed(1)} ${x.toFixed(1)} ${y.toFixed(1)})` });
      }
    });
    add(svg, "circle", { cx: x, cy: y, r: 13, fill: light });
  },
  confetti(svg, random, [, far, middle, near, light]) {
    add(svg, "circle", { cx: between(random, 60, 140), cy: between(random, 90, 130), r: between(random, 58, 76), fill: middle });
    for (let piece = 0; piece < 46; piece++) {
      const fill = pick(random, [far, near, light, near]);
      const x = random() * WIDTH;
      const y = random() * HEIGHT;
      const size = between(random, 5, 17);
      const turn = `rotate(${Math.round(random() * 360)} ${x.toFixed(1)} ${y.toFixed(1)})`;
      const shape = Math.floor(random() * 3);
      if (shape === 0) add(svg, "circle", { cx: x, cy: y, r: size / 2, fill });
      else if (shape === 1) add(svg, "rect", { x, y, width: size * 1.3, height: size / 2.4, rx: 2, fill, transform: turn });
      else add(svg, "path", { d: `M ${x} ${y} q ${size / 2} ${-size} ${size} 0 t ${size} 0`, fill: "none", stroke: fill, "stroke-width": 3, "stroke-linecap": "round", transform: turn });
    }
  },
  ripple(svg, random, [ground, far, middle, near, light]) {
    const x = between(random, 40, 160);
    const y = between(random, 70, 150);
    const shades = [far, ground, middle, ground, far];
    for (let ring = 14; ring > 0; ring--) {
      add(svg, "ellipse", { cx: x, cy: y, rx: ring * between(random, 13, 16), ry: ring * between(random, 11, 15), fill: shades[ring % shades.length], opacity: 0.9 });
    }
    add(svg, "circle", { cx: x, cy: y, r: between(random, 11, 19), fill: near });
    add(svg, "circle", { cx: x, cy: y, r: between(random, 4, 7), fill: light });
  },
  leaves(svg, random, [, far, middle, near, light]) {
    add(svg, "circle", { cx: between(random, 50, 150), cy: between(random, 60, 100), r: between(random, 26, 40), fill: light, opacity: 0.95 });
    for (let leaf = 0; leaf < 15; leaf++) {
      const x = between(random, -10, 210);
      const y = between(random, 110, 290);
      const long = between(random, 60, 130);
      add(svg, "path", { d: `M ${x} ${y} q ${long / 3} ${-long / 2} 0 ${-long} q ${-long / 3} ${long / 2} 0 ${long}`, fill: pick(random, [far, middle, near]), opacity: 0.92, transform: `rotate(${Math.round(between(random, -60, 60))} ${x.toFixed(1)} ${y.toFixed(1)})` });
    }
  },
  grid(svg, random, [, far, middle, near, light]) {
    const horizon = between(random, 118, 150);
    add(svg, "circle", { cx: 100, cy: horizon - 18, r: between(random, 46, 60), fill: near });
    for (let cut = 0; cut < 6; cut++) add(svg, "rect", { x: 30, y: horizon - 46 + cut * 12, width: 140, height: 1 + cut * 1.1, fill: far });
    add(svg, "rect", { x: 0, y: horizon, width: WIDTH, height: HEIGHT, fill: far });
    for (let line = -10; line <= 20; line++) {
      add(svg, "line", { x1: 100 + (line - 5) * 7, y1: horizon, x2: 100 + (line - 5) * 48, y2: HEIGHT, stroke: middle, "stroke-width": 1.5 });
    }
    for (let row = 0; row < 9; row++) {
      const y = horizon + row * row * 2.3 + row * 2;
      add(svg, "line", { x1: 0, y1: y, x2: WIDTH, y2: y, stroke: middle, "stroke-width": 1.5 });
    }
    for (let star = 0; star < 18; star++) add(svg, "circle", { cx: random() * WIDTH, cy: random() * horizon * 0.7, r: between(random, 0.5, 1.5), fill: light });
  },
};

const files = new Map();

/* The address of a cover that is a file of the shop's: asked for with the key, once. */
function fileAddress(item) {
  const path = `/v1/items/${encodeURIComponent(item.id)}/image`;
  if (!files.has(path)) files.set(path, pictureAt(path));
  return files.get(path);
}

async function pictureAt(path) {
  try {
    const answer = await fetch(path, { headers: key.value ? { Authorization: `Bearer ${key.value}` } : {} });
    return answer.ok ? URL.createObjectURL(await answer.blob()) : "";
  } catch {
    return "";
  }
}

/* Fill a box: class "cover" gets the picture or the drawing, and the title where it is drawn. */
export function drawCover(box, item) {
  const address = imageOf(item);
  box.replaceChildren();
  if (address) return shown(box, item, address);
  drawn(box, item);
  if (!hasFile(item)) return;
  fileAddress(item).then((found) => {
    if (found && box.isConnected) {
      box.replaceChildren();
      shown(box, item, found);
    }
  });
}

function shown(box, item, address) {
  const image = document.createElement("img");
  image.alt = "";
  image.loading = "lazy";
  image.decoding = "async";
  image.referrerPolicy = "no-referrer";
  image.addEventListener("error", () => drawn(box, item), { once: true });
  image.src = address;
  box.append(image);
}

/* Whether it has a picture that is no address: a file, which the service shows. */
function hasFile(item) {
  const value = item.image || (item.properties && item.properties.image);
  return typeof value === "string" && value !== "" && !imageOf(item) && !value.startsWith("//");
}

/* Only what is surely the address of a picture: never a script, whatever an item says. */
export function imageOf(item) {
  const value = item.image || (item.properties && item.properties.image);
  return typeof value === "string" && /^(https?:\/\/|\/(?!\/)|data:image\/)/i.test(value) ? value : "";
}

function drawn(box, item) {
  const { palette, motif, seed, kind } = lookOf(item);
  const colors = PALETTES[palette];
  const random = randomOf(seed);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "xMidYMin slice");
  svg.setAttribute("aria-hidden", "true");
  add(svg, "rect", { x: 0, y: 0, width: WIDTH, height: HEIGHT, fill: colors[0] });
  DRAW[motif](svg, random, colors);
  const text = document.createElement("span");
  text.className = "cover-text";
  text.style.setProperty("--cover-ground", colors[0]);
  text.style.setProperty("--cover-light", colors[4]);
  const title = titleOf(item);
  const heading = document.createElement("span");
  heading.className = `cover-title ${sizeOf(title)}`;
  heading.dir = "auto";
  heading.textContent = title.slice(0, 140);
  text.append(heading);
  if (kind) {
    const line = document.createElement("span");
    line.className = "cover-kind";
    line.dir = "auto";
    line.textContent = kind.slice(0, 40);
    text.append(line);
  }
  box.replaceChildren(svg, text);
}

function sizeOf(title) {
  const longest = Math.max(...title.split(/\s+/).map((word) => word.length));
  if (title.length > 44 || longest > 10) return "tiny"; // a word that is too long for its line is cut in two
  if (title.length > 24 || longest > 8) return "small";
  return title.length > 12 || longest > 6 ? "middle" : "big";
}
