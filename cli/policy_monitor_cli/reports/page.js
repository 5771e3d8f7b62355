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

function open(is) {
  for (const details of document.querySelectorAll("main details")) details.open = is;
  unfold.setAttribute("aria-pressed", is);
}

function follow() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.matches("details")) {
    filters.reset();
    target.open = true;
    target.scrollIntoView();
    target.querySelector("summary").focus({ preventScroll: true });
  }
}

filters.hidden = false;
filters.addEventListener("change", filter);
filters.addEventListener("reset", () => setTimeout(filter));
unfold.addEventListener("click", () => open(unfold.getAttribute("aria-pressed") !== "true"));
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("main details:not([open])")];
  for (const details of folded) details.open = true;
});
addEventListener("afterprint", () => folded.forEach((details) => (details.open = false)));
addEventListener("hashchange", follow);
filter();
follow();
