// A scanner that poses as a keyboard. What makes its keys a code is in framing.js. Fewer keys than a person can type count
// as typed and go on to the page. Where an input method had a hand in it, letters may have changed: the text is not used,
// and the server is told.

import { COMPLETE_QUIET_MS, Framing, OTHER_QUIET_MS } from "./framing.js";

const LOOK_MS = 30;
const FEWEST = 8;
const COMPOSING = 229;

const framing = new Framing();
let wanted = null;
let typedOn = () => {};
// The keys since the last quiet, and whether another burst waits for them.
let burst = [];
let joins = false;
let composed = false;
let last = 0;
let timer = null;

// Listens where a code is of use; null stops. What people type is handed to `pass`.
export function scanFor(part, pass) {
  typedOn = pass;
  wanted = part?.dataset.wedge === "on" ? part : null;
  if (wanted === null) drop();
}

function drop() {
  clearTimeout(timer);
  framing.clear();
  [burst, joins, composed] = [[], false, false];
}

function take(event) {
  if (wanted === null || event.ctrlKey || event.altKey || event.metaKey) return;
  const pending = burst.length > 0 || framing.waits;
  if (event.isComposing || event.keyCode === COMPOSING || event.key === "Process") composed = true;
  // An input method of Windows takes letters back and types others.
  else if (event.key === "Backspace" && burst.length >= FEWEST) composed = true;
  else if (event.key.length === 1) {
    if (burst.length === 0) joins = framing.waits;
    burst.push(event.key);
    framing.feed(event.key, performance.now());
  } else if (!pending || event.key !== "Enter") return;
  event.preventDefault();
  event.stopImmediatePropagation();
  last = performance.now();
  lookIn(COMPLETE_QUIET_MS);
}

function lookIn(wait) {
  clearTimeout(timer);
  timer = setTimeout(look, wait);
}

function look() {
  const now = performance.now();
  if (now - last < COMPLETE_QUIET_MS) return lookIn(LOOK_MS);
  if (burst.length < FEWEST && !composed && !joins) {
    const typed = burst;
    if (typed.length > 0) drop();
    typed.forEach((key) => typedOn(key));
  }
  burst = [];
  if (composed && now - last >= OTHER_QUIET_MS) {
    drop();
    return post("", true);
  }
  const text = composed ? null : framing.due(now);
  if (text !== null) post(text, false);
  if (framing.waits || composed) lookIn(LOOK_MS);
}

async function post(text, touched) {
  const part = document.querySelector("#stage [data-csrf]");
  if (part === null) return;
  try {
    await fetch("/scan", {
      method: "POST",
      body: JSON.stringify(touched ? { composed: true } : { text }),
      headers: { "Content-Type": "application/json", "X-CSRFToken": part.dataset.csrf, "X-Visit": part.dataset.visit, "X-Requested-With": "fetch" },
      signal: AbortSignal.timeout(5000),
    });
  } catch {
    // the person scans once more
  }
}

document.addEventListener("keydown", take, { capture: true });
document.addEventListener("compositionstart", () => { if (wanted !== null) composed = true; });
