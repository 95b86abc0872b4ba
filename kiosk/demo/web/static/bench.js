// Sends a button's form and redraws the bench in place, so that the list does not jump. Without this file the forms work too.

const bench = document.getElementById("bench");

function redraw(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("bench");
  const focused = document.activeElement?.dataset?.test;
  bench.replaceChildren(...fresh.childNodes);
  const states = [...bench.querySelectorAll(".device")].map((device) => [...device.querySelectorAll("h3, p")].map((part) => part.textContent).join(": "));
  document.getElementById("said").textContent = states.join(". ");
  if (focused) {
    bench.querySelector(`[data-test="${focused}"]`)?.focus({ preventScroll: true });
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  event.preventDefault();
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (!answer.ok) {
      throw new Error(answer.statusText);
    }
    redraw(await answer.text());
    history.replaceState(null, "", answer.url);
  } catch {
    form.submit();
  }
});
