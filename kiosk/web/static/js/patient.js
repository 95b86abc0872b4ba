// The page follows the visit: it waits for news, swaps the part that changes, and sends taps.
// Nothing is kept here but the digits while they are typed; nothing is ever put into the browser's storage.

import { look } from "./camera.js";
import { digitsFor, press } from "./keypad.js";
import { countDown } from "./countdown.js";
import { touching, whenLifted } from "./finger.js";
import { again, quiet, sayAside, sayDigit, sayScreen } from "./speech.js";
import { pressKey } from "./tactile.js";
import { scanFor } from "./wedge.js";

const LOST_AFTER_MS = 4000;
const RETRY_MS = 1000;
const ANSWER_MS = 20000;
const SEND_ANSWER_MS = 8000;
const FORGET_PREFERENCES_MS = 30000;
const TOUCH_EVERY_MS = 4000; // as often as the server is told that somebody is busy with the screen
const WAITING_FOR_SOMEBODY = ["child", "consent", "digits", "place_card", "show_qr", "confirm"];
const [CONFLICT, CLOSED] = [409, 503];
const PLAIN = { lang: "vi", size: "100", contrast: "normal" };

const stage = document.getElementById("stage");
const announcer = document.getElementById("announcer");
const lost = document.getElementById("lost");
const unsent = document.getElementById("unsent");

let preferences = { ...PLAIN };
let underWay = null;
let next = null;
let held = null;
let failingSince = null;
let lastTouch = Date.now();
let toldAt = 0;
let wishes = 0;

const root = () => stage.firstElementChild;
const shown = () => root()?.dataset ?? {};
const newest = () => held?.dataset ?? shown(); // what waits to be shown counts as known
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function address(path, extra = {}) {
  const query = new URLSearchParams({ ...preferences, shown: shown().screen ?? "", ...extra });
  return `${path}?${query}`;
}

async function ask(url, options = {}, within = ANSWER_MS) {
  return fetch(url, {
    ...options,
    headers: { "X-Requested-With": "fetch", "X-CSRFToken": shown().csrf ?? "", "X-Visit": shown().visit ?? "", ...options.headers },
    redirect: "error",
    signal: AbortSignal.timeout(within),
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

// A fresh copy of the screen that stands there waits until the finger on it is lifted: the key under it must not go.
function show(part) {
  if (touching() && part.dataset.screen === shown().screen && part.dataset.visit === shown().visit) {
    held = part;
    whenLifted(() => held !== null && put(held));
  } else put(part);
}

function put(part) {
  held = null;
  const turned = shown().screen !== part.dataset.screen;
  if (turned) unsent.hidden = true;
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
  const present = newest();
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
  if (isNews(part)) show(part);
  if (part.dataset.visit === shown().visit) renew(part.dataset.csrf);
  // News that were asked for before the language was changed come in the old language: ask again.
  const kept = cleared || Object.entries(wanted).every(([name, value]) => part.dataset[name] === value);
  if (!kept) await prefer(wanted);
}

// A token that is good for the cookie that the browser has now.
function renew(csrf) {
  shown().csrf = csrf;
  for (const field of stage.querySelectorAll("input[name=csrf_token]")) field.value = csrf;
}

// ---- waiting for news

async function follow() {
  for (;;) {
    try {
      const version = failingSince === null ? { after: newest().version ?? -1 } : {};
      const response = await ask(address("/screen", version));
      if (response.status === CLOSED) { await closed(); continue; }
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
    held = null;
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

// A tap while another is under way follows it; the same one once more is the same tap.
async function send(form, submitter) {
  const body = new URLSearchParams(new FormData(form, submitter));
  const tap = { action: form.action, body, visit: shown().visit };
  if (underWay !== null) return void (isSame(tap, underWay) || (next = tap));
  unsent.hidden = true;
  submitter?.setAttribute("aria-disabled", "true");
  for (underWay = tap; underWay !== null; [underWay, next] = [next, null]) await settled(underWay);
  submitter?.removeAttribute("aria-disabled");
}

const isSame = (one, other) => one.action === other.action && String(one.body) === String(other.body);

async function settled(tap) {
  try {
    const response = await delivered(tap);
    if (response?.ok) await take(response);
    else if (response?.status === CLOSED) window.location.reload();
    else if (response === null || response.status === CONFLICT) await prefer({ ...preferences }); // that screen is gone: show the present one
    else tellUnsent();
  } catch {
    failingSince ??= Date.now(); // the waiting loop notices, and shows the way to the desk
    tellUnsent();
  }
}

// Whether the screen that stands there now offers the same, in the same visit: "stop" means on most what it meant on the
// last, a room or digits do not.
function isOpen(tap) {
  const path = (form) => new URL(form.action).pathname;
  return shown().visit === tap.visit && [...stage.querySelectorAll("form")].some((form) => path(form) === path(tap));
}

// The answer to a tap, which is sent once more where none came or it was refused; null where it is wanted no more.
// Sent twice it does no harm: what a tap asks for is done on its own screen, and digits say in which try they were typed.
async function delivered(tap) {
  if (!isOpen(tap)) return null;
  const response = await post(tap).catch(() => null);
  if (response?.ok || [CONFLICT, CLOSED].includes(response?.status)) return response;
  await pause(response === null ? RETRY_MS : 0);
  await prefer({ ...preferences }); // brings a fresh token
  if (!isOpen(tap)) return null;
  tap.body.set("csrf_token", shown().csrf);
  return post(tap);
}

const post = (tap) => ask(tap.action, { method: "POST", body: tap.body }, SEND_ANSWER_MS);

// Where the kiosk does not answer at all, the way to the desk takes this word's place.
function tellUnsent() {
  unsent.hidden = shown().screen === undefined;
  if (!unsent.hidden) sayAside(shown().clipsUnsent, shown().lang);
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
