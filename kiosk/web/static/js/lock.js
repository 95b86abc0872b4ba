// Locks the screen over whatever is on it once nobody was there for a while; the work beneath stays as it was.
// The server decides: this page only says when somebody moves, and asks what holds.

const ASK_EVERY_MS = 10000;
const TELL_EVERY_MS = 30000;

const lock = document.getElementById("lock");
const form = lock.querySelector("form");
const problem = document.getElementById("lock-problem");
const password = document.getElementById("lock-password");
const token = form.elements.csrf_token.value;
let toldAt = 0;

function show(state) {
  if (state === "gone") location.assign(lock.dataset.login);
  const locked = state === "locked";
  document.documentElement.dataset.locked = locked ? "yes" : "no";
  if (locked && !lock.open) {
    lock.showModal();
    password.focus();
  }
  if (!locked && lock.open) lock.close();
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

async function unlock(event) {
  event.preventDefault();
  const given = new URLSearchParams(new FormData(form));
  form.reset();
  try {
    const state = await ask(form.action, given);
    problem.hidden = state !== "locked";
    show(state);
  } catch {
    problem.hidden = false;
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
