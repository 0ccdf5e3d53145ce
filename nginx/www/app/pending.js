// A changing call is done once, whatever happens to the page: its body and its Idempotency-Key are
// kept until it is answered. A second click joins the first one; a reload asks again with the same
// key, and so does another tab.
import { patient } from "./api.js";
import { kept } from "./store.js";

const DAY = 24 * 3600 * 1000; // for as long as the server keeps an answer
const running = new Map();

/** A fresh Idempotency-Key. */
export function newKey() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function run(name, call) {
    try {
        return (await patient(call.method, call.path, call)).data;
    } finally {
        running.delete(name);
        if (kept(name).value?.key === call.key) kept(name).set(null);
    }
}

/** What was begun under this name and has no answer yet, or null. */
export function pending(name) {
    const call = kept(`call.${name}`).value;
    return call && Date.now() - call.begun < DAY ? call : null;
}

/** Begins the call {method, path, body, token}, or joins the one under this name. */
export function perform(name, call) {
    const full = `call.${name}`;
    if (!running.has(full)) {
        const begun = pending(name) ?? { ...call, key: newKey(), begun: Date.now() };
        kept(full).set(begun);
        running.set(full, run(full, begun));
    }
    return running.get(full);
}

/** Goes on with what a page before has begun: its answer, or null when there is nothing. */
export function resume(name) {
    return pending(name) ? perform(name) : Promise.resolve(null);
}
