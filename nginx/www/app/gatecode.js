// The code of a ticket (docs/ticket-codes.md): what it says, and whether its signature is right, without a server.
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const FORM = /^FR1:([A-Z2-7]{40})([A-Z2-7]{103})$/;
const SIGNED = 44; // letters
const KEY_ID = 5; // bytes

/** The bytes of a text in base32, without what is left over. */
function fromBase32(text) {
    const bytes = [];
    let bits = 0;
    let count = 0;
    for (const letter of text) {
        bits = (bits << 5 | LETTERS.indexOf(letter)) & 0xfff;
        count += 5;
        if (count >= 8) bytes.push(bits >> (count -= 8) & 0xff);
    }
    return Uint8Array.from(bytes);
}

function toBase32(bytes) {
    let text = "";
    let bits = 0;
    let count = 0;
    for (const byte of bytes) {
        bits = (bits << 8 | byte) & 0xffff;
        for (count += 8; count >= 5;) text += LETTERS[bits >> (count -= 5) & 31];
    }
    return count ? text + LETTERS[bits << 5 - count & 31] : text;
}

/** What a text says: {keyId, itemId, ticketId}; null where it is no code. */
export function readCode(text) {
    const match = FORM.exec(text);
    if (!match) return null;
    const bytes = fromBase32(match[1]);
    return {
        keyId: toBase32(bytes.subarray(0, KEY_ID)),
        itemId: new DataView(bytes.buffer).getUint32(KEY_ID),
        ticketId: toBase32(bytes.subarray(KEY_ID + 4)),
    };
}

/** The id of a key goes by its bytes; what a JWK says of itself is not believed. */
async function idOf(jwk) {
    const x = atob(jwk.x.replaceAll("-", "+").replaceAll("_", "/"));
    const hash = await crypto.subtle.digest("SHA-256", Uint8Array.from(x, (letter) => letter.charCodeAt(0)));
    return toBase32(new Uint8Array(hash, 0, KEY_ID));
}

/**
 * Whether the signature of a code is right by these keys of GET /ticket-keys; null where this browser cannot tell: it has
 * no Ed25519, or there are no keys.
 */
export async function isGenuine(text, keys) {
    if (!globalThis.crypto?.subtle || !keys?.length) return null;
    const { keyId } = readCode(text);
    for (const { kty, crv, x } of keys) {
        if (await idOf({ x }) !== keyId) continue;
        try {
            const key = await crypto.subtle.importKey("jwk", { kty, crv, x }, "Ed25519", false, ["verify"]);
            return await crypto.subtle.verify("Ed25519", key, fromBase32(text.slice(SIGNED)), new TextEncoder().encode(text.slice(0, SIGNED)));
        } catch {
            return null;
        }
    }
    return false;
}
