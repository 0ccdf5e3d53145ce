// A proof of work, for a concert that asks for one before it gives a place in its queue. It takes a moment, in which
// the page stays as it is: a worker does it, and `weather` says why one waits.
import { get, Problem, weather } from "./api.js";

function solve(task, signal) {
    return new Promise((resolve, reject) => {
        const show = (solved) => weather.set({ kind: "challenge", part: solved / task.puzzles });
        const worker = new Worker(new URL("./proofworker.js", import.meta.url));
        const end = (settle, value) => {
            worker.terminate();
            signal?.removeEventListener("abort", stop);
            weather.set(null);
            settle(value);
        };
        const stop = () => end(reject, new DOMException("left", "AbortError"));
        worker.onmessage = ({ data: { proof, solved } }) => {
            if (proof) end(resolve, proof);
            else show(solved);
        };
        worker.onerror = () => end(reject, new Problem("challenge_required", 403));
        signal?.addEventListener("abort", stop);
        worker.postMessage(task);
        show(0);
    });
}

/** Solves the challenge of the concert; undefined where it asks for none any more. */
export async function prove(concertId, signal) {
    const task = await get(`/concert/${concertId}/challenge`, { signal });
    signal?.throwIfAborted();
    return task.challenge === null ? undefined : solve(task, signal);
}
