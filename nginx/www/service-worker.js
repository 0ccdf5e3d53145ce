// Keeps the pages of one version for who has tickets, so that they open without a network. The tickets are in the
// pages' own storage; no answer of the API is kept here.
const HOME = registration.scope;
const FILES = `${HOME}v/@VERSION@/`;
const LATER = ["app/sleeper.js", "vendor/qrcode.js"]; // which the page does not name
const CACHES = `frontrow ${HOME} `; // a site may have several Frontrows
const CACHE = `${CACHES}@VERSION@`;
const PATIENCE_MS = 4000; // with a network that does not answer

async function keepPages() {
    const page = await fetch(HOME, { cache: "no-cache" });
    const names = [...(await page.clone().text()).matchAll(/v\/@VERSION@\/([^"]+)/g)].map(([, name]) => name);
    if (!page.ok || names.length === 0) throw new Error("another version is being published");
    const cache = await caches.open(CACHE);
    await cache.addAll([...names, ...LATER].map((name) => FILES + name));
    await cache.put(HOME, page);
}

async function dropOthers() {
    const names = (await caches.keys()).filter((name) => name.startsWith(CACHES) && name !== CACHE);
    await Promise.all(names.map((name) => caches.delete(name)));
}

const kept = async (address) => (await caches.open(CACHE)).match(address);

/** The page as it is now; as it is kept where the network fails, or answers too late, or only a gateway does. */
async function openPage(request) {
    const asked = fetch(request);
    const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
    const answer = await Promise.race([asked, late]).catch(() => null);
    if (answer && answer.status < 500) return answer;
    return await kept(HOME) ?? asked;
}

addEventListener("install", (event) => event.waitUntil(keepPages()));
addEventListener("activate", (event) => event.waitUntil(dropOthers()));
addEventListener("fetch", (event) => {
    const { request } = event;
    if (request.mode === "navigate" && request.url.split(/[?#]/)[0] === HOME) event.respondWith(openPage(request));
    else if (request.url.startsWith(FILES)) event.respondWith(kept(request.url).then((found) => found ?? fetch(request)));
});
