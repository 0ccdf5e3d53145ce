// The dates of a concert: their times, further ones, and what cancels one of them or the concert.
import { number, points } from "./language.js";
import { change, readRows, useRead } from "./opscall.js";
import { seatMembers } from "./opsdata.js";
import { done, Field, momentOf, MomentField, paid, Refusal, Status, useAct, useDraft, venueTime, Waiting } from "./opsparts.js";
import { SeatFields } from "./opssections.js";
import { say } from "./opstext.js";
import { confirm } from "./parts.js";
import { html, useState } from "./view.js";

// ---- cancelling

/** What the cancel of dates gives back: {buyers, orders, points, boxOffice}. */
async function refundsOf(concert, items, progress) {
    const sums = { buyers: new Set(), orders: 0, points: 0, boxOffice: 0 };
    let counted = 0;
    for (const { itemId } of items) {
        await readRows(concert.concertId, { what: "orders", itemId }, (orders) => {
            progress(say("counting", counted += orders.length));
            for (const order of orders) {
                if (order.status !== "paid") continue;
                sums.buyers.add(order.userId);
                sums.orders++;
                if (order.method === "points") sums.points += order.totalPrice;
                else sums.boxOffice += order.totalPrice;
            }
        });
    }
    return sums;
}

function cancelEffects({ buyers, orders, points: back, boxOffice }, held) {
    return [
        say("cancel_refunds", buyers.size, orders, points(back)),
        ...(boxOffice ? [say("cancel_box_office", paid(boxOffice, "box_office"))] : []),
        ...(held ? [say("cancel_holds", held)] : []),
        say("cancel_final"),
    ];
}

/** What cancels a date or the concert, which is at `path`; `run` is told what comes of it. */
function useCancel(concert, path, run, again) {
    return (items, question, reason) => run(async (progress) => {
        const sums = await refundsOf(concert, items, progress);
        const held = items.reduce((sum, { sales }) => sum + sales.held, 0);
        if (!await confirm(question, cancelEffects(sums, held), say("cancel_do"))) return "";
        await change("POST", `${path}/cancel`, { reason });
        again();
        return say("cancelling");
    });
}

function CancelForm({ label, question, items, cancel, isRunning }) {
    const submit = (event) => {
        event.preventDefault();
        cancel(items, question, new FormData(event.currentTarget).get("reason"));
    };
    return html`<form class="together" onSubmit=${submit}>
        <${Field} label=${say("reason")} name="reason" required maxlength="200" />
        <button disabled=${isRunning}>${label}</button></form>`;
}

function Progress({ cancel, zone }) {
    const { refunded, points: back, holds, left, doneAt } = cancel;
    const state = doneAt ? say("cancel_done", venueTime(doneAt, zone)) : say("cancel_left", left);
    return html`<p>${`${say("cancel_progress", refunded, points(back), holds)} ${state}`}</p>
        ${!doneAt && html`<progress max=${refunded + holds + left || 1} value=${refunded + holds} aria-label=${say("cancelling")}></progress>`}`;
}

// ---- a date

function Times({ concert, item, again }) {
    const draft = useDraft(`item.${item.itemId}`);
    const [said, run] = useAct();
    const begins = momentOf(item.startsAt, concert.timeZone);
    const submit = (event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const members = {};
        if (form.get("date") !== item.date) members.date = form.get("date");
        if (Date.parse(form.get("beginsAt")) !== Date.parse(item.startsAt)) members.startsAt = form.get("beginsAt");
        run(async () => {
            if (Object.keys(members).length === 0) return say("nothing_changed");
            const path = `/admin/concert/${concert.concertId}/item/${item.itemId}`;
            const effects = [...(item.sales.sold ? [say("time_effect", item.sales.sold)] : [])];
            if (effects.length && !await confirm(say("time_sure"), effects, say("save"))) return "";
            const answer = await change("PATCH", path, members);
            draft.clear();
            again();
            return done(answer);
        });
    };
    return html`<form onSubmit=${submit} ...${draft.form}><div class="fields">
            <${MomentField} label=${say("begins")} name="begins" zone=${concert.timeZone} draft=${draft} initial=${begins} required />
            <${Field} label=${say("date_shown")} name="date" type="date" required defaultValue=${draft.of("date", item.date)} />
        </div><p><button>${say("save")}</button></p></form>${said}`;
}

