// What several pages share.
import { weather } from "./api.js";
import { useSecondsUntil } from "./clock.js";
import { countdown, refusal, t } from "./language.js";
import { Cell, refused, useCell } from "./store.js";
import { asking, NAME, NAME_MAX, nameUser, signIn } from "./user.js";
import { html, useEffect, useRef, useState } from "./view.js";

// ---- saying things to screen readers

const polite = new Cell("");
const assertive = new Cell("");

/** Says a text to who cannot see it change; urgent interrupts. */
export function announce(text, urgent = false) {
    const cell = urgent ? assertive : polite;
    cell.set("");
    setTimeout(() => cell.set(text), 60);
}

const told = new Cell(null);
const TOLD_MS = 12_000;

/** Says what was done, and shows it where the thumb is. */
export function tell(text) {
    told.set({ text });
}

export function Told() {
    const said = useCell(told);
    useEffect(() => {
        const timer = setTimeout(() => told.set(null), TOLD_MS);
        return () => clearTimeout(timer);
    }, [said]);
    return html`<div role="status" class="told">${said && html`<p><span>${said.text}</span>
        <button type="button" class="small" aria-label=${t("close")} onClick=${() => told.set(null)}>×</button></p>`}</div>`;
}

export function Announcer() {
    return html`
        <div class="unseen" aria-live="polite">${useCell(polite)}</div>
        <div class="unseen" aria-live="assertive">${useCell(assertive)}</div>`;
}

// ---- the calm face

function Seconds({ until }) {
    const [left, setLeft] = useState(0);
    useEffect(() => {
        const tick = () => setLeft(Math.max(0, Math.ceil((until - Date.now()) / 1000)));
        tick();
        const timer = setInterval(tick, 500);
        return () => clearInterval(timer);
    }, [until]);
    return left > 0 ? html`<span aria-hidden="true"> ${t("weather_again", left)}</span>` : null;
}

export function Weather() {
    const now = useCell(weather);
    return html`<div role="status" class="weather-place">
        ${now && html`<p class="weather ${now.kind}"><span class="dot" aria-hidden="true"></span>
            <span>${t(`weather_${now.kind}`)}<${Seconds} until=${now.until} /></span>
            ${now.part !== undefined && html`<progress aria-hidden="true" value=${now.part} />`}</p>`}
    </div>`;
}

/** Where the pages sign in: that it has ended. */
export function SignedOut() {
    const way = useCell(signIn);
    return way && html`<${way.SignInAgain} />`;
}

/** Storage that refuses is said, once there is something to lose. */
export function Forgetful() {
    return html`<div role="status">${useCell(refused) && html`<p class="notice">${t("storage_refused")}</p>`}</div>`;
}

// ---- pieces of pages

export function Loading() {
    return html`<p class="loading">${t("loading")}</p>
        <div class="skeleton" aria-hidden="true"><span></span><span></span><span></span></div>`;
}

/** A refusal in place of what was asked for. */
export function Refused({ problem, children }) {
    return html`<div class="notice" role="alert"><p>${refusal(problem)}</p>${children}</div>`;
}

/** The page's one heading; it takes the focus when the page is come to. */
export function Title({ children, kicker }) {
    return html`<header class="title">
        ${kicker && html`<p class="kicker">${kicker}</p>`}
        <h1 tabindex="-1">${children}</h1>
    </header>`;
}

/** The title of the window. */
export function usePageTitle(text) {
    useEffect(() => {
        document.title = text ? `${text} · Frontrow` : "Frontrow";
    }, [text]);
}

/** Counts down to an instant by the server's clock; calls `onEnd` when it is there. */
export function Countdown({ until, onEnd, onMinute, className = "" }) {
    const left = useSecondsUntil(until);
    const ended = useRef(null);
    useEffect(() => {
        if (left === 60) onMinute?.();
        if (left > 0 || ended.current === until) return;
        ended.current = until;
        onEnd?.();
    }, [left, until]);
    return html`<span class="countdown ${left <= 60 ? "soon" : ""} ${className}" role="timer">${countdown(left)}</span>`;
}

