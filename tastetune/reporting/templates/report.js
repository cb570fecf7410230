"use strict";
const scores = JSON.parse(document.getElementById("scores").textContent);
const element = (tag, text, className) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};

// Sorting: undefined figures stay last in either direction.
for (const head of document.querySelectorAll(".sortable thead th")) {
  head.querySelector("button").addEventListener("click", () => {
    const table = head.closest("table"), column = head.cellIndex, numeric = head.dataset.type === "number";
    const before = head.getAttribute("aria-sort"), first = head.dataset.first || "ascending";
    const direction = before ? (before === "ascending" ? "descending" : "ascending") : first;
    for (const other of head.parentElement.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction);
    const sign = direction === "ascending" ? 1 : -1;
    const value = (row) => row.cells[column].dataset.value;
    const rows = [...table.tBodies[0].rows].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === "" || y === "") return (x === "") - (y === "");
      return sign * (numeric ? x - y : x.localeCompare(y));
    });
    table.tBodies[0].append(...rows);
  });
}

// Filtering
const filter = document.getElementById("filter"), kind = document.getElementById("kind");
function applyFilter() {
  const rows = [...document.querySelectorAll("#leaderboard tbody tr")], wanted = filter.value.trim().toLowerCase();
  for (const row of rows) {
    row.hidden = !row.dataset.model.toLowerCase().includes(wanted) || (kind.value && row.dataset.kind !== kind.value);
  }
  const left = rows.filter((row) => !row.hidden).length;
  document.getElementById("count").textContent = `${left} of ${rows.length} models`;
}
filter.addEventListener("input", applyFilter);
kind.addEventListener("change", applyFilter);
applyFilter();

// Where a figure comes from
const origin = document.getElementById("origin");
document.addEventListener("click", (event) => {
  const button = event.target.closest("button.figure");
  if (!button) return;
  const { model: name, metric } = button.dataset, at = scores.models.findIndex((model) => model.model === name);
  const model = scores.models[at], estimate = model.metrics[metric], about = scores.definitions[metric];
  const body = origin.querySelector("div"), list = element("dl");
  const add = (term, text) => list.append(element("dt", term), element("dd", text));
  add("Value", `${estimate.value}`);
  if (estimate.low !== null) {
    const { level, resamples, seed } = scores.bootstrap;
    add("Interval", `${estimate.low} to ${estimate.high}: ${100 * level}% percentiles of ${resamples} resamples of the users, seed ${seed}`);
  }
  for (const [other, differences] of Object.entries(model.against)) {
    const against = differences[metric];
    if (against) {
      add(`Against ${other}`, `${against.difference} (${against.low} to ${against.high}), p ${against.p}, after Holm's correction ${against.p_holm}`);
    }
  }
  add("Definition", `${about.definition} ${about.source}`);
  add("Computed by", about.function);
  add("Predictions", `${model.predictions}: ${model.n} rows of ${scores.dataset.name}, ${scores.dataset.split}`);
  add("Predicted by", model.command);
  add("Scored by", scores.command);
  add("In scores.json", `models[${at}].metrics.${metric}`);
  body.replaceChildren(element("h3", `${scores.titles[metric]} of ${name}`), list);
  origin.showModal();
});

// Legends hide series in the charts of their section.
for (const box of document.querySelectorAll(".legend input")) {
  box.addEventListener("change", () => {
    for (const series of box.closest("section").querySelectorAll("[data-series]")) {
      if (series.dataset.series === box.value) series.style.display = box.checked ? "" : "none";
    }
  });
}

// A link to a model's provenance opens it.
function openTarget() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target && target.tagName === "DETAILS") target.open = true;
}
addEventListener("hashchange", openTarget);
openTarget();
