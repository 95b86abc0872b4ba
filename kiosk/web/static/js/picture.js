// Keeps the province's page fresh: asks every half minute, and swaps it without taking the keyboard's place away.
// In the heat map the arrow keys go from clinic to clinic, so that nobody presses the tab key 288 times.

const EVERY_MS = 30000;
const STALE_AFTER_MS = 90000;

const live = document.getElementById("live");
const stale = document.getElementById("stale");
let freshAt = Date.now();

const links = () => [...live.querySelectorAll(".heat th a")];

function oneStop(active) {
  for (const link of links()) link.tabIndex = link === active ? 0 : -1;
}

function put(html) {
  const open = [...live.querySelectorAll("details")].map((each) => each.open);
  const focused = document.activeElement?.getAttribute?.("href");
  const held = live.contains(document.activeElement) ? focused : null;
  const inHeat = document.activeElement?.closest?.(".heat") !== null;
  live.innerHTML = html;
  [...live.querySelectorAll("details")].forEach((each, place) => { each.open = open[place] ?? false; });
  const same = held && live.querySelector(`${inHeat ? ".heat " : ""}a[href="${CSS.escape(held)}"]`);
  oneStop(same?.closest?.(".heat") ? same : links()[0]);
  same?.focus({ preventScroll: true });
}

async function refresh() {
  try {
    const response = await fetch(live.dataset.address, { signal: AbortSignal.timeout(15000), redirect: "error" });
    if (response.status === 401) { location.reload(); return; }
    if (!response.ok) throw new Error(String(response.status));
    put(await response.text());
    freshAt = Date.now();
  } catch {
    // shown as stale below
  }
  stale.hidden = Date.now() - freshAt < STALE_AFTER_MS;
  setTimeout(refresh, EVERY_MS);
}

live.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 24, PageUp: -24 }[event.key];
  const all = links(), place = all.indexOf(document.activeElement);
  if (place < 0) return;
  const next = event.key === "Home" ? all[0] : event.key === "End" ? all.at(-1) : step && all[place + step];
  if (!next) return;
  event.preventDefault();
  oneStop(next);
  next.focus();
});

oneStop(links()[0]);
setTimeout(refresh, EVERY_MS);
