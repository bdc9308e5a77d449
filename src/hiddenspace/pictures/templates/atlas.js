"use strict";
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const canvas = at("map"), pen = canvas.getContext("2d"), card = at("card");
const { points, ids, columns, sprites, hues, ramp } = data;
const count = ids.length;
const LISTED = 300;  // items of the selection that are shown as a list
const CARD_ROWS = 16;  // columns of metadata on a card
const view = { zoom: 1, x: 0.5, y: 0.5 };  // the place of the map that is in the middle of the canvas
let width = 1, height = 1, dots = 1;
let column = null, highlighted = null, size = 32, hovered = -1, steady = -1;
let found = null, chosen = new Set(), lasso = null, sheet = null;
let colours = [], paper = {}, shown = { key: "", flags: null };

// what is known about the items ------------------------------------------------------------------------------------

function date(seconds, span = 0) {
  const text = new Date(seconds * 1000).toISOString();
  return span > 172800 || seconds % 86400 === 0 ? text.slice(0, 10) : text.slice(0, 16).replace("T", " ");
}

function number(value) {
  return String(Number(value.toPrecision(6)));
}

function text(which, item) {
  const value = which.values[item];
  if (which.levels) return value < 0 ? "" : which.levels[value];
  if (value === null) return "";
  return which.dates ? date(value) : number(value);
}

function classOf(which, item) {
  const value = which.values[item];
  return value < 0 ? "missing" : value < which.named ? value : "others";
}

function paint() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["paper", "ink", "muted", "rule", "plain", "accent"]) paper[name] = style.getPropertyValue("--" + name).trim();
  colours = ids.map((_, item) => {
    if (!column) return paper.plain;
    if (column.levels) {
      const kind = classOf(column, item);
      return typeof kind === "number" ? hues[kind] : paper.muted;
    }
    const value = column.values[item];
    if (value === null) return paper.muted;
    const place = (value - column.low) / (column.high - column.low || 1);
    return ramp[Math.round(Math.min(1, Math.max(0, place)) * (ramp.length - 1))];
  });
}

function faded(item) {
  if (found && !found.has(item)) return true;
  return highlighted !== null && column && column.levels && classOf(column, item) !== highlighted;
}

// where things are -------------------------------------------------------------------------------------------------

const scale = () => 0.92 * Math.min(width, height) * view.zoom;
const screenX = (item) => width / 2 + (points[item][0] - view.x) * scale();
const screenY = (item) => height / 2 + (points[item][1] - view.y) * scale();
const place = (x, y) => [view.x + (x - width / 2) / scale(), view.y + (y - height / 2) / scale()];

function zoomBy(factor, x = width / 2, y = height / 2) {
  const [before, beforeY] = place(x, y);
  view.zoom = Math.min(400, Math.max(0.5, view.zoom * factor));
  const [after, afterY] = place(x, y);
  moveTo(view.x + before - after, view.y + beforeY - afterY);
}

function moveTo(x, y) {
  view.x = Math.min(1.1, Math.max(-0.1, x));
  view.y = Math.min(1.1, Math.max(-0.1, y));
  redraw();
}

// Thumbnails are given room one after the other and never cover each other. Who is shown depends on zoom and size
// alone, so that nothing flickers while the map is moved.
function withRoom() {
  const key = [scale(), size, found && found.size, highlighted].join();
  if (shown.key === key) return shown.flags;
  const flags = new Uint8Array(count), cell = (size + 4) / scale(), taken = new Map();
  for (let item = 0; sheet && size && item < count; item++) {
    if (sprites.cells[item] < 0 || faded(item)) continue;
    const [x, y] = points[item], column = Math.floor(x / cell), row = Math.floor(y / cell);
    let free = true;
    for (let i = column - 1; free && i <= column + 1; i++)
      for (let j = row - 1; free && j <= row + 1; j++) {
        const other = taken.get(i * 1e6 + j);
        if (other !== undefined && Math.abs(points[other][0] - x) < cell && Math.abs(points[other][1] - y) < cell) free = false;
      }
    if (free) { taken.set(column * 1e6 + row, item); flags[item] = 1; }
  }
  shown = { key, flags };
  return flags;
}

// drawing ----------------------------------------------------------------------------------------------------------

let waiting = false;
function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; draw(); });
}

