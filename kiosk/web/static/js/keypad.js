// Six digits: shown as they are typed, sent when the sixth stands, forgotten with the screen.

const PLACES = 6;
const BEFORE_SENDING_MS = 450; // time to see the last digit, and to take it back

let typed = "";
let typedIn = null;
let sending = null;

// Shows what was typed so far on a fresh copy of the screen; any other screen but the pause ends it,
// and so does another visit. Six digits that the pause held back are sent after it.
export function digitsFor(part) {
  const { screen, visit } = part.dataset;
  if (visit !== typedIn || (screen !== "digits" && screen !== "still_there")) typed = "";
  typedIn = visit;
  if (screen !== "digits") return hold();
  draw(part);
  if (typed.length === PLACES && sending === null) sendSoon();
}

function hold() {
  clearTimeout(sending);
  sending = null;
}

function sendSoon() {
  sending = setTimeout(submit, BEFORE_SENDING_MS);
}

export function press(part, key) {
  if (part?.dataset.screen !== "digits") return;
  hold();
  if (key === "clear") typed = "";
  else if (key === "delete") typed = typed.slice(0, -1);
  else if (typed.length < PLACES) typed += key;
  draw(part);
  if (typed.length === PLACES) sendSoon();
}

function submit() {
  sending = null;
  const form = document.getElementById("digits");
  if (form === null || typed.length !== PLACES) return;
  form.elements.digits.value = typed;
  typed = "";
  form.requestSubmit();
  draw(form.closest("[data-screen]"));
}

function draw(part) {
  part.querySelectorAll(".digit").forEach((box, place) => {
    box.textContent = typed[place] ?? "";
    box.classList.toggle("digit-on", place < typed.length);
    box.classList.toggle("digit-next", place === typed.length);
  });
  const count = part.querySelector("#count");
  count.textContent = typed ? count.dataset.words.replace("%n", String(typed.length)) : "";
}
