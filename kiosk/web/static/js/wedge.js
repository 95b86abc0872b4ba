// A scanner that poses as a keyboard. Enter counts for nothing: a text is sent when nothing more came for a while, a
// short while where it is complete. Fewer keys than a person can type count as typed and go on to the page. Where an
// input method had a hand in it, letters may have changed: the text is not used, and the server is told.

const COMPLETE_QUIET_MS = 80;
const OTHER_QUIET_MS = 150;
const FORGET_MS = 3000;
const FEWEST = 8;
const LONGEST = 8192;
const COMPOSING = 229;

const card = /^\d{12}\|/;
const wholeCard = /^\d{12}\|(?:[^|]*\|){5}\d{8}(?:\||$)/;
const insurance = /^(?:[A-Z]{2}[1-5]\d{12}|\d{10})\|/;

let wanted = null;
let typedOn = () => {};
let keys = [];
let composed = false;
let timer = null;
let forget = null;

const isComplete = (text) => (insurance.test(text) ? text.endsWith("$") : wholeCard.test(text));
const isCutShort = (text) => (card.test(text) || insurance.test(text)) && !isComplete(text);

// Listens where a code is of use; null stops. What people type is handed to `pass`.
export function scanFor(part, pass) {
  typedOn = pass;
  wanted = part?.dataset.wedge === "on" ? part : null;
  if (wanted === null) drop();
}

function drop() {
  clearTimeout(timer);
  clearTimeout(forget);
  keys = [];
  composed = false;
}

function take(event) {
  if (wanted === null || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.isComposing || event.keyCode === COMPOSING || event.key === "Process") composed = true;
  // An input method of Windows takes letters back and types others.
  else if (event.key === "Backspace" && keys.length >= FEWEST) composed = true;
  else if (event.key.length === 1) keys.push(event.key);
  else if (keys.length === 0 || event.key !== "Enter") return;
  if (keys.length > LONGEST) return drop();
  event.preventDefault();
  event.stopImmediatePropagation();
  clearTimeout(timer);
  clearTimeout(forget);
  timer = setTimeout(() => quiet(COMPLETE_QUIET_MS), COMPLETE_QUIET_MS);
  forget = setTimeout(drop, FORGET_MS);
}

function quiet(since) {
  const text = keys.join("");
  if (keys.length < FEWEST && !composed) {
    const typed = keys;
    drop();
    typed.forEach((key) => typedOn(key));
  } else if (isComplete(text) || (since >= OTHER_QUIET_MS && !isCutShort(text))) {
    const [sent, touched] = [text, composed];
    drop();
    post(sent, touched);
  } else if (since < OTHER_QUIET_MS) {
    timer = setTimeout(() => quiet(OTHER_QUIET_MS), OTHER_QUIET_MS - since);
  }
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
