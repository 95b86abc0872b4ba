// Locks the screen over whatever is on it once nobody was there for a while. The page's own part is taken out of the
// document meanwhile, so that neither the browser's tools nor its printer show anybody's name; it is put back as it was,
// with what was typed. The server decides: this page only says when somebody moves, and asks what holds.

const ASK_EVERY_MS = 10000;
const TELL_EVERY_MS = 30000;
const TOO_MANY = "503"; // other passwords are being checked: this one was not looked at

const lock = document.getElementById("lock");
const form = lock.querySelector("form");
const problem = document.getElementById("lock-problem");
const password = document.getElementById("lock-password");
const token = form.elements.csrf_token.value;
const work = document.querySelector("main");
const place = document.createComment("");
let toldAt = 0;
let left = null; // where the clerk was: the element and how far down

function takeAway() {
  if (!work.isConnected) return;
  left = { element: document.activeElement, down: scrollY };
  work.replaceWith(place);
}

function putBack() {
  if (work.isConnected) return;
  place.replaceWith(work);
  scrollTo(0, left.down);
  left.element?.focus({ preventScroll: true });
}

function show(state) {
  if (state === "gone") location.assign(lock.dataset.login);
  const locked = state === "locked";
  document.documentElement.dataset.locked = locked ? "yes" : "no";
  if (state !== "open") takeAway();
  if (locked && !lock.open) {
    lock.showModal();
    password.focus();
  }
  if (!locked && lock.open) lock.close();
  if (state === "open") putBack();
}

async function ask(address, body) {
  const sent = body === undefined ? {} : { method: "POST", body };
  const response = await fetch(address, {
    ...sent,
    headers: { "X-Requested-With": "fetch", "X-CSRFToken": token },
    redirect: "error",
    signal: AbortSignal.timeout(10000),
  });
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()).state;
}

async function look() {
  try {
    show(await ask(lock.dataset.state));
  } catch {
    // the board says by itself that nothing comes
  }
}

async function tell() {
  if (lock.open || Date.now() - toldAt < TELL_EVERY_MS) return;
  toldAt = Date.now();
  try {
    show(await ask(lock.dataset.awake, new URLSearchParams()));
  } catch {
    // the next look says what holds
  }
}

function say(words) {
  problem.textContent = words;
  problem.hidden = words === "";
}

async function unlock(event) {
  event.preventDefault();
  const given = new URLSearchParams(new FormData(form));
  form.reset();
  try {
    const state = await ask(form.action, given);
    say(state === "locked" ? problem.dataset.wrong : "");
    show(state);
  } catch (error) {
    say(error.message === TOO_MANY ? problem.dataset.busy : problem.dataset.wrong);
  }
  if (lock.open) password.focus();
}

// Nothing but the password opens it. Escape pressed twice closes a dialog without asking, so the key itself is caught.
lock.addEventListener("cancel", (event) => event.preventDefault());
lock.addEventListener("close", () => document.documentElement.dataset.locked === "yes" && lock.showModal());
document.addEventListener("keydown", (event) => event.key === "Escape" && lock.open && event.preventDefault(), true);
form.addEventListener("submit", unlock);
document.addEventListener("key-accepted", look);
for (const sign of ["keydown", "pointerdown"]) document.addEventListener(sign, tell);
document.addEventListener("visibilitychange", () => document.hidden || look());
setInterval(look, ASK_EVERY_MS);
