// Looks every two seconds whether somebody began to help; nothing else happens on this page.

const EVERY_MS = 2000;

setInterval(async () => {
  try {
    const response = await fetch("/screen?waits=1", { headers: { "X-Requested-With": "fetch" }, redirect: "error" });
    if (response.status === 200) window.location.reload();
  } catch {
    // The process is starting anew; the next look finds it.
  }
}, EVERY_MS);