function draw() {
  pen.setTransform(dots, 0, 0, dots, 0, 0);
  pen.clearRect(0, 0, width, height);
  const flags = withRoom(), radius = Math.min(7, (sprites ? 2.2 : 3) * Math.sqrt(Math.max(1, view.zoom)) ** 0.6);
  const visible = [], pictures = [];
  const edge = size + 8;
  for (let item = 0; item < count; item++) {
    const x = screenX(item), y = screenY(item);
    if (x < -edge || y < -edge || x > width + edge || y > height + edge) continue;
    (flags[item] ? pictures : visible).push([item, x, y]);
  }
  for (const [item, x, y] of visible) {
    pen.globalAlpha = faded(item) ? 0.12 : 0.85;
    dot(x, y, chosen.has(item) ? radius + 0.5 : radius, colours[item]);
    if (chosen.has(item)) ring(x, y, radius + 1);
  }
  pen.globalAlpha = 1;
  for (const [item, x, y] of pictures) picture(item, x, y, size);
  const looked = steady >= 0 ? steady : hovered;
  if (looked >= 0) {
    const x = screenX(looked), y = screenY(looked);
    ring(x, y, flags[looked] ? 0.75 * size + 2 : radius + 4, 2);
  }
  if (lasso) outline();
}

function dot(x, y, radius, colour) {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}

function ring(x, y, radius, thick = 1.2) {
  pen.strokeStyle = paper.ink;
  pen.lineWidth = thick;
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.stroke();
}

function source(item) {
  const cell = sprites.cells[item], [w, h] = sprites.sizes[cell];
  return [cell % sprites.columns * sprites.side, Math.floor(cell / sprites.columns) * sprites.side, w, h];
}

function picture(item, x, y, side) {
  const [left, top, w, h] = source(item), ratio = side / Math.max(w, h), frame = chosen.has(item) ? 3 : 1.5;
  const wide = w * ratio, tall = h * ratio;
  pen.fillStyle = chosen.has(item) ? paper.ink : colours[item];
  pen.fillRect(x - wide / 2 - frame, y - tall / 2 - frame, wide + 2 * frame, tall + 2 * frame);
  pen.imageSmoothingEnabled = ratio < 2;
  pen.drawImage(sheet, left, top, w, h, x - wide / 2, y - tall / 2, wide, tall);
}

function outline() {
  pen.beginPath();
  lasso.forEach(([x, y], i) => {
    const [sx, sy] = [width / 2 + (x - view.x) * scale(), height / 2 + (y - view.y) * scale()];
    i ? pen.lineTo(sx, sy) : pen.moveTo(sx, sy);
  });
  pen.closePath();
  pen.strokeStyle = paper.accent;
  pen.lineWidth = 2;
  pen.setLineDash([6, 4]);
  pen.stroke();
  pen.setLineDash([]);
  pen.globalAlpha = 0.08;
  pen.fillStyle = paper.accent;
  pen.fill();
  pen.globalAlpha = 1;
}

function enlarged(item, side) {
  const [left, top, w, h] = source(item), made = document.createElement("canvas");
  const ratio = Math.max(1, Math.floor(side / Math.max(w, h))) || 1;
  made.width = w * ratio;
  made.height = h * ratio;
  const drawn = made.getContext("2d");
  drawn.imageSmoothingEnabled = false;
  drawn.drawImage(sheet, left, top, w, h, 0, 0, made.width, made.height);
  return made;
}

// the card of one item ---------------------------------------------------------------------------------------------

function nearest(x, y) {
  const flags = withRoom();
  let best = -1, closest = 14 ** 2;
  for (let item = 0; item < count; item++) {
    const dx = screenX(item) - x, dy = screenY(item) - y;
    if (flags[item] && Math.abs(dx) <= size / 2 && Math.abs(dy) <= size / 2) return item;
    const distance = dx * dx + dy * dy;
    if (distance < closest && !faded(item)) { closest = distance; best = item; }
  }
  return best;
}

function element(name, words, kind) {
  const made = document.createElement(name);
  if (words !== undefined) made.textContent = words;
  if (kind) made.className = kind;
  return made;
}