function Item({ concert, item, again }) {
    const [said, run, isRunning] = useAct();
    const cancel = useCancel(concert, `/admin/concert/${concert.concertId}/item/${item.itemId}`, run, again);
    const [isOpen, setOpen] = useState(false);
    const { sales } = item;
    const when = venueTime(item.startsAt, concert.timeZone);
    return html`<details class="card item" open=${isOpen} onToggle=${(event) => setOpen(event.currentTarget.open)}><summary>${when} · <${Status} status=${item.status} />${" · "}
            <span class="quiet">${say("sold")} ${number(sales.sold)} / ${number(sales.seatCount)} · ${points(sales.revenue)}${
                item.waiting > 0 ? ` · ${say("waiting_for_returns", number(item.waiting))}` : ""}</span></summary>
        ${isOpen && html`<p><a href="#/concert/${concert.concertId}/seats?item=${item.itemId}">${say("to_seats")}</a></p>
        ${item.cancel && html`<${Progress} cancel=${item.cancel} zone=${concert.timeZone} />`}
        ${item.status === "open" && concert.status !== "cancelled" && html`<${Times} concert=${concert} item=${item} again=${again} />
            <section><h2>${say("cancel_date")}</h2><${CancelForm} label=${say("cancel_date")} question=${say("cancel_date_sure", when)} items=${[item]}
                cancel=${cancel} isRunning=${isRunning} /></section>`}
        ${said}`}</details>`;
}

// ---- one more

function AddDate({ concert, items, again }) {
    const draft = useDraft(`date.${concert.concertId}`);
    const [said, run, isRunning] = useAct();
    const submit = (event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const like = items.find(({ itemId }) => itemId === Number(form.get("like")));
        const members = like ? { likeItemId: like.itemId } : seatMembers(form);
        run(async () => {
            const body = { date: form.get("begins").slice(0, 10), startsAt: form.get("beginsAt"), ...members };
            await change("POST", `/admin/concert/${concert.concertId}/item`, body);
            draft.clear();
            again();
            return done();
        });
    };
    return html`<details class="card item" open=${draft.exists}><summary>${say("add_date")}</summary>
        <form onSubmit=${submit} ...${draft.form}><div class="fields">
            <${MomentField} label=${say("begins")} name="begins" zone=${concert.timeZone} draft=${draft} required />
        </div>
        <${SeatFields} draft=${draft} others=${items.map((item) => [item.itemId, say(`hall_of_${item.status}`, venueTime(item.startsAt, concert.timeZone))])} />
        <p class="help">${say("zone_help", concert.timeZone)}</p>
        <p><button class="primary" disabled=${isRunning}>${say("add_date")}</button></p></form>${said}</details>`;
}

export default function DatesTab({ concert, again: readConcert }) {
    const [answer, problem, readItems] = useRead(`/admin/concert/${concert.concertId}/item`, 3);
    const [said, run, isRunning] = useAct();
    const again = () => {
        readConcert();
        readItems();
    };
    const cancel = useCancel(concert, `/admin/concert/${concert.concertId}`, run, again);
    if (!answer) return html`<${Waiting} problem=${problem} again=${again} />`;
    const { items } = answer;
    const open = items.filter(({ status }) => status === "open");
    return html`${problem && html`<${Refusal} problem=${problem} again=${again} />`}
        ${items.map((item) => html`<${Item} key=${item.itemId} concert=${concert} item=${item} again=${again} />`)}
        ${concert.status !== "cancelled" && html`<${AddDate} concert=${concert} items=${items} again=${again} />`}
        ${(concert.status !== "cancelled" || concert.cancel) && html`<section class="card" aria-label=${say("cancel_all")}><h2>${say("cancel_all")}</h2>
            ${concert.cancel ? html`<${Progress} cancel=${concert.cancel} zone=${concert.timeZone} />`
                : html`<${CancelForm} label=${say("cancel_all")} question=${say("cancel_all_sure", open.length)} items=${open}
                    cancel=${cancel} isRunning=${isRunning} />`}
            ${said}</section>`}`;
}
