"use strict";
// What the page gains where scripts run: tables that sort and filter, one view at a time, figures under the pointer.
// Without it everything is there to be read, printed and mailed.

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const order = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = make("button", { type: "button" }, ...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const first = head.dataset.first === "down" ? "descending" : "ascending";
      const second = first === "descending" ? "ascending" : "descending";
      const next = { [first]: second, [second]: null }[head.getAttribute("aria-sort")];
      const way = next === undefined ? first : next;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      if (way) head.setAttribute("aria-sort", way);
      body.append(...(way ? sorted(order, column, way === "ascending" ? 1 : -1) : order));
    });
  });
}

function sorted(rows, column, sign) {
  const key = (row) => {
    const { value } = row.cells[column].dataset;
    return value === undefined ? row.cells[column].textContent.trim() : value === "" ? null : Number(value);
  };
  return [...rows].sort((left, right) => {
    const [a, b] = [key(left), key(right)];
    if (a === null || b === null) return (a === null) - (b === null); // what has no number comes last, both ways
    return sign * (typeof a === "number" ? a - b : a.localeCompare(b));
  });
}

for (const filter of document.querySelectorAll(".filter")) {
  const [words, full] = filter.querySelectorAll("input");
  const told = filter.querySelector("output");
  const rows = [...filter.nextElementSibling.tBodies[0].rows];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const apply = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row, i) => {
      row.hidden = !wanted.every((word) => texts[i].includes(word)) || (full.checked && !("full" in row.dataset));
    });
    const left = rows.filter((row) => !row.hidden).length;
    told.textContent = left === rows.length ? "" : `${left} of ${rows.length} rules`;
  };
  filter.addEventListener("input", apply);
  filter.hidden = false;
  apply();
}

for (const [number, views] of [...document.querySelectorAll(".views")].entries()) {
  const parts = [...views.querySelectorAll(".view")];
  if (parts.length < 2) continue;
  const choice = make("fieldset", { className: "choice" }, make("legend", {}, views.dataset.legend));
  parts.forEach((part, i) => {
    const radio = make("input", { type: "radio", name: `view-${number}`, checked: i === 0 });
    radio.addEventListener("change", () => parts.forEach((other) => (other.hidden = other !== part)));
    choice.append(make("label", {}, radio, make("span", {}, part.dataset.view)));
    part.hidden = i > 0;
  });
  views.prepend(choice);
}

// One bubble for all charts, under the pointer, the finger or the arrow keys.
const bubble = make("div", { className: "bubble", hidden: true });
bubble.setAttribute("role", "status");
document.body.append(bubble);
let shown = null;

function tell(mark) {
  shown?.classList.remove("on");
  shown = mark;
  bubble.hidden = !mark;
  if (!mark) return;
  mark.classList.add("on");
  bubble.textContent = mark.dataset.tip;
  const box = mark.getBoundingClientRect();
  const left = box.left + box.width / 2 - bubble.offsetWidth / 2;
  const widest = document.documentElement.clientWidth - bubble.offsetWidth - 8;
  bubble.style.left = `${Math.max(8, Math.min(left, widest)) + scrollX}px`;
  bubble.style.top = `${box.top + scrollY - bubble.offsetHeight - 6}px`;
}

for (const mark of document.querySelectorAll(".mark")) {
  const title = mark.querySelector("title");
  mark.dataset.tip = title ? title.textContent : mark.title;
  title ? title.remove() : mark.removeAttribute("title");
}
document.addEventListener("pointerover", (event) => tell(event.target.closest?.(".mark") ?? null));
for (const chart of document.querySelectorAll("svg.columns, .grid")) {
  const place = chart.closest(".scroll") ?? chart;
  const marks = [...chart.querySelectorAll(".mark")];
  let at = -1;
  place.setAttribute("tabindex", "0");
  place.addEventListener("blur", () => tell(null));
  place.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") tell(null);
    if (!step || !marks.length) return;
    event.preventDefault();
    at = (at + step + marks.length) % marks.length;
    marks[at].scrollIntoView({ block: "nearest", inline: "nearest" });
    tell(marks[at]);
  });
}
