// Saving pages for reading without a network. Nothing is stored until a button is pressed.
(() => {
  "use strict";

  const NAME = "saved-pages";
  const root = document.querySelector("[data-offline]");
  if (!root || !navigator.serviceWorker || !window.caches) return;

  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const show = (...names) => {
    for (const one of root.querySelectorAll("[data-part]")) one.hidden = !names.includes(one.dataset.part);
  };

  const needs = (html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    const found = [...page.querySelectorAll("link[rel=stylesheet], link[rel=icon], script[src], img[src]")];
    return found.map((one) => one.getAttribute("href") || one.getAttribute("src")).filter((where) => where.startsWith("/"));
  };

  const keep = async (cache, where) => {
    const answer = await fetch(where, { credentials: "omit" });
    if (!answer.ok) throw new Error(answer.status);
    const html = await answer.clone().text();
    await cache.put(where, answer);
    await cache.addAll(needs(html));
  };

  const save = async () => {
    show("working");
    try {
      await navigator.serviceWorker.register("/offline-worker.js");
      const cache = await caches.open(NAME);
      await keep(cache, root.dataset.page);
      await keep(cache, root.dataset.list);
      await list();
    } catch {
      show("save", "failed");
    }
  };

  const remove = async () => {
    await caches.delete(NAME);
    for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();
    await list();
  };

  const read = async () => {
    if (!(await caches.has(NAME))) return { pages: [], bytes: 0 };
    const cache = await caches.open(NAME);
    const pages = [];
    let bytes = 0;
    for (const request of await cache.keys()) {
      const answer = await cache.match(request, { ignoreVary: true });
      bytes += (await answer.clone().blob()).size;
      const path = new URL(request.url).pathname;
      if ((answer.headers.get("Content-Type") || "").startsWith("text/html") && path !== root.dataset.list) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        pages.push([path, page.title, page.documentElement.lang]);
      }
    }
    return { pages, bytes };
  };

  const list = async () => {
    const { pages, bytes } = await read();
    const items = part("pages");
    items.replaceChildren(...pages.map(([path, title, lang]) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      Object.assign(link, { href: path, textContent: title, lang, dir: "auto" });
      item.append(link);
      return item;
    }));
    for (const one of root.querySelectorAll("[data-size]")) one.textContent = `${Math.ceil(bytes / 1024)} KB`;
    const saved = pages.some(([path]) => path === root.dataset.page);
    const names = pages.length ? ["some", "pages", "remove"] : ["none"];
    show(...names, ...(root.dataset.page && !saved ? ["save"] : []));
  };

  root.addEventListener("click", (event) => {
    const pressed = event.target.closest("button");
    if (pressed === part("save")) save();
    if (pressed === part("remove")) remove();
  });
  list();
})();
