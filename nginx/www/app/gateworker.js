// The service worker of /gate/: the page from the server while it answers, else as it was kept; its files never change.
const CACHE = registration.scope; // another Frontrow of the same site has another one

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

async function page(request) {
    try {
        const answer = await fetch(request);
        if (answer.ok) return answer;
    } catch {
        // no network
    }
    return await caches.match(request, { cacheName: CACHE, ignoreSearch: true }) ?? Response.error();
}

addEventListener("fetch", (event) => {
    const { request } = event;
    if (request.method !== "GET") return;
    if (request.mode === "navigate") event.respondWith(page(request));
    else if (new URL(request.url).pathname.includes("/v/"))
        event.respondWith(caches.match(request, { cacheName: CACHE }).then((kept) => kept ?? fetch(request)));
});
