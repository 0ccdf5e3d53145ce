// The check of a draw: computes again, out of what is published, where an entry stands. The rule:
// key = HMAC-SHA256(seed, SHA-256 of the list || beacon); the order is that of HMAC-SHA256(key, entry).
import { address } from "./site.js";

const SLICE = 400; // entries between two looks at the clock
const HEX = 64;
const LINE = HEX + 1; // with the line feed

const utf8 = (text) => new TextEncoder().encode(text);
const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

async function signer(key) {
    const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    return (bytes) => crypto.subtle.sign("HMAC", imported, bytes);
}

/** Whether the first of two results of HMAC comes before the second. */
function isBefore(one, other) {
    for (let i = 0; i < one.byteLength; i += 4) {
        const difference = one.getUint32(i) - other.getUint32(i);
        if (difference !== 0) return difference < 0;
    }
    return false;
}

async function readList(path) {
    const answer = await fetch(address(path), { cache: "reload", credentials: "same-origin" });
    if (!answer.ok) throw new Error(`the list: ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
}

/** How many entries come before this one, and one. */
async function rankOf(own, list, sign, onProgress) {
    const ranked = async (text) => new DataView(await sign(fromHex(text)));
    const text = new TextDecoder("latin1").decode(list);
    const mine = await ranked(own);
    const count = Math.floor(text.length / LINE);
    let rank = 1;
    for (let from = 0; from < count; from += SLICE) {
        const slice = Array.from({ length: Math.min(SLICE, count - from) }, (_, i) => text.substr((from + i) * LINE, HEX));
        for (const other of await Promise.all(slice.map(ranked))) if (isBefore(other, mine)) rank++;
        onProgress(Math.min(1, (from + SLICE) / count));
        await new Promise((next) => setTimeout(next));
    }
    return rank;
}

/** Where this entry's line begins, or -1. */
function find(entry, list) {
    const text = new TextDecoder("latin1").decode(list);
    let at = text.indexOf(entry);
    while (at >= 0 && at % LINE !== 0) at = text.indexOf(entry, at + 1);
    return at;
}

/**
 * The steps of the check, as far as it can be made: [{name, ok, value}]. `record` is what this browser
 * kept of its entry: {token, number, early: before the freeze, seen: what it saw promised}; null where
 * it has none. `onProgress` gets 0..1.
 */
export async function checkDraw(draw, record, onProgress) {
    const list = await readList(draw.list);
    const listHash = await sha256(list);
    const seed = draw.seed && fromHex(draw.seed);
    const steps = [{ name: "list", ok: toHex(listHash) === draw.listHash, value: list.length / LINE }];
    if (seed) steps.push({ name: "seed", ok: toHex(await sha256(seed)) === draw.commitment });
    if (!record) return steps;
    steps.push({ name: "seen", ok: Object.entries(record.seen).every(([name, value]) => draw[name] === value) });
    const own = toHex(await sha256(utf8(record.token)));
    const at = find(own, list);
    if (at < 0) return [...steps, { name: "behind", ok: !record.early }];
    steps.push({ name: "entry", ok: true, value: at / LINE + 1 });
    if (!seed) return steps;
    const key = await (await signer(seed))(new Uint8Array([...listHash, ...utf8(draw.beacon ?? "")]));
    const rank = await rankOf(own, list, await signer(new Uint8Array(key)), onProgress);
    return [...steps, { name: "rank", ok: rank === record.number, value: rank }];
}
