// Asks a security key: to log in, to open the locked screen, to register it. The server gives the question and judges the
// answer; nothing is kept here. A form or button with data-ask says where the question comes from, data-answer where the
// answer goes; data-make is on the form that registers a new key.

const REFUSED = "refused";

async function send(address, fields) {
  const response = await fetch(address, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: { "X-Requested-With": "fetch", "X-CSRFToken": fields.csrf_token },
    redirect: "error",
    signal: AbortSignal.timeout(20000),
  });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

async function asked(options, making) {
  if (making) {
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
  }
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
}

async function ceremony(form) {
  const fields = Object.fromEntries(new FormData(form));
  const token = fields.csrf_token;
  const question = await send(form.dataset.ask, fields);
  if (question.state === REFUSED) return question;
  const key = await asked(question.options, "make" in form.dataset);
  return send(form.dataset.answer, { csrf_token: token, word: question.word, answer: JSON.stringify(key.toJSON()) });
}

async function begin(event) {
  event.preventDefault();
  const form = event.target;
  const problem = form.querySelector("[data-problem]");
  const button = form.querySelector("button");
  problem.hidden = true;
  button.disabled = true;
  let result = { state: REFUSED };
  try {
    result = await ceremony(form);
  } catch {
    // said below: the key was not there, was not unlocked, or belongs to somebody else
  }
  form.querySelectorAll("input[type=password]").forEach((input) => { input.value = ""; });
  button.disabled = false;
  if (result.state !== REFUSED && form.closest("dialog")) document.dispatchEvent(new Event("key-accepted"));
  else if (result.state !== REFUSED) location.assign(result.next);
  else {
    problem.textContent = result.problem ?? problem.dataset.words;
    problem.hidden = false;
    button.focus();
  }
}

for (const form of document.querySelectorAll("form[data-ask]")) form.addEventListener("submit", begin);
