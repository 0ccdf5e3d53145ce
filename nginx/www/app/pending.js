// A changing call is done once, whatever happens to the page: its body and its Idempotency-Key are
// kept until it is answered. A second click joins the first one; a reload asks again with the same
// key, and so does another tab. Another call under the same name (a changed amount, other seats) has
// its turn after it, with a key of its own.
import { patient } from "./api.js";
import { kept } from "./store.js";

const DAY = 24 * 3600 * 1000; // for as long as the server keeps an answer
const running = new Map(); // {call, answer} by the name under which the call is kept

/** A fresh Idempotency-Key. */
export function newKey() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function run(name, call) {
    let answered = true;
    try {
        return (await patient(call.method, call.path, call)).data;
    } catch (problem) {
        answered = problem.code !== "unauthorized"; // perhaps it was done before the sign-in ended
        throw problem;
    } finally {
        running.delete(name);
        if (answered && kept(name).value?.key === call.key) kept(name).set(null);
    }
}

/** What was begun under this name and has no answer yet, or null. */
export function pending(name) {
    const call = kept(`call.${name}`).value;
    return call && Date.now() - call.begun < DAY ? call : null;
}

function goOn(name, call) {
    const full = `call.${name}`;
    if (!running.has(full)) {
        kept(full).set(call);
        running.set(full, { call, answer: run(full, call) });
    }
    return running.get(full).answer;
}

function isSame(one, other) {
    return one.method === other.method && one.path === other.path &&
        JSON.stringify(one.body) === JSON.stringify(other.body);
}

/** Begins the call {method, path, body, token}, or joins the same one; one that differs is waited for. */
export function perform(name, call) {
    const begun = running.get(`call.${name}`)?.call ?? pending(name);
    if (begun && !isSame(begun, call)) {
        const next = () => perform(name, call);
        return goOn(name, begun).then(next, next);
    }
    return goOn(name, begun ?? { ...call, key: newKey(), begun: Date.now() });
}

/** Goes on with what a page before has begun: its answer, or null when there is nothing. */
export function resume(name) {
    const begun = pending(name);
    return begun ? goOn(name, begun) : Promise.resolve(null);
}