function showCard(item) {
  card.hidden = item < 0;
  if (item < 0) return;
  card.replaceChildren();
  if (sheet && sprites.cells[item] >= 0) card.append(enlarged(item, 144));
  card.append(element("b", "id " + ids[item]));
  const list = element("dl");
  for (const which of columns.slice(0, CARD_ROWS)) list.append(element("dt", which.name), element("dd", text(which, item) || "missing"));
  card.append(list);
  const more = columns.length - CARD_ROWS;
  if (more > 0) card.append(element("span", `and ${more} more column${more > 1 ? "s" : ""}`));
  const x = screenX(item), y = screenY(item), gap = size / 2 + 12;
  card.style.left = Math.max(4, x + gap + card.offsetWidth < width ? x + gap : x - gap - card.offsetWidth) + "px";
  card.style.top = Math.max(4, Math.min(height - card.offsetHeight - 4, y - card.offsetHeight / 2)) + "px";
}

function hover(item) {
  if (item === hovered && steady < 0) return;
  hovered = item;
  steady = -1;
  showCard(item);
  redraw();
}

function visit(item) {
  steady = hovered = item;
  const x = screenX(item), y = screenY(item);
  if (x < 0 || y < 0 || x > width || y > height) moveTo(...points[item]);
  showCard(item);
  redraw();
}

// the selection ----------------------------------------------------------------------------------------------------

function inside(x, y, polygon) {
  let is = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [ax, ay] = polygon[i], [bx, by] = polygon[j];
    if (ay > y !== by > y && x < (bx - ax) * (y - ay) / (by - ay) + ax) is = !is;
  }
  return is;
}

function choose(items) {
  chosen = new Set(items);
  const words = chosen.size === 1 ? "1 item" : `${chosen.size.toLocaleString("en")} items`;
  const more = chosen.size > LISTED ? `; the first ${LISTED} are listed` : "";
  at("chosen-words").textContent = chosen.size ? `${words} selected${more}.` : "Nothing is selected.";
  at("save").disabled = at("clear").disabled = !chosen.size;
  const list = at("chosen");
  list.className = sheet ? "" : "rows";
  list.replaceChildren(...[...chosen].slice(0, LISTED).map(listed));
  redraw();
}

function listed(item) {
  const entry = element("li"), button = element("button");
  button.type = "button";
  if (sheet && sprites.cells[item] >= 0) {
    const small = enlarged(item, 56), ratio = 3.5 / Math.max(small.width, small.height);
    small.style.width = small.width * ratio + "rem";
    small.style.height = small.height * ratio + "rem";
    button.append(small);
  }
  const known = column ? text(column, item) || "missing" : "";
  button.append(element("span", sheet && known || [ids[item], known].filter((words) => words !== "").join(" · ")));
  button.title = "id " + ids[item];
  button.setAttribute("aria-label", "Show the item with the id " + ids[item]);
  button.addEventListener("click", () => visit(item));
  entry.append(button);
  return entry;
}