/** What a promise makes of the page: [value, problem, again]. */
export function useAnswer(ask, inputs) {
    const [state, setState] = useState({});
    const [turn, setTurn] = useState(0);
    useEffect(() => {
        const left = new AbortController();
        ask(left.signal).then(
            (value) => left.signal.aborted || setState({ value }),
            (problem) => left.signal.aborted || setState((before) => ({ ...before, problem })),
        );
        return () => left.abort();
    }, [...inputs, turn]);
    return [state.value, state.problem, () => setTurn((before) => before + 1)];
}

/** What a module exports; null until it has come. */
export function useModule(load, isNeeded = true) {
    const [module, setModule] = useState(null);
    const [turn, setTurn] = useState(0);
    useEffect(() => {
        if (isNeeded) load().then(setModule, () => setTimeout(() => setTurn(turn + 1), 3000));
    }, [isNeeded, turn]);
    return module;
}

/** One of a list of facts. */
export function Fact({ name, bad, children }) {
    return html`<div class="fact"><dt>${name}</dt><dd class=${bad ? "error" : ""}>${children}</dd></div>`;
}

// ---- dialogs

const confirming = new Cell(null);

/** Asks a yes-or-no question, with what will happen and a name for doing it; resolves to the answer. */
export function confirm(question, effects = [], yes = t("yes")) {
    return new Promise((resolve) => confirming.set({ question, effects, yes, resolve }));
}

let lastFocused = null; // outside dialogs: what asked may be disabled while it waits
addEventListener("focusin", ({ target }) => {
    if (!target.closest("dialog")) lastFocused = target;
});

export function Dialog({ label, onClose, children }) {
    const element = useRef();
    useEffect(() => {
        const { current } = element;
        current.showModal();
        current.querySelector(".first").focus();
        return () => {
            current.close();
            const before = lastFocused;
            setTimeout(() => { // once what waited for the answer can be pressed again
                if (document.activeElement === document.body) (before?.isConnected ? before : document.querySelector("h1"))?.focus();
            }, 50);
        };
    }, []);
    return html`<dialog ref=${element} aria-label=${label}
        onCancel=${(event) => { event.preventDefault(); onClose(); }}>${children}</dialog>`;
}

function ConfirmDialog({ question, effects, yes, resolve }) {
    const answer = (value) => {
        confirming.set(null);
        resolve(value);
    };
    return html`<${Dialog} label=${question} onClose=${() => answer(false)}>
        <p>${question}</p>
        ${effects.map((effect) => html`<p key=${effect}>${effect}</p>`)}
        <div class="actions">
            <button type="button" class="primary" onClick=${() => answer(true)}>${yes}</button>
            <button type="button" class="first" onClick=${() => answer(false)}>${t("no")}</button>
        </div>
    <//>`;
}

function NameDialog() {
    const [name, setName] = useState("");
    const submit = (event) => {
        event.preventDefault();
        nameUser(name);
    };
    return html`<${Dialog} label=${t("name_title")} onClose=${() => nameUser(null)}>
        <form onSubmit=${submit}>
            <h2>${t("name_title")}</h2>
            <p>${t("name_lead")}</p>
            <label for="name">${t("name_label")}</label>
            <input id="name" name="username" class="first" required autocomplete="username" autocapitalize="none"
                spellcheck=${false} pattern=${NAME} maxlength=${NAME_MAX} aria-describedby="name-help" value=${name}
                onInput=${(event) => setName(event.currentTarget.value)} />
            <p id="name-help" class="help">${t("name_help")}</p>
            <div class="actions">
                <button class="primary">${t("name_save")}</button>
                <button type="button" onClick=${() => nameUser(null)}>${t("close")}</button>
            </div>
        </form>
    <//>`;
}

export function Dialogs() {
    const question = useCell(confirming);
    const name = useCell(asking);
    const Who = useCell(signIn)?.SignInDialog ?? NameDialog;
    return html`${question && html`<${ConfirmDialog} ...${question} />`}${name && html`<${Who} />`}`;
}
