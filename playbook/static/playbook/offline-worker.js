// Registered only when a reader saves a page. It keeps nothing by itself: it shows what was saved
// when the network does not answer, and forgets what was withdrawn.
"use strict";

const NAME = "saved-pages";
const PATIENCE = 5000; // milliseconds, for a network that neither answers nor fails

const after = (delay, value) => new Promise((done) => setTimeout(done, delay, value));

const asked = async (request, cache) => {
  const answer = await fetch(request);
  if (cache && (answer.status === 410 || answer.status === 404)) {
    await cache.delete(request, { ignoreVary: true });
  } else if (cache && answer.ok) {
    await cache.put(request, answer.clone());
  }
  return answer;
};

const answered = async (request) => {
  const kept = await caches.match(request, { cacheName: NAME, ignoreVary: true });
  if (!kept) return fetch(request);
  const fresh = asked(request, await caches.open(NAME)).catch(() => kept);
  return Promise.race([fresh, after(PATIENCE, kept)]);
};

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || request.headers.has("range")) return;
  if (new URL(request.url).origin === location.origin) event.respondWith(answered(request));
});
