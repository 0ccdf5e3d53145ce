// The sale of a concert: totals, each date, and the report of what was sold and given back.
import { day, moment, number, points } from "./language.js";
import { change, may, useRead, withQuery } from "./opscall.js";
import { Choice, done, paid, Refusal, Status, Table, useAct, venueTime, Waiting } from "./opsparts.js";
import { say } from "./opstext.js";
import { knownZone } from "./opszone.js";
import { confirm, Fact } from "./parts.js";
import { html } from "./view.js";

const GROUPS = { // what rows of the report are put together by: their key, and what it reads as
    date: [({ itemId }) => itemId, ({ date, itemId }) => `${day(date, { dateStyle: "medium" })} · ${itemId}`],
    day: [(row) => row.day, (row) => day(row.day, { dateStyle: "medium" })],
    price: [({ section, price }) => JSON.stringify([section, price]), ({ section, price }) => `${section} · ${number(price)}`],
};

export function Totals({ sales }) {
    return html`<dl class="facts-list">
        <${Fact} name=${say("sold")}>${number(sales.sold)}<//><${Fact} name=${say("held")}>${number(sales.held)}<//>
        <${Fact} name=${say("free")}>${number(sales.available)}<//><${Fact} name=${say("blocked")}>${number(sales.blocked)}<//>
        <${Fact} name=${say("revenue")}>${points(sales.revenue)}<//>
        ${sales.boxOffice.sold > 0 && html`<${Fact} name=${say("box_office")}>${number(sales.boxOffice.sold)} · ${paid(sales.boxOffice.revenue, "box_office")}<//>`}
        ${sales.guest.sold > 0 && html`<${Fact} name=${say("guests")}>${number(sales.guest.sold)}<//>`}
    </dl>`;
}

function Dates({ concert }) {
    const [answer, problem, again] = useRead(`/admin/concert/${concert.concertId}/item`, 5);
    if (!answer) return html`<${Waiting} problem=${problem} again=${again} />`;
    const cells = (sales) => [number(sales.seatCount), number(sales.sold), number(sales.held), number(sales.available), number(sales.blocked),
        points(sales.revenue)];
    return html`<${Table} name=${say("dates")} numbers=${2}
        heads=${[say("date"), say("status"), say("seats"), say("sold"), say("held"), say("free"), say("blocked"), say("revenue")]}
        rows=${answer.items.map((item) => [
            may("seller") ? html`<a href="#/concert/${concert.concertId}/seats?item=${item.itemId}">${venueTime(item.startsAt, concert.timeZone)}</a>`
                : venueTime(item.startsAt, concert.timeZone),
            html`<${Status} status=${item.status} />`, ...cells(item.sales),
        ])}
        sums=${answer.items.length > 1 ? [say("sum"), "", ...cells(concert.sales)] : undefined} />`;
}

const COLUMNS = ["points.sold", "points.givenBack", "points.revenue", "boxOffice.sold", "boxOffice.givenBack", "boxOffice.revenue",
    "guest.sold", "guest.givenBack"];

/** The rows of a report put together: {label, key, and the figures of each channel}. */
function reportRows(report, by) {
    const isByHour = by === "hour";
    const [key, label] = isByHour
        ? [({ hour }) => hour, ({ hour }) => moment(hour, { dateStyle: "medium", timeStyle: "short", timeZone: knownZone(report.timeZone) })] : GROUPS[by];
    const groups = new Map();
    for (const [channel, part] of [["points", report], ["boxOffice", report.boxOffice], ["guest", report.guest]]) {
        for (const row of isByHour ? part.hours : part.days) {
            if (!groups.has(key(row))) groups.set(key(row), { label: label(row), key: key(row) });
            const sums = groups.get(key(row));
            for (const figure of ["sold", "givenBack", "revenue"])
                sums[`${channel}.${figure}`] = (sums[`${channel}.${figure}`] ?? 0) + row[figure];
        }
    }
    const rows = [...groups.values()];
    return by === "day" || isByHour ? rows.sort((a, b) => (a.key < b.key ? -1 : 1)) : rows;
}

function Report({ concert, query, go }) {
    const { by = "date", item = "" } = query;
    const [items] = useRead(`/admin/concert/${concert.concertId}/item`);
    const [report, problem, again] = useRead(withQuery(`/admin/concert/${concert.concertId}/report`, { itemId: item }));
    const rows = report ? reportRows(report, by) : [];
    const shown = COLUMNS.filter((column) => column.startsWith("points") || rows.some((row) => row[column]));
    const figure = (column, value = 0) => (column === "points.revenue" ? points(value) : number(value));
    return html`<section aria-label=${say("report")}><h2>${say("report")}</h2>
        <div class="filters">
            <${Choice} label=${say("report_by")} value=${by} onChange=${(event) => go({ ...query, by: event.currentTarget.value })}
                options=${["date", "day", "price", "hour"].map((one) => [one, say(`report_${one}`)])} />
            <${Choice} label=${say("date")} value=${item} onChange=${(event) => go({ ...query, item: event.currentTarget.value })}
                options=${[["", say("all")], ...(items?.items ?? []).map((one) => [one.itemId, venueTime(one.startsAt, concert.timeZone)])]} />
            <button type="button" onClick=${again}>${say("read_again")}</button>
        </div>
        ${problem && html`<${Refusal} problem=${problem} again=${again} />`}
        ${report && (rows.length === 0 ? html`<p>${say("report_none")}</p>` : html`<${Table} name=${say("report")} numbers=${1}
            heads=${[say(`report_${by}`), ...shown.map((column) => say(`column_${column.replace(".", "_")}`))]}
            rows=${rows.map((row) => [row.label, ...shown.map((column) => figure(column, row[column]))])}
            sums=${[say("sum"), ...shown.map((column) => figure(column, rows.reduce((sum, row) => sum + (row[column] ?? 0), 0)))]} />`)}
        <p class="help">${say("report_help", concert.timeZone)}</p>
    </section>`;
}

function Switch({ concert, again }) {
    const [said, run] = useAct();
    const set = (status) => run(async () => {
        const answer = await change("PATCH", `/admin/concert/${concert.concertId}`, { status });
        again();
        return done(answer);
    });
    const close = async () => {
        const effects = [say("sale_close_effect", concert.sales.held), ...(concert.queue?.waiting ? [say("sale_close_queue", concert.queue.waiting)] : [])];
        if (await confirm(say("sale_close_sure"), effects, say("sale_close"))) await set("closed");
    };
    return html`<div class="actions">
        ${concert.status === "open" ? html`<button type="button" onClick=${close}>${say("sale_close")}</button>`
            : html`<button type="button" onClick=${() => set("open")}>${say("sale_open")}</button>`}</div>${said}`;
}

export default function SaleTab({ concert, again, query, go }) {
    return html`<${Totals} sales=${concert.sales} />
        ${may("manager") && concert.status !== "cancelled" && html`<${Switch} concert=${concert} again=${again} />`}
        <${Dates} concert=${concert} />
        <${Report} concert=${concert} query=${query} go=${go} />`;
}
