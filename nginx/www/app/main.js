// The frame of the pages: which one is shown, the menu.
import { LanguageSwitch, t, useLanguage } from "./language.js";
import { ConcertPage, ConcertsPage } from "./concerts.js";
import { Holds } from "./holds.js";
import { HoldPage } from "./hold.js";
import { WaitingRoom } from "./waitingroom.js";
import { Announcer, Dialogs, Forgetful, Loading, SignedOut, Title, Told, useModule, Weather } from "./parts.js";
import { useAddress } from "./path.js";
import { settings } from "./settings.js";
import { ThemeSwitch } from "./theme.js";
import { TicketsPage } from "./tickets.js";
import { html, render, useEffect, useRef } from "./view.js";
import { returnTo } from "./where.js";

/** The page of the seats, whose modules come when they are needed. */
function Seats(props) {
    const seats = useModule(() => import("./seats.js"));
    useEffect(() => {
        if (seats && document.activeElement === document.body) document.querySelector("h1").focus({ preventScroll: true });
    }, [seats]);
    return seats ? html`<${seats.SeatsPage} ...${props} />` : html`<${Title}>${t("seats_title")}<//><${Loading} />`;
}

const PAGES = [
    [/^\/?$/, ConcertsPage, "concerts"],
    [/^\/concert\/(\d+)$/, ConcertPage, "concerts"],
    [/^\/concert\/(\d+)\/(?:queue|line)$/, WaitingRoom, "concerts"],
    [/^\/concert\/(\d+)\/item\/(\d+)$/, Seats, "concerts"],
    [/^\/hold\/(\d+)$/, HoldPage, "tickets"],
    [/^\/tickets$/, TicketsPage, "tickets"],
];

function NotFound() {
    return html`<${Title}>${t("not_found")}<//><p><a href="#/">${t("to_concerts")}</a></p>`;
}

function find(path) {
    for (const [pattern, page, menu] of PAGES) {
        const match = pattern.exec(path);
        if (match) return { page, menu, ids: match.slice(1).map(Number) };
    }
    return { page: NotFound, menu: null, ids: [] };
}

function Menu({ menu }) {
    const item = (name, href, text) =>
        html`<a href=${href} aria-current=${menu === name ? "page" : undefined}>${text}</a>`;
    return html`<header class="bar">
        <a class="brand" href="#/">${t("brand")}</a>
        <nav aria-label=${t("main_menu")}>
            ${item("concerts", "#/", t("concerts"))}${item("tickets", "#/tickets", t("my_tickets"))}
        </nav>
        <div class="switches"><${LanguageSwitch} /><${ThemeSwitch} /></div>
    </header>`;
}

function App() {
    const { path, query } = useAddress();
    const { page, menu, ids } = find(path);
    const shown = useRef(path);
    const tongue = useLanguage();
    useEffect(() => {
        document.documentElement.lang = tongue;
    }, [tongue]);
    useEffect(() => {
        const before = shown.current;
        shown.current = path;
        return returnTo(() => {
            // who comes back is at the link that was followed
            const link = document.querySelector(`main a[href="#${before}"]`);
            if (before !== path) (link ?? document.querySelector("h1"))?.focus({ preventScroll: true });
        });
    }, [path]);
    const skip = (event) => {
        event.preventDefault();
        document.querySelector("h1")?.focus();
    };
    return html`
        <a class="skip" href="#main" onClick=${skip}>${t("skip")}</a>
        <${Menu} menu=${menu} />
        <${Weather} />
        <main id="main"><${Forgetful} /><${SignedOut} /><${Holds} path=${path} /><${page} key=${path} ids=${ids} query=${query} /></main>
        <${Told} /><${Dialogs} /><${Announcer} />`;
}

settings().catch(() => {}); // asked for now, so that no click waits for it
document.getElementById("app").replaceChildren();
render(html`<${App} />`, document.getElementById("app"));
