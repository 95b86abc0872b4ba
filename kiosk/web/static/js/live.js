// Keeps the board fresh: asks every two seconds, swaps only what changed, and never takes the keyboard's place away.

const EVERY_MS = 2000;
const STALE_AFTER_MS = 8000;

const live = document.getElementById("live");
const stale = document.getElementById("stale");
const updated = document.getElementById("updated");
let freshAt = Date.now();
let shown = null;

function stamp() {
  const now = live.querySelector("[data-now]")?.dataset.now ?? "";
  updated.textContent = updated.dataset.words.replace("%t", now);
}

// A list that is open under somebody's hand is left alone.
const choosing = () => document.activeElement?.tagName === "SELECT" && live.contains(document.activeElement);

const withoutWhatAlwaysDiffers = (html) => html.replace(/name="csrf_token" value="[^"]*"|data-now="[^"]*"/g, "");

function put(html) {
  const next = withoutWhatAlwaysDiffers(html);
  if (next === shown || choosing()) {
    const now = html.match(/data-now="([^"]*)"/)?.[1];
    if (now) live.querySelector("[data-now]").dataset.now = now;
    return;
  }
  const focused = document.activeElement?.id;
  live.innerHTML = html;
  shown = next;
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

async function refresh() {
  if (document.documentElement.dataset.locked === "yes") {
    freshAt = Date.now();
    setTimeout(refresh, EVERY_MS);
    return;
  }
  try {
    const response = await fetch(live.dataset.address, {
      headers: { "X-Requested-With": "fetch" },
      signal: AbortSignal.timeout(6000),
      redirect: "error",
    });
    if (!response.ok) throw new Error(String(response.status));
    put(await response.text());
    freshAt = Date.now();
    stamp();
  } catch {
    // shown as stale below
  }
  stale.hidden = Date.now() - freshAt < STALE_AFTER_MS;
  setTimeout(refresh, EVERY_MS);
}

stamp();
setTimeout(refresh, EVERY_MS);
