// The frame of the operators' pages: the key, the menu, which page is shown, and the alerts above all of them.
import { once } from "./api.js";
import { LanguageSwitch, moment, t, useLanguage } from "./language.js";
import { may, operator, refused, signIn, signInAgain, signOut } from "./opscall.js";
import ConcertsPage from "./opsconcerts.js";
import { sortAlerts } from "./opsdata.js";
import { survives } from "./tabkeep.js";
import { explain, Loaded, Waiting } from "./opsparts.js";
import { say } from "./opstext.js";
import { Announcer, Dialogs, Title, usePageTitle } from "./parts.js";
import { addressOf, useAddress } from "./path.js";
import { useCell } from "./store.js";
import { ThemeSwitch } from "./theme.js";
import { html, render, useEffect, useRef, useState } from "./view.js";

const ALERTS_MS = 10000;

const PAGES = [ // path, the role that it needs, its module, the entry of the menu
    [/^\/?$/, "viewer", null, "concerts"],
    [/^\/new$/, "manager", () => import("./opscreate.js"), "concerts"],
    [/^\/concert\/(\d+)(?:\/(\w+))?$/, "viewer", () => import("./opsconcert.js"), "concerts"],
    [/^\/halls$/, "viewer", () => import("./opshalls.js"), "halls"],
    [/^\/hall\/(\d+)$/, "viewer", () => import("./opshalls.js").then(({ HallPage }) => ({ default: HallPage })), "halls"],
    [/^\/orders$/, "seller", () => import("./opsorders.js").then(({ OrdersPage }) => ({ default: OrdersPage })), "orders"],
    [/^\/order\/(\d+)$/, "seller", () => import("./opsorder.js"), "orders"],
    [/^\/user\/([^/]+)$/, "seller", () => import("./opsuser.js"), "orders"],
    [/^\/server$/, "viewer", () => import("./opsserver.js"), "server"],
];
const MENU = [["concerts", "#/", "viewer"], ["orders", "#/orders", "seller"], ["halls", "#/halls", "viewer"], ["server", "#/server", "viewer"]];

/** What is in an address; null where it is no encoded text. */
function decode(id) {
    try {
        return id && decodeURIComponent(id);
    } catch {
        return null;
    }
}

function find(path) {
    for (const [pattern, role, load, menu] of PAGES) {
        const match = pattern.exec(path);
        if (!match || !may(role)) continue;
        const ids = match.slice(1).map(decode);
        if (!ids.includes(null)) return { load, menu, ids, kind: pattern.source };
    }
    return { menu: null };
}

// ---- alerts

/** The firing alerts, the worst first, each ten seconds; null where there is no Alertmanager, undefined while it is lost. */
function useAlerts() {
    const [alerts, setAlerts] = useState(null);
    useEffect(() => {
        const look = () => !document.hidden && once("GET", "/ops/alerts").then(
            ({ data }) => setAlerts(data === null ? null : sortAlerts(data)), () => setAlerts(undefined));
        look();
        const timer = setInterval(look, ALERTS_MS);
        return () => clearInterval(timer);
    }, []);
    return alerts;
}

function Alerts() {
    const alerts = useAlerts();
    if (alerts === null) return null;
    return html`<section class="card alerts" aria-label=${say("alerts")}>
        <h2>${say("alerts")}</h2>
        <div role="status">
            ${alerts === undefined && html`<p class="notice">${say("alerts_lost")}</p>`}
            ${alerts?.length === 0 && html`<p>${say("alerts_none")}</p>`}
            ${alerts?.length > 0 && html`<ul>${alerts.map((one) => html`<li key=${one.fingerprint}>
                <p><strong>${one.labels.severity} ${one.labels.alertname}</strong>${` · ${one.labels.owner} · `}
                    ${say("alert_since", moment(Date.parse(one.startsAt), { timeStyle: "medium" }))}</p>
                <p>${one.annotations.summary}</p>
                <p>${one.annotations.customers}</p>
                <p class="help">${one.annotations.runbook}</p></li>`)}</ul>`}
        </div></section>`;
}

