// Keeps the answer fresh: asks every two seconds, and swaps what changed.

const EVERY_MS = 2000;
const STALE_AFTER_MS = 8000;

const live = document.getElementById("live");
const stale = document.getElementById("stale");
let freshAt = Date.now();
let shown = null;

async function refresh() {
  try {
    const response = await fetch(live.dataset.address, {
      headers: { "X-Requested-With": "fetch" },
      signal: AbortSignal.timeout(6000),
      redirect: "error",
    });
    if (!response.ok) throw new Error(String(response.status));
    const html = await response.text();
    if (html !== shown) live.innerHTML = html;
    shown = html;
    freshAt = Date.now();
  } catch {
    // shown as stale below
  }
  stale.hidden = Date.now() - freshAt < STALE_AFTER_MS;
  setTimeout(refresh, EVERY_MS);
}

refresh();
