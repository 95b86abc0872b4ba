// What the kiosk says: the clips that the server names, one after another. Whatever a person does ends what is being
// said; what a new screen says takes its place. Nothing is said on the first screen until somebody asks for it.

const FOLDER = "/speech";
const AGAIN_AFTER_MS = 9000; // how soon a card that was left behind is called out again
const ALARM_EVERY_MS = 3000;
const LOUDER = 0.2;
const LEAST = 0.2;
const ON_ENTERING = {
  digits: "sound.card", reading: "sound.card", ticket: "sound.done", desk: "sound.look", called: "sound.done",
  still_there: "sound.look", take_card: "sound.alarm", put_back: "sound.look", place_card: "sound.done",
};

const SAID_ONCE = ["attract", "reading"]; // the steps of a reading follow each other faster than they could be said

const mode = document.documentElement.dataset.speech;
const player = new Audio();
let waiting = [];
let plugged = mode === "headphones"; // then a person's own facts are said, too
let volume = 1;
let reminders = [];

const address = (name, lang) => {
  const [language, clip] = name.includes(":") ? name.split(":") : [lang, name];
  return `${FOLDER}/${language}/${clip}.opus`;
};

function next() {
  const address = waiting.shift();
  document.documentElement.toggleAttribute("data-talking", address !== undefined);
  if (address === undefined) return;
  player.src = address;
  player.volume = volume;
  player.play().catch((problem) => {
    if (problem.name === "NotAllowedError") quiet(); // a browser that wants to be touched first: docs/speech.md
    else if (problem.name !== "AbortError") next();
  });
}

player.addEventListener("ended", next);
player.addEventListener("error", next);

export function quiet() {
  waiting = [];
  player.pause();
  document.documentElement.removeAttribute("data-talking");
}

function say(names, lang) {
  if (names.length === 0) return;
  quiet();
  waiting = names.map((name) => address(name, lang));
  next();
}

const words = (part) => (plugged ? part.dataset.clipsPrivate : part.dataset.clips).split(" ").filter(Boolean);
const spoken = () => mode !== "off";

// Says the screen once more, whatever it is.
export function again(part) {
  if (part && spoken()) say(words(part), part.dataset.lang);
}

// A new screen says itself; the same one only what is new on it.
export function sayScreen(part, turned, before) {
  if (part === null) return forget();
  const { screen, lang, clipsHint } = part.dataset;
  if (turned) {
    forget();
    if (screen === "attract") return reset();
    const sound = ON_ENTERING[screen];
    say([...(sound ? [sound] : []), ...(spoken() ? words(part) : [])], lang);
    if (screen === "take_card") remind(part);
  } else if (spoken() && clipsHint && clipsHint !== before?.clipsHint) {
    say(clipsHint.split(" "), lang);
  } else if (spoken() && before?.clips !== part.dataset.clips && before?.lang === lang && !SAID_ONCE.includes(screen)) {
    say(words(part), lang);
  } else if (before !== undefined && before.lang !== lang) {
    again(part);
  }
}

function remind(part) {
  reminders = [
    setInterval(() => player.paused && say(["sound.alarm"], part.dataset.lang), ALARM_EVERY_MS),
    setInterval(() => say(["sound.alarm", ...(spoken() ? words(part) : [])], part.dataset.lang), AGAIN_AFTER_MS),
  ];
}

function forget() {
  reminders.forEach(clearInterval);
  reminders = [];
  quiet();
}

// With the last person go the volume and whether headphones were in.
function reset() {
  volume = 1;
  quiet();
}

// A word that the page itself has, and no screen: said at once.
export function sayAside(clips, lang) {
  if (clips && spoken()) say(clips.split(" "), lang);
}

// A label is said when it is come to by keys: who looks at the screen taps, and need not hear it.
export function sayLabel(element, lang) {
  const { clips } = element?.dataset ?? {};
  if (clips && spoken()) say(clips.split(" "), lang);
}

// A digit is said aloud into headphones only: it is a part of somebody's number.
export function sayDigit(key, lang) {
  say([plugged && spoken() && /^[0-9]$/.test(key) ? `n.${key}` : "sound.key"], lang);
}

export function change(act, part) {
  if (act === "louder") volume = Math.min(1, volume + LOUDER);
  if (act === "softer") volume = Math.max(LEAST, volume - LOUDER);
  player.volume = volume;
  if (act === "headphones_in") plugged = true;
  if (act === "headphones_out") plugged = mode === "headphones";
  if (act !== "headphones_out") again(part);
  else quiet();
}
