// Who buys. Where a gateway says it (caller = header) the page sends no userId; in the demo
// (caller = body) it asks for a name once and keeps it.
import { get, Problem } from "./api.js";
import { settings } from "./settings.js";
import { Cell, forget, kept } from "./store.js";

export const NAME_MAX = 128;
export const NAME = `[A-Za-z0-9._@+\\|:~=\\-]{1,${NAME_MAX}}`;

/** null until it is known; {userId, asks}: asks where the page asks for a name. */
export const user = new Cell(null);
/** Whether the dialog that asks for the name is shown: null, or {resolve}. */
export const asking = new Cell(null);

let found = null;

/** The name was given or taken back, here or in another tab: what is shown of another name goes. */
function follow(userId) {
    if (userId === user.value.userId) return;
    if (user.value.userId) location.reload();
    else answerAsking(userId);
}

function answerAsking(userId) {
    user.set({ userId, asks: true });
    asking.value?.resolve(userId && user.value);
    asking.set(null);
}

async function find() {
    if ((await settings()).caller === "body") {
        user.set({ userId: kept("user").value, asks: true });
        kept("user").listen(follow);
        return;
    }
    try {
        user.set({ userId: (await get("/point")).userId, asks: false });
    } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        user.set({ userId: null, asks: false });
    }
}

/** Settles which it is; the name may still be missing. */
export function findUser() {
    found ??= find().catch((error) => {
        found = null;
        throw error;
    });
    return found;
}

/** The name, asked for where it is missing; null when the asking was declined. */
export async function requireUser() {
    await findUser();
    if (!user.value.asks) {
        if (!user.value.userId) throw new Problem("unauthorized", 401);
        return user.value;
    }
    if (user.value.userId) return user.value;
    return new Promise((resolve) => asking.set({ resolve }));
}

/** The answer of the dialog. */
export function nameUser(name) {
    if (name === null) answerAsking(null);
    else kept("user").set(name);
}

/** Forgets the name and all that was begun under it, in all tabs, so that another one can be given. */
export function forgetUser() {
    for (const beginning of ["token.", "hold.", "call.", "intent.", "draw.", "tickets", "codes."]) forget(beginning);
    kept("user").set(null);
}

/** The query that says who calls. */
export function who(path) {
    if (!user.value.asks) return path;
    return `${path}${path.includes("?") ? "&" : "?"}userId=${encodeURIComponent(user.value.userId)}`;
}

/** The body with who calls. */
export function by(body) {
    return user.value.asks ? { userId: user.value.userId, ...body } : body;
}
