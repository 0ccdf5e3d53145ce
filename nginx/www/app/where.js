// Where one was on a page: kept with its entry of the history, so that Back and a reload return there.

const STILL_MS = 150; // after the last scrolling: browsers take few changes of an entry
const PATIENCE_MS = 5000; // after which focus comes to what is there
const MOVES = ["wheel", "touchmove", "pointerdown", "keydown"]; // by which a reader goes on

history.scrollRestoration = "manual"; // the browser's own comes before the page is there

let timer;
let top = topOfEntry();

function topOfEntry() {
    return history.state?.top ?? 0;
}

function remember() {
    clearTimeout(timer);
    history.replaceState({ ...history.state, top: scrollY }, "");
}

addEventListener("scroll", () => {
    clearTimeout(timer);
    timer = setTimeout(remember, STILL_MS);
}, { passive: true });
addEventListener("click", remember, true); // before a link is followed
addEventListener("hashchange", () => {
    clearTimeout(timer); // it was about the page before
    top = topOfEntry();
});

/**
 * Scrolls to where the page was left, as soon as it is so long, and calls `onThere`; a page that one comes to for the
 * first time begins at its top. Where that takes long, `onThere` is
 * called for what is there, and once more in the end. Whoever moves
 * meanwhile is left alone. Returns what ends the waiting.
 */
export function returnTo(onThere) {
    const goal = top;
    const own = new AbortController();
    const go = () => {
        scrollTo(0, goal);
        onThere();
    };
    const watch = new ResizeObserver(() => {
        if (document.documentElement.scrollHeight - innerHeight < goal) return;
        stop();
        go();
    });
    const patience = setTimeout(go, PATIENCE_MS);
    const stop = () => {
        own.abort();
        clearTimeout(patience);
        watch.disconnect();
    };
    for (const move of MOVES) addEventListener(move, stop, { signal: own.signal, passive: true });
    scrollTo(0, 0);
    watch.observe(document.body);
    return stop;
}
