// The page follows the visit: it waits for news, swaps the part that changes, and sends taps.
// Nothing is kept here but the digits while they are typed; nothing is ever put into the browser's storage.

import { look } from "./camera.js";
import { digitsFor, press } from "./keypad.js";
import { countDown } from "./countdown.js";
import { again, quiet, sayDigit, sayScreen } from "./speech.js";
import { pressKey } from "./tactile.js";
import { scanFor } from "./wedge.js";

const LOST_AFTER_MS = 4000;
const RETRY_MS = 1000;
const ANSWER_MS = 20000;
const FORGET_PREFERENCES_MS = 30000;
const TOUCH_EVERY_MS = 4000; // as often as the server is told that somebody is busy with the screen
const WAITING_FOR_SOMEBODY = ["child", "consent", "digits", "place_card", "show_qr", "confirm"];
const CONFLICT = 409;
const PLAIN = { lang: "vi", size: "100", contrast: "normal" };

const stage = document.getElementById("stage");
const announcer = document.getElementById("announcer");
const lost = document.getElementById("lost");

let preferences = { ...PLAIN };
let busy = false;
let failingSince = null;
let lastTouch = Date.now();
let toldAt = 0;
let wishes = 0;

const root = () => stage.firstElementChild;
const shown = () => root()?.dataset ?? {};
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function address(path, extra = {}) {
  const query = new URLSearchParams({ ...preferences, shown: shown().screen ?? "", ...extra });
  return `${path}?${query}`;
}

async function ask(url, options = {}) {
  return fetch(url, {
    ...options,
    headers: { "X-Requested-With": "fetch", "X-CSRFToken": shown().csrf ?? "", "X-Visit": shown().visit ?? "", ...options.headers },
    redirect: "error",
    signal: AbortSignal.timeout(ANSWER_MS),
  });
}

// ---- the part that changes

function settle(part) {
  const { lang, size, contrast } = part.dataset;
  preferences = { lang, size, contrast };
  Object.assign(document.documentElement, { lang });
  Object.assign(document.documentElement.dataset, { size, contrast });
}

function focusedButton() {
  return [...stage.querySelectorAll("button")].indexOf(document.activeElement);
}

function put(part) {
  const turned = shown().screen !== part.dataset.screen;
  const before = { ...shown() };
  const button = turned ? -1 : focusedButton();
  settle(part);
  stage.classList.remove("enter");
  stage.replaceChildren(part);
  if (turned) {
    void stage.offsetWidth; // lets the motion of the new screen begin anew
    stage.classList.add("enter");
    window.scrollTo(0, 0);
    document.getElementById("heading")?.focus({ preventScroll: true });
  } else if (button >= 0) {
    stage.querySelectorAll("button")[button]?.focus({ preventScroll: true });
  }
  wake();
  sayScreen(part, turned, before);
}

function wake() {
  const part = root();
  if (announcer.textContent !== part.dataset.say) announcer.textContent = part.dataset.say;
  digitsFor(part);
  countDown(part);
  look(part);
  scanFor(part, typed);
}

function isNews(part) {
  const present = shown();
  if (present.version === undefined) return true;
  const [next, now] = [Number(part.dataset.version), Number(present.version)];
  return next > now || (next === now && part.dataset.lang + part.dataset.size + part.dataset.contrast !==
    present.lang + present.size + present.contrast);
}

// Takes an answer of the server; says whether the page is up to date with it.
async function take(response) {
  if (response.status === 204) return;
  const template = document.createElement("template");
  template.innerHTML = await response.text();
  const part = template.content.firstElementChild;
  if (part?.dataset.version === undefined) throw new Error("not a screen");
  if (shown().boot !== undefined && part.dataset.boot !== shown().boot) return window.location.reload();
  const wanted = { ...preferences };
  const cleared = part.dataset.screen === "attract" && shown().screen !== "attract";
  if (isNews(part)) put(part);
  // News that were asked for before the language was changed come in the old language: ask again.
  const kept = cleared || Object.entries(wanted).every(([name, value]) => part.dataset[name] === value);
  if (!kept) await prefer(wanted);
}

// ---- waiting for news

