// The server's clock, whatever the browser's says. Each answer's Date header bounds the difference
// from both sides; the bounds of several answers together make it exact to some milliseconds.
import { useEffect, useState } from "../vendor/hooks.js";

let low = -Infinity;
let high = Infinity;

/** Learns from an answer: asked and answered are Date.now() around the call. */
export function learn(dateHeader, asked, answered) {
    const second = Date.parse(dateHeader ?? "");
    if (Number.isNaN(second)) return;
    const nextLow = second - answered;
    const nextHigh = second + 1000 - asked;
    low = Math.max(low, nextLow);
    high = Math.min(high, nextHigh);
    if (low > high) {
        // one of the clocks was set
        low = nextLow;
        high = nextHigh;
    }
}

/** Milliseconds since 1970 by the server's clock. */
export function serverNow() {
    return Date.now() + (Number.isFinite(low) && Number.isFinite(high) ? (low + high) / 2 : 0);
}

/** Whole seconds until an instant (RFC 3339), never below 0; drawn again when they change. */
export function useSecondsUntil(instant) {
    const [seconds, setSeconds] = useState(() => secondsUntil(instant));
    useEffect(() => {
        let timer;
        const tick = () => {
            setSeconds(secondsUntil(instant));
            const left = Date.parse(instant) - serverNow();
            if (left > 0) timer = setTimeout(tick, Math.min(1000, (left % 1000) + 5));
        };
        if (instant) tick();
        return () => clearTimeout(timer);
    }, [instant]);
    return seconds;
}

function secondsUntil(instant) {
    return instant ? Math.max(0, Math.ceil((Date.parse(instant) - serverNow()) / 1000)) : 0;
}
