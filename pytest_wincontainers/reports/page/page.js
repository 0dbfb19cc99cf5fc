"use strict";
(() => {
  const find = (selector) => document.querySelector(selector);
  const root = document.documentElement;
  const theme = find("#theme");
  const stored = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const setTheme = (dark) => {
    root.classList.toggle("dark", dark);
    theme.setAttribute("aria-pressed", String(dark));
    theme.textContent = dark ? "Light" : "Dark";
  };
  setTheme(stored() ? stored() === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  theme.addEventListener("click", () => {
    const dark = !root.classList.contains("dark");
    setTheme(dark);
    try { localStorage.setItem("theme", dark ? "dark" : "light"); } catch { /* not for every file */ }
  });

  const chart = find("#chart");
  let zoom = 1;
  const setZoom = (factor) => {
    zoom = Math.min(64, Math.max(1, factor));
    chart.setAttribute("width", `${zoom * 100}%`);
  };
  find("#in").addEventListener("click", () => setZoom(zoom * 2));
  find("#out").addEventListener("click", () => setZoom(zoom / 2));
  find(".timeline").addEventListener("keydown", (event) => {
    if (event.key === "+") setZoom(zoom * 2);
    if (event.key === "-") setZoom(zoom / 2);
  });

  const rows = [...document.querySelectorAll("#list tbody tr")];
  const words = rows.map((row) => row.cells[1].textContent.toLowerCase());
  const bars = new Map([...chart.querySelectorAll("rect.test")].map((bar) => [bar.dataset.t, bar]));
  const failures = new Map([...document.querySelectorAll("details.failure")].map((one) => [one.id.slice(2), one]));
  const search = find("#search"), container = find("#container"), matches = find("#matches");
  const boxes = [...document.querySelectorAll("input.outcome")];
  const filter = () => {
    const text = search.value.trim().toLowerCase();
    const outcomes = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    let count = 0;
    rows.forEach((row, at) => {
      const shown = words[at].includes(text) && outcomes.has(row.dataset.o)
        && (!container.value || row.dataset.c.split(" ").includes(container.value));
      row.hidden = !shown;
      bars.get(row.id)?.classList.toggle("dim", !shown);
      const failure = failures.get(row.id);
      if (failure) failure.hidden = !shown;
      count += shown;
    });
    matches.textContent = `${count} test${count === 1 ? "" : "s"}`;
  };
  let later = 0;
  search.addEventListener("input", () => { clearTimeout(later); later = setTimeout(filter, 80); });
  container.addEventListener("change", filter);
  boxes.forEach((box) => box.addEventListener("change", filter));

  const pointed = find("#pointed");
  const row = (bar) => document.getElementById(bar.dataset.t);
  chart.addEventListener("pointerover", (event) => {
    if (event.target.dataset.t) pointed.textContent = [...row(event.target).cells].map((cell) => cell.textContent).join("  ");
  });
  chart.addEventListener("click", (event) => {
    if (event.target.dataset.t) location.hash = failures.has(event.target.dataset.t) ? `f-${event.target.dataset.t}` : event.target.dataset.t;
  });
  const open = (hash) => {
    const one = document.getElementById(decodeURIComponent(hash.slice(1)));
    if (one instanceof HTMLDetailsElement) one.open = true;
    if (one) one.scrollIntoView({ block: "start" });
  };
  addEventListener("hashchange", () => open(location.hash));
  // The same link a second time does not change the hash.
  addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link) open(link.hash);
  });
  open(location.hash);
})();