async function follow() {
  for (;;) {
    try {
      const version = failingSince === null ? { after: shown().version ?? -1 } : {};
      const response = await ask(address("/screen", version));
      if (response.status === 503) { await closed(); continue; }
      if (!response.ok) throw new Error(String(response.status));
      await take(response);
      found();
    } catch {
      await miss();
    }
  }
}

async function closed() {
  if (shown().screen !== "closed") return window.location.reload();
  await pause(5000);
}

async function miss() {
  failingSince ??= Date.now();
  if (Date.now() - failingSince > LOST_AFTER_MS && lost.hidden) {
    stage.replaceChildren(); // the person on the screen must not stay there
    look(null);
    scanFor(null, typed);
    countDown(null);
    sayScreen(null);
    lost.hidden = false;
  }
  await pause(RETRY_MS);
}

function found() {
  failingSince = null;
  lost.hidden = true;
}

// ---- what the person does

async function send(form, submitter) {
  if (busy) return;
  busy = true;
  submitter?.setAttribute("aria-disabled", "true");
  try {
    const body = new URLSearchParams(new FormData(form, submitter));
    const response = await ask(form.action, { method: "POST", body });
    if (response.status === CONFLICT) return await prefer({ ...preferences }); // that visit is over: show the present one
    if (!response.ok) return window.location.reload();
    await take(response);
  } catch {
    failingSince ??= Date.now(); // the waiting loop notices, and shows the way to the desk
  } finally {
    busy = false;
    submitter?.removeAttribute("aria-disabled");
  }
}

async function prefer(wanted) {
  preferences = wanted;
  wishes += 1;
  const wish = wishes;
  try {
    const response = await ask(address("/screen"));
    if (response.ok && wish === wishes) await take(response); // an answer that was overtaken counts no more
  } catch {
    failingSince ??= Date.now();
  }
}

// What a button changes of the page that bears it: of two quick taps, the second must not undo the first.
function changedBy(form) {
  return Object.fromEntries([...new FormData(form)].filter(([name, value]) => shown()[name] !== value));
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  if (form.classList.contains("prefer")) prefer({ ...preferences, ...changedBy(form) });
  else send(form, event.submitter);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
  if (event.target.closest("[data-repeat]")) again(root());
  const key = event.target.closest("[data-digit], [data-key]");
  if (key) digit(key.dataset.digit ?? key.dataset.key);
});

function digit(key) {
  press(root(), key);
  sayDigit(key, shown().lang);
}

// What was typed one key at a time, and not by a scanner: the keys of a keypad, and digits.
function typed(key) {
  if (/^[0-9]$/.test(key) && shown().screen === "digits") digit(key);
  else pressKey(root(), key);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const key = { Backspace: "delete", Delete: "clear" }[event.key] ?? (/^[0-9]$/.test(event.key) ? event.key : null);
  if (key !== null && shown().screen === "digits") digit(key);
  else if (!pressKey(root(), event.key)) return;
  event.preventDefault();
});

document.addEventListener("contextmenu", (event) => event.preventDefault());
document.addEventListener("pointerdown", touched);
document.addEventListener("keydown", touched);

// Who types slowly is not asked whether anybody is still here.
async function touched(event) {
  lastTouch = Date.now();
  if (event.type === "pointerdown") quiet();
  if (event.target.closest?.("button[type=submit]")?.form.method === "post") return; // what it sends says enough
  if (!WAITING_FOR_SOMEBODY.includes(shown().screen) || lastTouch - toldAt < TOUCH_EVERY_MS) return;
  toldAt = lastTouch;
  try {
    await ask(address("/tap/touch"), { method: "POST" });
  } catch {
    // the next touch tells it
  }
}

// Who chose a language and walked away does not choose it for the next person.
setInterval(() => {
  const chosen = Object.entries(PLAIN).some(([name, value]) => preferences[name] !== value);
  if (chosen && shown().screen === "attract" && Date.now() - lastTouch > FORGET_PREFERENCES_MS) prefer({ ...PLAIN });
}, 1000);

settle(root());
sayScreen(root(), true);
stage.classList.add("enter");
wake();
follow();
