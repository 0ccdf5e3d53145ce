// The table of all concerts: found by words and status, sorted, page by page.
import { dayRange, number, percent, points } from "./language.js";
import { may, usePages, withQuery } from "./opscall.js";
import { Choice, Field, More, Status, Table, Waiting } from "./opsparts.js";
import { say } from "./opstext.js";
import { Title, usePageTitle } from "./parts.js";
import { html } from "./view.js";

const STATUSES = ["open", "scheduled", "closed", "cancelled"];
const ORDERS = { // what a column is sorted by; a text that is greater comes later, a figure that is greater first
    title: (one) => one.title, firstDate: (one) => one.firstDate ?? "9999",
    seatCount: (one) => -one.sales.seatCount, sold: (one) => -one.sales.sold, held: (one) => -one.sales.held,
    revenue: (one) => -one.sales.revenue,
};

function sorted(concerts, by) {
    const value = ORDERS[by];
    if (!value) return concerts; // newest first, as they come
    return [...concerts].sort((a, b) => (typeof value(a) === "string" ? value(a).localeCompare(value(b)) : value(a) - value(b)));
}

function row(one) {
    const { sales } = one;
    return [
        html`<a href="#/concert/${one.concertId}">${one.title}</a><span class="quiet under">${one.concertId} · ${one.venue}</span>`,
        html`<${Status} status=${one.status} />`,
        one.firstDate ? html`${dayRange(one.firstDate, one.lastDate)}<span class="quiet under">${say("dates_count", one.itemCount)}</span>` : "–",
        number(sales.seatCount),
        html`${number(sales.sold)}<span class="quiet under">${percent(sales.seatCount ? sales.sold / sales.seatCount : 0)}</span>`,
        number(sales.held), points(sales.revenue),
    ];
}

export default function ConcertsPage({ query, go }) {
    const { q = "", status = "", sort = "" } = query;
    const [concerts, problem, more, again] = usePages(withQuery("/admin/concert", { q, status, limit: 50 }), "concerts");
    usePageTitle(say("concerts"));
    const search = (event) => {
        event.preventDefault();
        go({ ...query, q: new FormData(event.currentTarget).get("q").trim() });
    };
    const head = (name, label) => html`<th scope="col" class=${name === "title" || name === "firstDate" ? "" : "figure"}
        aria-sort=${sort !== name ? undefined : name === "title" || name === "firstDate" ? "ascending" : "descending"}>
        <button type="button" class="link" onClick=${() => go({ ...query, sort: sort === name ? "" : name })}>${label}${sort === name ? " ▾" : ""}</button></th>`;
    return html`<${Title}>${say("concerts")}<//>
        ${may("manager") && html`<p><a class="button primary" href="#/new">${say("create")}</a></p>`}
        <form class="filters" role="search" onSubmit=${search} key=${q}>
            <${Field} label=${say("find_concert")} name="q" type="search" maxlength="60" defaultValue=${q} />
            <${Choice} label=${say("status")} value=${status} onChange=${(event) => go({ ...query, status: event.currentTarget.value })}
                options=${[["", say("all")], ...STATUSES.map((one) => [one, say(`status_${one}`)])]} />
            <button>${say("find")}</button>
            <button type="button" onClick=${again}>${say("read_again")}</button>
        </form>
        ${problem && html`<${Waiting} problem=${problem} again=${again} />`}
        ${concerts === null ? !problem && html`<${Waiting} />` : concerts.length === 0 ? html`<p>${say("found_none")}</p>` : html`
            <${Table} name=${say("concerts")} numbers=${3} rows=${sorted(concerts, sort).map(row)}
                heads=${[head("title", say("concert")), say("status"), head("firstDate", say("dates")), head("seatCount", say("seats")),
                    head("sold", say("sold")), head("held", say("held")), head("revenue", say("revenue"))]} />
            ${more && sort && html`<p class="help">${say("sorted_shown", concerts.length)}</p>`}`}
        <${More} more=${more} />`;
}
