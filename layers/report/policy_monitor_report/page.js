"use strict";
// The page is whole without this: it filters, unfolds, and prints what is folded.
const filters = document.getElementById("filters");
const unfold = document.getElementById("unfold");
const changes = [...document.querySelectorAll(".changes > li")];

const shows = (change, name, value) => !value || change.dataset[name].split(" ").includes(value);

function filter() {
  const wanted = [...new FormData(filters)];
  let count = 0;
  for (const change of changes) {
    change.hidden = !wanted.every(([name, value]) => shows(change, name, value));
    count += !change.hidden;
  }
  document.getElementById("shown").value = `${count} of ${changes.length} changes shown`;
}

function showAll() {
  filters.reset();
  filter();
}

// What is folded lies in a <noscript>, as text: a thousand findings would take seconds to lay out.
function unpack(details) {
  const packed = details.querySelector(":scope > noscript");
  if (packed) packed.outerHTML = packed.textContent;
}

function open(details, is) {
  if (is) unpack(details);
  details.open = is;
}

function openAll(is) {
  for (const details of document.querySelectorAll("main details")) open(details, is);
  unfold.setAttribute("aria-pressed", is);
}

function follow() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.matches("details")) {
    showAll();
    open(target, true);
    target.scrollIntoView();
    target.querySelector("summary").focus({ preventScroll: true });
  }
}

filters.hidden = false;
filters.addEventListener("change", filter);
document.getElementById("all").addEventListener("click", showAll);
unfold.addEventListener("click", () => openAll(unfold.getAttribute("aria-pressed") !== "true"));
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("main details:not([open])")];
  for (const details of folded) open(details, true);
});
addEventListener("afterprint", () => folded.forEach((details) => (details.open = false)));
document.addEventListener("toggle", (event) => unpack(event.target), true);
addEventListener("hashchange", follow);
filter();
follow();