function quoted(value) {
  const words = String(value);
  return /[",\r\n]/.test(words) ? '"' + words.replaceAll('"', '""') + '"' : words;
}

function csv() {
  const rows = [["id", ...columns.map((which) => which.name)]];
  const exact = (which, item) => which.levels || which.dates || which.values[item] === null ? text(which, item) : which.values[item];
  for (const item of chosen) rows.push([ids[item], ...columns.map((which) => exact(which, item))]);
  return rows.map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n";
}

function save() {
  const link = element("a"), url = URL.createObjectURL(new Blob(["\ufeff", csv()], { type: "text/csv;charset=utf-8" }));
  link.href = url;
  link.download = "selection.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

// colours and search -----------------------------------------------------------------------------------------------

function colourBy(name) {
  column = columns.find((which) => which.name === name) || null;
  highlighted = null;
  paint();
  drawLegend();
  if (chosen.size) choose(chosen);
  redraw();
}

function drawLegend() {
  const legend = at("legend");
  legend.replaceChildren();
  if (!column) return;
  legend.append(element("h2", column.name));
  column.levels ? legendOfClasses(legend) : legendOfNumbers(legend);
}

function legendOfClasses(legend) {
  const counts = new Map(), list = element("ul");
  for (let item = 0; item < count; item++) {
    const kind = classOf(column, item);
    counts.set(kind, (counts.get(kind) || 0) + 1);
  }
  const others = column.levels.length - column.named;
  const words = { others: `${others.toLocaleString("en")} other${others === 1 ? "" : "s"}`, missing: "missing" };
  for (const kind of [...Array(column.named).keys(), "others", "missing"]) {
    if (!counts.has(kind)) continue;
    const entry = element("li"), button = element("button", undefined, "class"), swatch = element("span", undefined, "swatch");
    swatch.style.background = typeof kind === "number" ? hues[kind] : paper.muted;
    button.type = "button";
    button.setAttribute("aria-pressed", String(highlighted === kind));
    button.title = "Show these alone";
    button.append(swatch, element("span", words[kind] || column.levels[kind] || "(empty)", "name"), element("span", counts.get(kind).toLocaleString("en"), "count"));
    button.addEventListener("click", () => {
      highlighted = highlighted === kind ? null : kind;
      list.querySelectorAll("button").forEach((other) => other.setAttribute("aria-pressed", String(other === button && highlighted !== null)));
      redraw();
    });
    entry.append(button);
    list.append(entry);
  }
  legend.append(list);
}

function legendOfNumbers(legend) {
  const bar = element("canvas", undefined, "ramp"), ends = element("div", undefined, "ends");
  bar.width = ramp.length;
  bar.height = 1;
  const drawn = bar.getContext("2d");
  ramp.forEach((colour, i) => { drawn.fillStyle = colour; drawn.fillRect(i, 0, 1, 1); });
  const span = column.high - column.low, middle = (column.low + column.high) / 2;
  for (const value of [column.low, middle, column.high]) ends.append(element("span", column.dates ? date(value, span) : String(Number(value.toPrecision(3)))));
  legend.append(bar, ends);
  const missing = column.values.filter((value) => value === null).length;
  if (missing) legend.append(element("p", `grey: missing (${missing.toLocaleString("en")})`));
}

function search(words) {
  const wanted = words.trim().toLowerCase();
  found = null;
  if (wanted) {
    found = new Set();
    for (let item = 0; item < count; item++)
      if (String(ids[item]).toLowerCase().includes(wanted) || columns.some((which) => text(which, item).toLowerCase().includes(wanted))) found.add(item);
  }
  at("take").disabled = !found || !found.size;
  at("take").textContent = found ? `Select found (${found.size.toLocaleString("en")})` : "Select found";
  redraw();
}

// hands ------------------------------------------------------------------------------------------------------------

const fingers = new Map();
let mode = null, moved = false;

function local(event) {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

const lassoOn = () => at("lasso").getAttribute("aria-pressed") === "true";

function setLasso(on) {
  at("lasso").setAttribute("aria-pressed", String(on));
  canvas.classList.toggle("lasso", on);
}

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, local(event));
  moved = false;
  if (fingers.size > 1) { mode = "pinch"; lasso = null; return; }
  mode = lassoOn() || event.shiftKey ? "lasso" : "pan";
  if (mode === "lasso") { lasso = [place(...local(event))]; showCard(-1); }
  canvas.classList.toggle("dragged", mode === "pan");
});

canvas.addEventListener("pointermove", (event) => {
  const [x, y] = local(event), before = fingers.get(event.pointerId);
  if (!before) { hover(nearest(x, y)); return; }
  if (Math.hypot(x - before[0], y - before[1]) > 3) moved = true;
  if (mode === "lasso") { lasso.push(place(x, y)); redraw(); return; }
  if (!moved && mode === "pan") return;
  showCard(-1);
  if (mode === "pinch" && fingers.size === 2) {
    const other = [...fingers].find(([id]) => id !== event.pointerId)[1];
    const [middle, middleY] = [(x + other[0]) / 2, (y + other[1]) / 2];
    zoomBy(Math.hypot(x - other[0], y - other[1]) / (Math.hypot(before[0] - other[0], before[1] - other[1]) || 1), middle, middleY);
    moveTo(view.x - (x - before[0]) / 2 / scale(), view.y - (y - before[1]) / 2 / scale());
  } else if (mode === "pan") moveTo(view.x - (x - before[0]) / scale(), view.y - (y - before[1]) / scale());
  fingers.set(event.pointerId, [x, y]);
});

function lift(event) {
  if (!fingers.delete(event.pointerId)) return;
  if (mode === "lasso" && lasso) {
    if (lasso.length > 2) selectWithin(lasso);
    lasso = null;
    setLasso(false);
  } else if (mode === "pan" && !moved) hover(nearest(...local(event)));
  if (!fingers.size) mode = null;
  canvas.classList.remove("dragged");
  redraw();
}

