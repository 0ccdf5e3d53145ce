// One user: balance, orders, ledger, what keeps the user from buying, and a correction of the balance.
import { number, points, t } from "./language.js";
import { change, useRead } from "./opscall.js";
import { OrderTable } from "./opsorders.js";
import { Choice, Field, Table, useAct, useDraft, venueTime, Waiting } from "./opsparts.js";
import { say } from "./opstext.js";
import { ownZone } from "./opszone.js";
import { confirm, Fact, Title, usePageTitle } from "./parts.js";
import { html, useState } from "./view.js";

const here = (instant) => venueTime(instant, ownZone());

function Adjust({ userId, balance, again }) {
    const [said, run, isRunning] = useAct();
    const draft = useDraft(`adjust.${userId}`);
    const [sign, setSign] = useState(draft.of("sign", "1"));
    const [size, setSize] = useState(draft.of("amount"));
    const amount = Number(sign) * Number(size);
    const name = say(sign === "1" ? "adjust_add" : "adjust_take");
    const submit = async (event) => {
        event.preventDefault();
        const reason = new FormData(event.currentTarget).get("reason");
        if (!await confirm(say("adjust_sure", userId), [say("adjust_effect", points(balance), points(balance + amount))], name)) return;
        run(async () => {
            const answer = await change("POST", "/admin/point", { userId, amount, reason });
            draft.clear();
            setSize("");
            again();
            return say("adjusted", points(answer.balance));
        });
    };
    return html`<section class="card" aria-label=${say("adjust")}><h2>${say("adjust")}</h2>
        <form onSubmit=${submit} ...${draft.form}><div class="fields">
            <${Choice} label=${say("adjust_kind")} name="sign" value=${sign} onChange=${(event) => setSign(event.currentTarget.value)}
                options=${[["1", say("adjust_add")], ["-1", say("adjust_take")]]} />
            <${Field} label=${say("amount")} name="amount" type="number" min="1" max="1000000000" required value=${size}
                onInput=${(event) => setSize(event.currentTarget.value)} />
            <${Field} label=${say("reason")} name="reason" required maxlength="200" defaultValue=${draft.of("reason")} help=${say("reason_help")} />
        </div>
        ${amount !== 0 && html`<p class="notice">${say("adjust_effect", points(balance), points(balance + amount))}</p>`}
        <p><button class="primary" disabled=${isRunning}>${name}</button></p></form>${said}</section>`;
}

function Limits({ limits }) {
    const none = say("unlimited");
    return html`<section aria-label=${say("limits")}><h2>${say("limits")}</h2>
        <dl class="facts-list">
            <${Fact} name=${say("refunds_per_day")}>${limits.refundsPerDay === null ? none : number(limits.refundsPerDay)}<//>
            ${limits.nextRefundAt && html`<${Fact} bad name=${say("next_refund_at")}>${here(limits.nextRefundAt)}<//>`}
        </dl>
        ${limits.concerts.length > 0 && html`<${Table} name=${say("limits")} heads=${[say("concert"), say("seats_of_limit"), say("unpaid_holds"), say("paused_until"), say("queue")]}
            rows=${limits.concerts.map((one) => [
                html`<a href="#/concert/${one.concertId}">${one.title}</a>`,
                one.maxSeatsPerUser === null ? none : `${number(one.seats)} / ${number(one.maxSeatsPerUser)}`,
                one.unpaidHolds === null ? "–" : number(one.unpaidHolds),
                one.pausedUntil ? here(one.pausedUntil) : "–",
                one.token ? `${say(`token_${one.token.status}`)} ${one.token.number ?? ""}` : "–",
            ])} />`}
    </section>`;
}

function Ledger({ history }) {
    return html`<section aria-label=${say("ledger")}><h2>${say("ledger")}</h2>
        ${history.length === 0 ? html`<p>${say("found_none")}</p>` : html`<${Table} name=${say("ledger")}
            heads=${[say("when"), say("kind"), say("amount"), say("balance"), say("order"), say("reason")]}
            rows=${history.map((one) => [
                here(one.createdAt), t(`kind_${one.kind}`), points(one.amount), points(one.balanceAfter),
                one.reservationId ? html`<a href="#/order/${one.reservationId}">${one.reservationId}</a>` : "", one.reason ?? "",
            ])} />`}
    </section>`;
}

export default function UserPage({ ids: [userId] }) {
    const [user, problem, again] = useRead(`/admin/user/${encodeURIComponent(userId)}`);
    usePageTitle(userId);
    return html`<${Title} kicker=${html`<a href="#/orders">${say("orders")}</a>`}>${userId}<//>
        ${!user ? html`<${Waiting} problem=${problem} again=${again} />` : html`
            <dl class="facts-list"><${Fact} name=${say("balance")}>${points(user.balance)}<//></dl>
            <${Adjust} userId=${userId} balance=${user.balance} again=${again} />
            ${user.holds.length > 0 && html`<section><h2>${say("holds")}</h2><${OrderTable} orders=${user.holds} name=${say("holds")} withConcert /></section>`}
            <section><h2>${say("orders")}</h2>${user.reservations.length > 0 ? html`<${OrderTable} orders=${user.reservations} withConcert />
                <p><a href="#/orders?userId=${encodeURIComponent(userId)}">${say("all_orders")}</a></p>` : html`<p>${say("found_none")}</p>`}</section>
            <${Ledger} history=${user.history} /><${Limits} limits=${user.limits} />`}`;
}
