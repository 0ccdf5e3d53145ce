// What a gate does with a code. It asks the server. Without an answer it decides by the list that it keeps, and tells its
// scans afterwards.
import { once, Problem } from "./api.js";
import { serverNow } from "./clock.js";
import { isGenuine, readCode } from "./gatecode.js";
import { find, forgetAll, keep, list, remove, replaceTickets } from "./gatekeep.js";
import { newKey } from "./pending.js";
import { Cell, kept } from "./store.js";

const PATIENCE_MS = 2500; // somebody stands at the door
const READ_MS = 10000; // between two looks at what changed
const WHOLE_MS = 600000; // and at the whole list
const PAGE = 100;

/** null, or who checks where: {key, deviceId, itemId, title}. */
export const post = kept("gate");
/** Whether the last call was answered. */
export const isOnline = new Cell(true);
/** What the page shows beside a result: {date, scans, conflicts}; `date` is undefined until a list was read. */
export const shown = new Cell({ scans: [], conflicts: [] });
/** Why the server does not take the key any more: null, "key_wrong" or "key_gate". */
export const refused = new Cell(null);

/** Whether the server has not decided: it was not reached, or can say nothing now. */
const isUndecided = ({ status }) => status === 0 || status === 429 || status >= 500;
const isOfKey = ({ status }) => status === 401 || status === 403;

/** Calls with a key; a Problem where there is no 200. */
export async function call(method, path, { admin = post.value.key, ...options } = {}) {
    try {
        const { data } = await once(method, path, { ...options, admin, signal: AbortSignal.timeout(PATIENCE_MS) });
        isOnline.set(true);
        refused.set(null);
        return data;
    } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        isOnline.set(!isUndecided(problem));
        if (isOfKey(problem)) refused.set(problem.status === 401 ? "key_wrong" : "key_gate");
        throw problem;
    }
}

export async function showAgain() {
    const itemId = post.value?.itemId;
    const [date, scans, conflicts] = await Promise.all([itemId && find("dates", itemId), list("scans"), list("conflicts")]);
    shown.set({ date, scans, conflicts });
}

// ---- a scan

async function noteTaken({ itemId, ticketId, scannedAt, deviceId }) {
    const ticket = await find("tickets", [itemId, ticketId]);
    await keep("tickets", { valid: true, seat: null, ...ticket, itemId, ticketId, checkedInAt: scannedAt, scannedAt, deviceId, leftAt: null });
}

/** Without the server: {problem, data} as it would say, or {problem: null} with what makes the answer less sure. */
async function judge({ code, itemId }) {
    const said = readCode(code);
    if (!said) return { problem: "ticket_invalid" };
    if (said.itemId !== itemId) return { problem: "wrong_item" };
    const [date, ticket] = await Promise.all([find("dates", itemId), find("tickets", [itemId, said.ticketId])]);
    const genuine = await isGenuine(code, date?.keys);
    if (genuine === false) return { problem: "ticket_invalid" };
    if (!ticket && !genuine) return { problem: "not_listed" };
    if (ticket && !ticket.valid) return { problem: "ticket_void", seat: ticket.seat };
    if (ticket?.checkedInAt && !ticket.leftAt) return { problem: "already_checked_in", seat: ticket.seat, data: ticket };
    return { problem: null, ticketId: said.ticketId, seat: ticket?.seat ?? null, remark: ticket ? genuine ? null : "by_list" : "not_in_list" };
}

async function admitByList(scan) {
    const result = await judge(scan);
    if (result.problem === null) {
        const { ticketId, seat } = result;
        await keep("scans", { ...scan, ticketId, seat });
        await noteTaken({ ...scan, ticketId });
        await showAgain();
    }
    return { ...result, offline: true };
}

/** A refusal of the server, with the seat where it is known here. */
async function refusalOf(code, { code: problem, data }) {
    const said = readCode(code);
    const ticket = said && await find("tickets", [said.itemId, said.ticketId]);
    return { problem, data, seat: ticket?.seat };
}

