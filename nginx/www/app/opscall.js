// Calls of an operator: who it is, what the role may do, reading and changing.
import { once, Problem } from "./api.js";
import { address } from "./site.js";
import { forget, read, write } from "./tabkeep.js";
import { newKey } from "./pending.js";
import { Cell } from "./store.js";
import { useEffect, useState } from "./view.js";

const ROLES = ["viewer", "seller", "manager"];
const TRIES = 3; // of a change that gets no answer
const PATIENCE = 5; // seconds between two of them at most

/** null, or {key, role}: "viewer", "seller" or "manager". */
export const operator = new Cell(null);
/** Why the key before was not accepted: null, "key_wrong" or "key_gate". */
export const refused = new Cell(null);

/** Whether the operator may do what needs this role. */
export function may(role) {
    return ROLES.indexOf(operator.value?.role) >= ROLES.indexOf(role);
}

/** The role is what its calls answer: each of these needs another one. */
async function findRole(key) {
    const isAllowed = (path) => once("GET", path, { admin: key }).then(() => true, (problem) => {
        if (problem.status === 403) return false;
        throw problem;
    });
    if (!await isAllowed("/admin/concert?limit=1")) return null;
    const [sells, manages] = await Promise.all([isAllowed("/admin/reservation?limit=1"), isAllowed("/admin/log?limit=1")]);
    return manages ? "manager" : sells ? "seller" : "viewer";
}

/** Opens the page with a key; a Problem where nobody can say whether it is one. */
export async function signIn(key) {
    const isSendable = /^[\x21-\x7e]+$/.test(key); // a header carries no other
    try {
        const role = isSendable && await findRole(key);
        refused.set(role ? null : isSendable ? "key_gate" : "key_wrong");
        if (!role) return;
        write("admin", key);
        operator.set({ key, role });
    } catch (problem) {
        if (problem.status !== 401) throw problem;
        signOut();
        refused.set("key_wrong");
    }
}

/** Forgets the key, and what was begun with it. */
export function signOut() {
    for (const name of ["admin", "draft.", "call."]) forget(name);
    operator.set(null);
}

/** Goes on with the key that the tab has kept; a promise where there is one. */
export function signInAgain() {
    const key = read("admin");
    return key ? signIn(key) : null;
}

async function withKey(method, path, options) {
    try {
        return (await once(method, path, { ...options, admin: operator.value?.key })).data;
    } catch (problem) {
        if (problem.status === 401) {
            signOut();
            refused.set("key_wrong");
        }
        throw problem;
    }
}

/** The body of a GET. */
export function ask(path, signal) {
    return withKey("GET", path, { signal });
}

/** Whether a change may have happened or not. */
function isUnsettled(problem) {
    return problem.status === 0 || problem.status >= 500;
}

/** Asks again where there was no answer: with the same Idempotency-Key that does no harm. */
async function settle(method, path, options) {
    for (let tries = 1; ; tries++) {
        try {
            return await withKey(method, path, options);
        } catch (problem) {
            if (!isUnsettled(problem) || tries === TRIES) throw problem;
            await new Promise((resolve) => setTimeout(resolve, 1000 * Math.min(problem.retryAfter || 1, PATIENCE)));
        }
    }
}

/**
 * Changes something, once. After a lost answer the same call, also after a reload, has the same Idempotency-Key; after an
 * answer it is another one.
 */
export async function change(method, path, body) {
    const name = `call.${method} ${path} ${JSON.stringify(body)}`;
    const key = read(name) ?? newKey();
    write(name, key);
    try {
        const answer = await settle(method, path, { body, key });
        write(name, null);
        return answer;
    } catch (problem) {
        if (!isUnsettled(problem)) write(name, null);
        throw problem;
    }
}

/** Sends the bytes of a Blob, whose type is told, once: there is no going on after a reload. */
export function sendFile(path, file) {
    return settle("POST", path, { file, key: newKey() });
}

/** A path with the members of a query; those that are empty are left out. */
export function withQuery(path, members) {
    const given = Object.entries(members).filter(([, value]) => value !== null && value !== undefined && value !== "");
    return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

/**
 * What a path answers: [data, problem, again]. It is asked again each `seconds` while the page is looked at, and what is
 * shown stays until the answer. With another path it begins with nothing; null asks for nothing.
 */
export function useRead(path, seconds = 0) {
    const [state, setState] = useState({});
    const [turn, setTurn] = useState(0);
    useEffect(() => {
        if (path === null) return undefined;
        const left = new AbortController();
        let timer;
        const look = async () => {
            try {
                if (!document.hidden || !state.data) {
                    const data = await ask(path, left.signal);
                    if (!left.signal.aborted) setState({ path, data });
                }
            } catch (problem) {
                if (!left.signal.aborted) setState((before) => ({ path, data: before.path === path ? before.data : undefined, problem }));
            }
            if (seconds && !left.signal.aborted) timer = setTimeout(look, seconds * 1000);
        };
        look();
        return () => {
            left.abort();
            clearTimeout(timer);
        };
    }, [path, turn, seconds]);
    const { data, problem } = state.path === path ? state : {};
    return [data, problem, () => setTurn((before) => before + 1)];
}

/** A list that comes in pages: [rows, problem, more, again]; `more` is null on the last page, `again` begins anew. */
export function usePages(path, name) {
    const [state, setState] = useState({ rows: null, next: null });
    const [turn, setTurn] = useState(0);
    const add = async (before, rows, signal) => {
        const separator = path.includes("?") ? "&" : "?";
        try {
            const data = await ask(before ? `${path}${separator}before=${before}` : path, signal);
            if (!signal?.aborted) setState({ path, rows: [...rows, ...data[name]], next: data.next });
        } catch (problem) {
            if (!signal?.aborted) setState((old) => ({ ...old, path, rows: rows.length ? rows : null, problem }));
        }
    };
    useEffect(() => {
        const left = new AbortController();
        add(null, [], left.signal);
        return () => left.abort();
    }, [path, turn]);
    const { rows, next, problem } = state.path === path ? state : { rows: null, next: null };
    return [rows, problem, next ? () => add(next, rows) : null, () => setTurn((before) => before + 1)];
}

/** The pages of an export, one behind the other; `onPage(answer)` is awaited with each. */
export async function readExport(concertId, { what, format, itemId }, onPage, signal) {
    let url = address(withQuery(`/admin/concert/${concertId}/export`, { what, format, itemId }));
    while (url) {
        let answer;
        try {
            answer = await fetch(url, { headers: { Authorization: `Bearer ${operator.value?.key}` }, credentials: "same-origin", signal });
        } catch (error) {
            if (error.name === "AbortError") throw error;
            throw new Problem("offline", 0);
        }
        if (!answer.ok) {
            const data = await answer.json().catch(() => ({}));
            throw new Problem(data.code ?? "busy", answer.status, data);
        }
        await onPage(answer);
        const next = /<([^>]*)>; *rel="next"/.exec(answer.headers.get("Link") ?? "");
        url = next && new URL(next[1], url).href;
    }
}

/** The rows of an export, a page at a time. */
export function readRows(concertId, query, onRows, signal) {
    return readExport(concertId, { ...query, format: "ndjson" }, async (answer) => {
        const lines = (await answer.text()).split("\n");
        onRows(lines.filter(Boolean).map((line) => JSON.parse(line)));
    }, signal);
}
