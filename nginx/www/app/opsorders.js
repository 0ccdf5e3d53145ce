// Orders, newest first: of one concert, or of all.
import { number } from "./language.js";
import { usePages, useRead, withQuery } from "./opscall.js";
import { Choice, Field, More, paid, seatName, Status, Table, venueTime, Waiting } from "./opsparts.js";
import { say } from "./opstext.js";
import { ownZone } from "./opszone.js";
import { Title, usePageTitle } from "./parts.js";
import { NAME, NAME_MAX } from "./user.js";
import { html } from "./view.js";

const STATUSES = ["held", "paid", "expired", "cancelled"];

export function userLink(userId) {
    return html`<a href="#/user/${encodeURIComponent(userId)}">${userId}</a>`;
}

/** The seats of an order in short. */
function seatsOf({ seats }) {
    const [first] = seats;
    return first ? `${seatName(first)}${seats.length > 1 ? ` +${number(seats.length - 1)}` : ""}` : "–";
}

export function OrderTable({ orders, zone = ownZone(), name = say("orders"), withConcert = false }) {
    return html`<${Table} name=${name}
        heads=${[say("order"), say("buyer"), ...(withConcert ? [say("concert")] : []), say("status"), say("seats"), say("price"), say("created_at")]}
        rows=${orders.map((one) => [
            html`<a href="#/order/${one.reservationId}">${one.reservationId}</a>`, userLink(one.userId),
            ...(withConcert ? [html`<a href="#/concert/${one.concertId}">${one.concertId}</a>`] : []),
            html`<${Status} status=${one.status} />`, seatsOf(one), paid(one.totalPrice, one.method),
            venueTime(one.createdAt, zone, { dateStyle: "short", timeStyle: "medium" }),
        ])} />`;
}

/** Orders as the address asks for them, and the form that asks. */
function Orders({ concert, query, go }) {
    const { ref = "", userId = "", status = "", item = "" } = query;
    const concertId = concert?.concertId;
    const [items] = useRead(concert ? `/admin/concert/${concertId}/item` : null);
    const [orders, problem, more, again] = usePages(withQuery("/admin/reservation", { concertId, itemId: item, ref, userId, status }), "reservations");
    const search = (event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        go({ ...query, ref: form.get("ref"), userId: form.get("userId") });
    };
    const choose = (name) => (event) => go({ ...query, [name]: event.currentTarget.value });
    return html`
        <form class="filters" role="search" onSubmit=${search} key="${ref} ${userId}">
            <${Field} label=${say("ref")} name="ref" inputmode="numeric" pattern="[0-9]{1,16}" defaultValue=${ref} />
            <${Field} label=${say("buyer")} name="userId" pattern=${NAME} maxlength=${NAME_MAX} autocapitalize="none" spellcheck=${false} defaultValue=${userId} />
            <${Choice} label=${say("status")} value=${status} onChange=${choose("status")}
                options=${[["", say("all")], ...STATUSES.map((one) => [one, say(`status_${one}`)])]} />
            ${concert && html`<${Choice} label=${say("date")} value=${item} onChange=${choose("item")}
                options=${[["", say("all")], ...(items?.items ?? []).map((one) => [one.itemId, venueTime(one.startsAt, concert.timeZone)])]} />`}
            <button>${say("find")}</button>
        </form>
        ${userId && html`<p><a class="button" href="#/user/${encodeURIComponent(userId)}">${say("to_user", userId)}</a></p>`}
        ${!orders || problem ? html`<${Waiting} problem=${problem} again=${again} />` : null}
        ${orders && (orders.length === 0 ? html`<p>${say("found_none")}</p>`
            : html`<${OrderTable} orders=${orders} zone=${concert?.timeZone} withConcert=${!concert} />`)}
        <${More} more=${more} />`;
}

export default Orders;

/** Orders of all concerts. */
export function OrdersPage({ query, go }) {
    usePageTitle(say("orders"));
    return html`<${Title}>${say("orders")}<//><${Orders} query=${query} go=${go} />`;
}
