// Calls of the API. A call that cannot be answered now (offline, 429, 502 to 504) is asked again:
// after Retry-After, with jitter; meanwhile `weather` says why, and the pages show a calm face.
import { alarm } from "./alarm.js";
import { learn } from "./clock.js";
import { takeEarly } from "./early.js";
import { address } from "./site.js";
import { Cell } from "./store.js";

/**
 * null, or {kind: "offline" | "busy" | "maintenance", until}: why something waits, and till when; or {kind:
 * "challenge", part}: how much of a proof of work is done.
 */
export const weather = new Cell(null);

/** A refusal: the members of the API's problem. */
export class Problem extends Error {
    constructor(code, status, data = {}) {
        super(code);
        this.code = code;
        this.status = status;
        this.data = data;
        this.retryAfter = 0; // seconds, 0 where nothing is known
    }
}

/** Whether a concert, or its queue, is of a sale that does not go on. */
export function isOver({ status }) {
    return status !== "open" && status !== "scheduled";
}

/** Whether asking again brings the same: there is nothing, or its sale is over. */
export function isFinal(problem) {
    return problem.status === 404 || problem.code === "concert_not_open";
}

// where the pages sign in, user.js says how: the token of the user, and whether there is another for one that was refused
let authorization = { bearer: async () => undefined, replace: async () => false };
const PUBLIC = /^\/(concert|settings)\b/; // what everybody reads, and signing in itself

/** From now on calls of a user say by {bearer, replace} who it is. */
export function authorizeBy(way) {
    authorization = way;
}

const TRANSIENT = new Set([429, 502, 503, 504]);
const FINAL = new Set(["queue_full", "too_many_unpaid"]);
const PATIENCE = 60; // seconds; what takes longer is said
let waiting = 0;

async function ask(method, path, { body, file, token, key, etag, signal }, bearer) {
    const headers = {};
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (file) headers["Content-Type"] = file.type;
    if (token) headers["X-Queue-Token"] = token;
    if (key) headers["Idempotency-Key"] = key;
    if (etag) headers["If-None-Match"] = etag;
    if (bearer) headers.Authorization = `Bearer ${bearer}`;
    const early = method === "GET" && !bearer ? takeEarly(path) : undefined;
    const asked = early?.at ?? Date.now();
    const answer = await (early?.answer ?? fetch(address(path), {
        method, headers, signal, credentials: "same-origin",
        body: file ?? (body === undefined ? undefined : JSON.stringify(body)),
    }));
    learn(answer.headers.get("Date"), asked, Date.now());
    return answer;
}

async function settle(answer) {
    if (answer.status === 204 || answer.status === 304) return null;
    const text = await answer.text();
    let data = {};
    try {
        data = JSON.parse(text);
    } catch {
        if (answer.ok) return text;
    }
    if (answer.ok) return data;
    const problem = new Problem(data.code ?? "busy", answer.status, data);
    problem.retryAfter = Number(answer.headers.get("Retry-After")) || 0;
    throw problem;
}

/** Sleeps; shorter when the network comes back. */
function rest(milliseconds, signal) {
    return new Promise((resolve, reject) => {
        const end = () => {
            cancel();
            removeEventListener("online", end);
            signal?.removeEventListener("abort", stop);
            resolve();
        };
        const stop = () => {
            end();
            reject(new DOMException("left", "AbortError"));
        };
        const cancel = alarm(end, milliseconds);
        addEventListener("online", end);
        signal?.addEventListener("abort", stop);
    });
}

function pause(problem, attempt) {
    const atLeast = problem.retryAfter ? problem.retryAfter * 1000 : Math.min(500 * 2 ** attempt, 8000);
    return atLeast + Math.random() * Math.max(700, atLeast / 2);
}

function kindOf(problem) {
    if (problem.code === "offline" || problem.code === "maintenance") return problem.code;
    return "busy";
}

/** Whether it goes away by itself, soon. */
function passes(problem) {
    return (problem.code === "offline" || TRANSIENT.has(problem.status)) && !FINAL.has(problem.code) &&
        problem.retryAfter <= PATIENCE;
}

/** One try: {data, etag}; data is null where nothing changed (304) or there is nothing (204). */
export async function once(method, path, options = {}) {
    const settled = async (bearer) => {
        const answer = await ask(method, path, options, bearer);
        return { data: await settle(answer), etag: answer.headers.get("ETag") };
    };
    try {
        if (options.admin || PUBLIC.test(path)) return await settled(options.admin);
        const bearer = await authorization.bearer();
        return await settled(bearer).catch(async (problem) => {
            if (!bearer || problem.code !== "unauthorized" || !await authorization.replace(bearer)) throw problem;
            return settled(await authorization.bearer());
        });
    } catch (error) {
        if (error instanceof Problem || error.name === "AbortError") throw error;
        throw new Problem("offline", 0);
    }
}

/** Asks until there is an answer. Only for what may be repeated: GET, or a call with its key. */
export async function patient(method, path, options = {}) {
    let counted = false;
    try {
        for (let attempt = 0; ; attempt++) {
            try {
                return await once(method, path, options);
            } catch (problem) {
                if (!(problem instanceof Problem && passes(problem))) throw problem;
                if (!counted) waiting++;
                counted = true;
                const milliseconds = pause(problem, attempt);
                weather.set({ kind: kindOf(problem), until: Date.now() + milliseconds });
                await rest(milliseconds, options.signal);
            }
        }
    } finally {
        if (counted && --waiting === 0) weather.set(null);
    }
}

/** The body of a GET. */
export async function get(path, options) {
    return (await patient("GET", path, options)).data;
}
