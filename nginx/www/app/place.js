// One's place in the queue of a concert: kept in the browser, the same in all tabs. Asked for only as
// often as the server says; of several tabs one asks and the others learn it from what is kept.
import { alarm } from "./alarm.js";
import { get, isFinal, isOver, patient, Problem } from "./api.js";
import { serverNow } from "./clock.js";
import { refusal, t } from "./language.js";
import { storageName } from "./site.js";
import { Cell, kept, useCell } from "./store.js";
import { read, write } from "./tabkeep.js";
import { by, requireUser } from "./user.js";
import { html, useEffect, useRef, useState } from "./view.js";

const AFTER_REFUSAL = 5000;
const WHILE_CLOSED = 15; // seconds
const PROOFS = 3; // of work, for one place

/** null; or the answer about the token with `askAt` (Date.now()); or {ended: true}. */
export function placeOf(concertId) {
    return kept(`token.${concertId}`);
}

const codes = new Map();

/** The code for the presale of a concert, kept until the tab is closed; its value is null where there is none. */
export function codeOf(concertId) {
    if (!codes.has(concertId)) codes.set(concertId, new Cell(read(`code.${concertId}`)));
    return codes.get(concertId);
}

export function keepCode(concertId, code) {
    write(`code.${concertId}`, code);
    codeOf(concertId).set(code);
}

/** The token to send for this concert, or undefined. */
export function tokenOf(concertId) {
    return placeOf(concertId).value?.token;
}

function keep(cell, answer) {
    let wait = answer.pollAfterSeconds * 1000;
    // the end of a turn is worth a question of its own
    if (answer.expiresAt) wait = Math.min(wait, Math.max(1000, Date.parse(answer.expiresAt) - serverNow() + 300));
    cell.set({ ...answer, askAt: Date.now() + wait });
}

/** Asks for a place; where the concert asks for a proof of work, with one. It is spent by an answer that was lost. */
async function add(concertId, code, signal) {
    let proof;
    for (let left = PROOFS; ; left--) {
        try {
            return (await patient("POST", "/token/add", { body: by({ concertId, proof, code: code ?? undefined }), signal })).data;
        } catch (problem) {
            if (problem.code !== "challenge_required" || left === 0) throw problem;
            const { prove } = await import("./proof.js");
            proof = await prove(concertId, signal);
        }
    }
}

/** Enters the queue, or comes back to the place that one has. False when no name was given. */
export async function enter(concertId, signal, code = codeOf(concertId).value) {
    if (!await requireUser()) return false;
    keep(placeOf(concertId), await add(concertId, code, signal));
    return true;
}

export async function leave(concertId) {
    const token = tokenOf(concertId);
    placeOf(concertId).set(null);
    if (!token) return;
    try {
        await patient("DELETE", "/token", { token });
    } catch (problem) {
        if (!(problem instanceof Problem)) throw problem; // it had ended by itself
    }
}

/** The place was refused where it was used: it has ended. */
export function placeEnded(concertId) {
    placeOf(concertId).set({ ended: true });
}

/** Milliseconds until the place is to be asked for; a time farther off than any we set is of another clock. */
function untilAsk({ askAt, pollAfterSeconds }) {
    const wait = askAt - Date.now();
    return wait > Math.max(pollAfterSeconds * 1000, AFTER_REFUSAL) ? 0 : wait;
}

async function ask(cell, signal) {
    cell.readAgain(); // another tab may have asked meanwhile
    const place = cell.value;
    if (!place?.token || untilAsk(place) > 0) return;
    try {
        keep(cell, (await patient("GET", "/token", { token: place.token, signal })).data);
    } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        if (problem.status !== 403) cell.set({ ...place, askAt: Date.now() + AFTER_REFUSAL });
        else if (cell.value?.token === place.token) cell.set({ ended: true });
    }
}

/** Of several tabs one asks at a time. (Browsers know locks on HTTPS and on this machine only.) */
function askAlone(cell, signal) {
    if (!navigator.locks) return ask(cell, signal);
    return navigator.locks.request(storageName(cell.name), { signal }, () => ask(cell, signal));
}

/** The place, asked for as the server says while a view follows it. */
export function usePlace(concertId) {
    const cell = placeOf(concertId);
    const place = useCell(cell);
    useEffect(() => {
        if (!place?.token) return undefined;
        const left = new AbortController();
        let cancel = () => {};
        let asking = false;
        const look = async () => {
            cancel();
            if (asking || left.signal.aborted || !cell.value?.token) return;
            const wait = untilAsk(cell.value);
            if (wait > 0) {
                cancel = alarm(look, wait);
                return;
            }
            asking = true;
            await askAlone(cell, left.signal).catch(() => {});
            asking = false;
            look();
        };
        look();
        const stop = cell.listen(look); // another tab may have asked
        addEventListener("visibilitychange", look); // timers sleep with the laptop
        return () => {
            left.abort();
            cancel();
            stop();
            removeEventListener("visibilitychange", look);
        };
    }, [place?.token]);
    return place;
}

/**
 * The queue as everybody sees it, as often as it changes; null before it is known. A closed sale may go on, so
 * it is asked for seldom; a cancelled one never.
 */
export function useQueue(concertId) {
    const [queue, setQueue] = useState(null);
    useEffect(() => {
        const left = new AbortController();
        let timer;
        const look = async () => {
            let seconds = 5;
            try {
                const answer = document.hidden ? null : await get(`/concert/${concertId}/queue`, { signal: left.signal });
                if (answer) setQueue(answer);
                if (answer?.status === "cancelled") return;
                seconds = answer && isOver(answer) ? WHILE_CLOSED : answer?.refreshSeconds ?? 2;
            } catch (problem) {
                if (problem.name === "AbortError" || isFinal(problem)) return;
            }
            // a little later, or all would look in the same second when the interval gets shorter
            timer = setTimeout(look, seconds * (1000 + 200 * Math.random()));
        };
        look();
        return () => {
            left.abort();
            clearTimeout(timer);
        };
    }, [concertId]);
    return queue;
}

/** The number being called has come to ours: the place is asked for now, not later. */
export function useCall(concertId, place, queue) {
    const called = place?.status === "waiting" && place.number !== null && queue !== null && queue.serving >= place.number;
    useEffect(() => {
        const cell = placeOf(concertId);
        if (called && cell.value?.token) cell.set({ ...cell.value, askAt: Date.now() });
    }, [called, queue?.serving]);
}

/** Enters the queue and goes to it; not where the page was left before the answer came. */
export function EnterButton({ concertId, onEntered, name = "enter_queue" }) {
    const [state, setState] = useState({});
    const shown = useRef(true);
    useEffect(() => () => {
        shown.current = false;
    }, []);
    const click = async () => {
        setState({ busy: true });
        try {
            const entered = await enter(concertId);
            setState({});
            if (entered && shown.current) onEntered?.();
        } catch (problem) {
            setState({ problem });
        }
    };
    return html`
        <button type="button" class="primary" disabled=${state.busy} onClick=${click}>${t(name)}</button>
        ${state.problem && html`<p class="error" role="alert">${refusal(state.problem)}</p>`}`;
}