/** Lets somebody in: {problem: null, seat}, or {problem, data} as the server names it; `offline`: by the list. */
export async function admit(code) {
    const { itemId, deviceId } = post.value;
    const scan = { key: newKey(), itemId, code, deviceId, scannedAt: new Date(serverNow()).toISOString() };
    try {
        const { ticketId, seat } = await call("POST", "/admin/checkin", { body: { code, itemId, deviceId, scannedAt: scan.scannedAt } });
        await noteTaken({ ...scan, ticketId });
        return { problem: null, seat };
    } catch (problem) {
        if (isUndecided(problem)) return admitByList(scan);
        return refusalOf(code, problem);
    }
}

/** Lets somebody out, who may come back; only the server knows where that is allowed. */
export async function letOut(code) {
    const { itemId } = post.value;
    try {
        const { ticketId, seat, leftAt } = await call("POST", "/admin/checkout", { body: { code, itemId }, key: newKey() });
        const ticket = await find("tickets", [itemId, ticketId]);
        if (ticket) await keep("tickets", { ...ticket, leftAt });
        return { problem: null, seat, out: true };
    } catch (problem) {
        return isUndecided(problem) ? { problem: "out_offline" } : refusalOf(code, problem);
    }
}

// ---- afterwards

const isOurs = (scan, { deviceId, scannedAt }) => deviceId === scan.deviceId && scannedAt === scan.scannedAt;

/** Tells the scans of the time without a network, the first one first; what is wrong with one stays to be seen. */
async function settle() {
    const scans = (await list("scans")).sort((a, b) => a.scannedAt.localeCompare(b.scannedAt));
    for (const scan of scans) {
        const { key, code, itemId, deviceId, scannedAt } = scan;
        try {
            const { conflict } = await call("POST", "/admin/checkin", { body: { code, itemId, deviceId, scannedAt, mode: "offline" }, key });
            if (conflict) await keep("conflicts", { ...scan, conflict });
        } catch (problem) {
            if (isUndecided(problem) || isOfKey(problem)) throw problem;
            // the call at the door was done, and its answer was lost
            if (!isOurs(scan, problem.data)) await keep("conflicts", { ...scan, problem: problem.code, conflict: problem.data });
        }
        await remove("scans", key);
        await showAgain();
    }
}

async function readTickets(itemId, since) {
    const tickets = [];
    let now = null;
    let next = null;
    do {
        const query = new URLSearchParams({ limit: PAGE, ...since && { since }, ...next && { before: next } });
        const page = await call("GET", `/admin/item/${itemId}/ticket?${query}`);
        now ??= page.now;
        ({ next } = page);
        tickets.push(...page.tickets.map((ticket) => ({ itemId, ...ticket })));
    } while (next);
    return { tickets, now };
}

/** Reads what changed, or the whole list, with the keys and how many came. */
async function readList(itemId) {
    const before = await find("dates", itemId);
    const isWhole = !before || Date.now() - before.wholeAt > WHOLE_MS;
    const [{ tickets, now }, { keys }, attendance] = await Promise.all([
        readTickets(itemId, isWhole ? null : before.now),
        once("GET", "/ticket-keys").then(({ data }) => data, () => before ?? { keys: [] }),
        call("GET", `/admin/item/${itemId}/attendance`),
    ]);
    if (isWhole) await replaceTickets(itemId, tickets);
    else await keep("tickets", ...tickets);
    for (const scan of await list("scans")) await noteTaken(scan); // made meanwhile
    await keep("dates", { itemId, now, keys, attendance, readAt: Date.now(), wholeAt: isWhole ? Date.now() : before.wholeAt });
}

let running = null;

/** Tells and reads, once at a time. */
export function synchronise() {
    running ??= (async () => {
        try {
            if (!post.value) return;
            await settle();
            await readList(post.value.itemId);
        } catch (problem) {
            if (!(problem instanceof Problem)) throw problem;
        } finally {
            running = null;
            await showAgain();
        }
    })();
    return running;
}

/** Goes on telling and reading until the returned function is called. */
export function follow() {
    const timer = setInterval(synchronise, READ_MS);
    addEventListener("online", synchronise);
    synchronise();
    return () => {
        clearInterval(timer);
        removeEventListener("online", synchronise);
    };
}

/** Takes a conflict from what is shown. */
export async function dismiss(key) {
    await remove("conflicts", key);
    await showAgain();
}

/** Forgets the key, the list and all else. */
export async function leave() {
    post.set(null);
    refused.set(null);
    await forgetAll();
    await showAgain();
}