// ---- the key

function SignIn({ begun }) {
    const wrong = useCell(refused);
    const [problem, setProblem] = useState(null);
    const [isRunning, setRunning] = useState(Boolean(begun));
    const wait = (signing) => {
        setProblem(null);
        setRunning(true);
        signing.catch(setProblem).finally(() => setRunning(false));
    };
    useEffect(() => void (begun && wait(begun)), []);
    usePageTitle(say("title"));
    const submit = (event) => {
        event.preventDefault();
        wait(signIn(new FormData(event.currentTarget).get("key")));
    };
    const again = () => wait(signInAgain() ?? Promise.resolve());
    if (begun && isRunning) return html`<${Title}>${say("title")}<//><${Waiting} />`;
    return html`<${Title}>${say("title")}<//><form class="card narrow" onSubmit=${submit}>
        <label for="key">${say("key")}</label>
        <input id="key" name="key" type="password" required autocomplete="current-password" aria-describedby="key-help" />
        <p id="key-help" class="help">${say("key_help")}</p>
        <div role="alert">${wrong && html`<p class="error">${say(wrong)}</p>`}
            ${problem && html`<p class="error">${explain(problem)}</p>`}</div>
        <p class="actions"><button class="primary" disabled=${isRunning}>${say("open")}</button>
            ${begun && problem && html`<button type="button" onClick=${again}>${t("again")}</button>`}</p>
    </form>`;
}

// ---- the frame

function Menu({ menu }) {
    const signedIn = useCell(operator);
    return html`<header class="bar"><a class="brand" href="../">${t("brand")}</a>
        ${signedIn && html`<nav aria-label=${t("main_menu")}>${MENU.filter(([, , role]) => may(role)).map(([name, href]) =>
            html`<a key=${name} href=${href} aria-current=${menu === name ? "page" : undefined}>${say(name)}</a>`)}</nav>`}
        <div class="switches"><${LanguageSwitch} /><${ThemeSwitch} />
            ${signedIn && html`<button type="button" title=${say(`role_${signedIn.role}`)} onClick=${signOut}>${say("forget")}</button>`}</div></header>`;
}

/** The page of a path; its query may change without another page. */
function Page({ path, query }) {
    const { load, ids, kind } = find(path);
    const go = (members) => {
        location.hash = addressOf(path, members);
    };
    if (load === undefined) return html`<${Title}>${t("not_found")}<//><p><a href="#/">${t("to_concerts")}</a></p>`;
    const props = { ids, query, go };
    return load ? html`<${Loaded} load=${load} key="${kind} ${ids[0]}" ...${props} />` : html`<${ConcertsPage} ...${props} />`;
}

function App({ begun }) {
    const { path, query } = useAddress();
    const tongue = useLanguage();
    const signedIn = useCell(operator);
    const shown = useRef(path);
    useEffect(() => {
        document.documentElement.lang = tongue;
    }, [tongue]);
    useEffect(() => {
        if (shown.current === path) return;
        shown.current = path;
        scrollTo(0, 0);
        document.querySelector("h1")?.focus({ preventScroll: true });
    }, [path]);
    const skip = (event) => {
        event.preventDefault();
        document.querySelector("h1")?.focus();
    };
    return html`
        <a class="skip" href="#main" onClick=${skip}>${t("skip")}</a>
        <${Menu} menu=${find(path).menu} />
        <main class="ops" id="main">
            ${!survives && html`<p class="notice">${say("storage_blocked")}</p>`}
            ${signedIn && html`<${Alerts} />`}
            ${signedIn ? html`<${Page} path=${path} query=${query} />` : html`<${SignIn} begun=${begun} />`}
        </main><${Dialogs} /><${Announcer} />`;
}

render(html`<${App} begun=${signInAgain()} />`, document.getElementById("app"));
