// One concert: its name and state, and the tabs for what one does with it.
import { may, useRead } from "./opscall.js";
import { Loaded, Status, venueTime, Waiting } from "./opsparts.js";
import { say } from "./opstext.js";
import { Title, usePageTitle } from "./parts.js";
import { html } from "./view.js";

const LIVE = 2; // seconds after which the figures are read again

const TABS = [ // name, the role that it needs, its module
    ["sale", "viewer", () => import("./opssale.js")],
    ["seats", "seller", () => import("./opsseats.js")],
    ["orders", "seller", () => import("./opsorders.js")],
    ["queue", "viewer", () => import("./opsqueue.js")],
    ["dates", "manager", () => import("./opsdates.js")],
    ["presale", "viewer", () => import("./opspresale.js")],
    ["settings", "manager", () => import("./opssettings.js")],
    ["export", "seller", () => import("./opsexport.js")],
    ["log", "manager", () => import("./opslog.js")],
];

export default function ConcertPage({ ids: [concertId, name = "sale"], query, go }) {
    const [concert, problem, again] = useRead(`/admin/concert/${concertId}`, LIVE);
    usePageTitle(concert?.title);
    if (!concert) return html`<${Title}>${say("concert")} ${concertId}<//><${Waiting} problem=${problem} again=${again} />`;
    const tabs = TABS.filter(([, role]) => may(role));
    const [, , load] = tabs.find(([one]) => one === name) ?? tabs[0];
    return html`
        <${Title} kicker=${html`<a href="#/">${say("concerts")}</a> · ${concertId}`}>${concert.title}<//>
        <p class="facts"><${Status} status=${concert.status} /><span>${concert.venue}</span>
            ${concert.opensAt && html`<span>${say("opens_at")} ${venueTime(concert.opensAt, concert.timeZone)}</span>`}</p>
        <div role="status">${problem && html`<p class="notice">${say("lost")}</p>`}</div>
        ${concert.maintenance && html`<p class="notice">${say("concert_maintenance")}</p>`}
        <nav class="tabbar" aria-label=${say("concert")}>${tabs.map(([one]) => html`<a key=${one} href="#/concert/${concertId}/${one}"
            aria-current=${one === name ? "page" : undefined}>${say(`tab_${one}`)}</a>`)}</nav>
        <${Loaded} load=${load} key=${name} concert=${concert} again=${again} query=${query} go=${go} />`;
}
