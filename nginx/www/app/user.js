// Who buys. Where a gateway says it (caller = header) the page sends no userId; in the demo
// (caller = body) it asks for a name once and keeps it; with an identity provider (caller = jwt)
// it signs in there, and a token says it.
import { authorizeBy, get, Problem } from "./api.js";
import { settings } from "./settings.js";
import { Cell, forget, kept, lazy } from "./store.js";

export const NAME_MAX = 128;
export const NAME = `[A-Za-z0-9._@+\\|:~=\\-]{1,${NAME_MAX}}`;

/** null until it is known; {userId, asks, signsIn, name}: asks where the page asks for a name; one to show, if there is. */
export const user = new Cell(null);
/** The module that signs in, where the pages do. */
export const signIn = new Cell(null);
/** Whether the dialog that asks for the name is shown: null, or {resolve}. */
export const asking = new Cell(null);

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

/** The module that signs in; null where the pages do not. */
const findSignIn = lazy(async () => {
    const { signIn: provider } = await settings();
    if (!provider) return null;
    const module = await import("./signin.js");
    await module.begin(provider);
    signIn.set(module);
    return module;
});

authorizeBy({
    bearer: async () => (await findSignIn())?.bearer(),
    replace: async (token) => (await findSignIn()).replace(token),
});

/** The user whom the server sees in our calls, or null. */
export async function askWho() {
    try {
        return (await get("/point")).userId;
    } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        return null;
    }
}

/** Settles which it is; the user may still be missing. */
export const findUser = lazy(async () => {
    const module = await findSignIn();
    if (module) {
        await module.findUser();
    } else if ((await settings()).caller === "body") {
        user.set({ userId: kept("user").value, asks: true });
        kept("user").listen(follow);
    } else {
        user.set({ userId: await askWho(), asks: false });
    }
});

/** The user, asked for where that can be; null when the asking was declined. */
export async function requireUser() {
    await findUser();
    const { userId, asks, signsIn } = user.value;
    if (userId) return user.value;
    if (!asks && !signsIn) throw new Problem("unauthorized", 401);
    return new Promise((resolve) => asking.set({ resolve }));
}

/** That the asking was declined; `toAsk` names what asks again after a problem. */
export function unnamed() {
    return new Problem(user.value.signsIn ? "unsigned" : "unnamed", 401);
}

export function toAsk({ code }) {
    return { unnamed: "queue_stay", unsigned: "sign_in" }[code] ?? "again";
}

/** The answer of the dialog. */
export function nameUser(name) {
    if (name === null) answerAsking(null);
    else kept("user").set(name);
}

/** Forgets what was begun, but not the user. */
export function forgetAll() {
    for (const beginning of ["token.", "hold.", "call.", "intent.", "draw.", "tickets", "codes."]) forget(beginning);
}

/** Forgets the user too, in all tabs, so that there can be another one. */
export function forgetUser() {
    forgetAll();
    if (user.value.signsIn) user.set({ ...user.value, userId: null });
    kept("user").set(null);
    signIn.value?.signOut();
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