function selectWithin(polygon) {
  choose(ids.map((_, item) => item).filter((item) => !faded(item) && inside(points[item][0], points[item][1], polygon)));
}

canvas.addEventListener("pointerup", lift);
canvas.addEventListener("pointercancel", (event) => { lasso = null; lift(event); });
canvas.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse" && !fingers.size) hover(-1); });
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const turn = event.deltaY * (event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1);
  zoomBy(Math.exp(-0.0016 * turn), ...local(event));
  showCard(-1);
}, { passive: false });

canvas.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const step = 60 / scale(), next = (by) => visit((Math.max(hovered, by > 0 ? -1 : 0) + by + count) % count);
  const keys = {
    ArrowLeft: () => moveTo(view.x - step, view.y),
    ArrowRight: () => moveTo(view.x + step, view.y),
    ArrowUp: () => moveTo(view.x, view.y - step),
    ArrowDown: () => moveTo(view.x, view.y + step),
    "+": () => zoomBy(1.3), "=": () => zoomBy(1.3), "-": () => zoomBy(1 / 1.3), "0": whole,
    n: () => next(1), p: () => next(-1),
    Enter: () => { if (hovered >= 0) { const more = new Set(chosen); more.delete(hovered) || more.add(hovered); choose(more); } },
    Escape: () => { lasso = null; setLasso(false); hover(-1); choose([]); },
  };
  const act = keys[event.key] || keys[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
});

function whole() {
  view.zoom = 1;
  moveTo(0.5, 0.5);
  showCard(-1);
}

at("colour").addEventListener("change", (event) => colourBy(columns[Number(event.target.value)]?.name));
at("search").addEventListener("input", (event) => search(event.target.value));
at("size").addEventListener("input", (event) => { size = Number(event.target.value); redraw(); });
at("lasso").addEventListener("click", () => setLasso(!lassoOn()));
at("closer").addEventListener("click", () => zoomBy(1.4));
at("farther").addEventListener("click", () => zoomBy(1 / 1.4));
at("whole").addEventListener("click", whole);
at("take").addEventListener("click", () => choose(found));
at("save").addEventListener("click", save);
at("clear").addEventListener("click", () => choose([]));

// the start --------------------------------------------------------------------------------------------------------

function fit() {
  dots = window.devicePixelRatio || 1;
  width = canvas.clientWidth;
  height = canvas.clientHeight;
  canvas.width = Math.round(width * dots);
  canvas.height = Math.round(height * dots);
  draw();
}

function remembered() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const given = (name, else_) => asked.has(name) && isFinite(asked.get(name)) ? Number(asked.get(name)) : else_;
  view.zoom = Math.min(400, Math.max(0.5, given("zoom", 1)));
  [view.x, view.y, size] = [given("x", 0.5), given("y", 0.5), Math.min(96, Math.max(0, given("size", size)))];
  at("size").value = size;
  if (asked.has("colour")) pick(asked.get("colour"));
  if (asked.has("search")) { at("search").value = asked.get("search"); search(at("search").value); }
  if (asked.has("lasso")) {
    const numbers = asked.get("lasso").split(",").map(Number);
    const polygon = numbers.flatMap((x, i) => i % 2 ? [] : [[x, numbers[i + 1]]]);
    selectWithin(polygon);
    lasso = polygon;
  }
  const item = given("show", -1);
  if (Number.isInteger(item) && item >= 0 && item < count) visit(item);
  redraw();
}

function pick(name) {
  const index = columns.findIndex((which) => which.name === name);
  at("colour").value = String(index);
  colourBy(index < 0 ? null : name);
}

at("colour").append(...[["-1", "nothing"], ...columns.map((which, i) => [String(i), which.name])].map(([value, words]) => {
  const option = element("option", words);
  option.value = value;
  return option;
}));
at("size-field").hidden = !sprites;
new ResizeObserver(fit).observe(canvas);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { paint(); drawLegend(); redraw(); });
window.addEventListener("hashchange", remembered);
pick(data.colour);
function start() { fit(); remembered(); document.documentElement.dataset.ready = "yes"; }
if (sprites) {
  const image = new Image();
  image.onload = () => { sheet = image; shown.key = ""; start(); };
  image.onerror = start;
  image.src = sprites.uri;
} else start();
})();
