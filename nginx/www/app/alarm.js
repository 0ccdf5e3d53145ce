// Alarms that ring in time in a hidden tab too: who is called in the queue has half a minute to come.
const waiting = new Map();
let worker = null;
let last = 0;

function ring(id) {
    const act = waiting.get(id);
    waiting.delete(id);
    act?.();
}

function makeWorker() {
    try {
        const made = new Worker(new URL("./sleeper.js", import.meta.url));
        made.onmessage = ({ data: id }) => ring(id);
        return made;
    } catch {
        return null; // the page's own timer does it, perhaps late
    }
}

/** Calls `act` once after this time; what is returned cancels it. */
export function alarm(act, milliseconds) {
    const id = ++last;
    waiting.set(id, act);
    worker ??= makeWorker();
    worker?.postMessage({ id, milliseconds });
    // also where the worker cannot be loaded
    const timer = setTimeout(() => ring(id), milliseconds);
    return () => {
        waiting.delete(id);
        clearTimeout(timer);
    };
}
