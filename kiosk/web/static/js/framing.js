// What a scanner types, made into whole codes: the rules of kiosk/domain/scans.py, which says why they are what they are.
// tests/kiosk/scans.json has the cases of both. Times are milliseconds of one clock that never goes back.

export const COMPLETE_QUIET_MS = 80;
export const OTHER_QUIET_MS = 150;
const JOIN_MS = 500;
const FORGET_MS = 3000;
const LONGEST = 8192;

const card = /^[0-9]{12}\|/;
const wholeCard = /^[0-9]{12}\|(?:[^|]*\|){5}[0-9]{8}(?:\||$)/;
const insurance = /^(?:[A-Z]{2}[1-5][0-9]{12}|[0-9]{10})\|/;
const aim = /^\][A-Za-z][0-9A-Za-z]|\][A-Za-z][0-9A-Za-z](?=[0-9]{12}\||[0-9]{10}\||[A-Z]{2}[1-5][0-9]{12}\|)/g;
const beginning =
  "(?:[0-9]{12}\\|[^|]*\\|[^|0-9]+\\|[0-9]{4,8}\\|" +
  "|(?:[A-Z]{2}[1-5][0-9]{12}|[0-9]{10})\\|(?:[0-9A-Fa-f]{2})+\\|(?:[0-9]{2}/[0-9]{2}/)?[0-9]{4}\\|[12]\\|" +
  "|(?:HC1|IDC1):)";
const inside = new RegExp(beginning, "g");
// Stands where a text came with a pause.
const PAUSE = "\x1f";
const afterPause = new RegExp(`${PAUSE}(?=(?:\\][A-Za-z][0-9A-Za-z])?${beginning})`);
const clear = /(?:(?<=\|[0-9]{8})|(?<![0-9]))(?=[0-9]{12})|(?=[A-Z])|(?<![0-9A-Za-z])(?=[0-9]{10}\|)/y;

const isCardLike = (text) => card.test(text) || insurance.test(text);
const isComplete = (text) => (insurance.test(text) ? text.endsWith("$") : wholeCard.test(text));
const isCutShort = (text) => isCardLike(text) && !isComplete(text);

function bare(text) {
  const named = text.replace("\ufeff", "").replace(aim, "");
  const trimmed = named.replace(/^ +| +$/g, "");
  return isCardLike(trimmed) ? trimmed : named;
}

function lacksOnlyItsDate(text) {
  const fields = text.split("|");
  return card.test(text) && fields.length >= 7 && fields[6] === "" && !fields.slice(7).some((field) => /^[0-9]{8}$/.test(field));
}

function isClear(text, start) {
  clear.lastIndex = start;
  return start === 0 || clear.test(text);
}

function parts(text) {
  if (!isCardLike(text)) return [text];
  const starts = [0, ...[...text.matchAll(inside)].map((found) => found.index).filter((start) => start > 0)];
  return starts.map((start, place) => (isClear(text, start) ? bare(text.slice(start, starts[place + 1])) : ""));
}

function wholeIn(found, quiet) {
  const newest = found.at(-1);
  if (isComplete(newest) || (quiet >= OTHER_QUIET_MS && newest && !isCutShort(newest))) return newest;
  if (quiet < JOIN_MS) return null;
  return lacksOnlyItsDate(newest) ? newest : (found.findLast(isComplete) ?? null);
}

export class Framing {
  #sent = "";
  #first = 0;
  #last = 0;
  #overflown = false;

  // Whether something came whose end must still come.
  get waits() {
    return this.#sent !== "";
  }

  feed(sent, now) {
    const pause = now - this.#last;
    this.#last = now;
    if (pause >= OTHER_QUIET_MS) {
      this.#overflown = false;
      if (pause >= JOIN_MS || now - this.#first >= FORGET_MS) this.#sent = "";
    }
    if (this.#overflown || this.#sent.length + sent.length > LONGEST) {
      this.#sent = "";
      this.#overflown = true;
      return;
    }
    if (!this.waits) this.#first = now;
    else if (pause >= OTHER_QUIET_MS) this.#sent += PAUSE;
    this.#sent += sent;
  }

  // A text that is whole now, once; null otherwise.
  due(now) {
    const quiet = now - this.#last;
    if (!this.waits || quiet < COMPLETE_QUIET_MS) return null;
    const text = wholeIn(parts(bare(this.#sent.split(afterPause).at(-1).replaceAll(PAUSE, ""))), quiet);
    if (text || quiet >= JOIN_MS) this.clear();
    return text || null;
  }

  clear() {
    this.#sent = "";
  }
}
