// Waiting for what comes back of a date that is sold out: where one stands, and what was offered. Loaded where a concert
// keeps wait lists, or the user waits.
import { get } from "./api.js";
import { About } from "./hold.js";
import { price, refusal, t } from "./language.js";
import { Countdown, tell, useAnswer } from "./parts.js";
import { perform } from "./pending.js";
import { kept, useCell } from "./store.js";
import { by, findUser, requireUser, user, who } from "./user.js";
import { html, useEffect, useState } from "./view.js";
import { say } from "./waitlisttext.js";

const LOOK_AGAIN = 10_000;
const isOpen = ({ status }) => status === "waiting" || status === "offered";

/** The user's entries that wait or are offered something, newest first. Where nobody is known yet there are none. */
async function readEntries(signal) {
    await findUser();
    if (!user.value.userId) return [];
    return (await get(who("/waitlist?limit=20"), { signal })).entries.filter(isOpen);
}

/** They are asked for again while somebody looks: [entries, again]; null before the first answer. */
function useEntries() {
    const name = useCell(user)?.userId;
    const [entries, , again] = useAnswer(readEntries, [name]);
    useEffect(() => {
        const timer = setInterval(() => document.hidden || again(), LOOK_AGAIN);
        return () => clearInterval(timer);
    }, []);
    return [entries ?? null, again];
}

function wishOf({ count, section, maxPrice }) {
    return [say("seats", count), section && t("section", section), maxPrice !== null && say("up_to", price(maxPrice))]
        .filter(Boolean).join(" · ");
}

/** The hold that was offered is paid like any other, with a token of its own. */
function Offer({ entry: { offer, ...entry }, onChanged }) {
    const keep = () => kept(`hold.${offer.reservationId}`).set({ token: offer.token });
    return html`<div role="status"><p><strong>${say("offered", entry.count)}</strong></p>
        <p class="left-time">${t("hold_left")} <${Countdown} until=${offer.expiresAt} onEnd=${onChanged} /></p></div>
        <div class="actions"><a class="button primary" href="#/hold/${offer.reservationId}" onClick=${keep}>${t("pay")}</a></div>`;
}

function Waiting({ entry, onChanged }) {
    const [{ problem, busy }, setState] = useState({});
    const leave = async () => {
        setState({ busy: true });
        try {
            await perform(`waitlist.leave.${entry.itemId}`, { method: "DELETE", path: who(`/waitlist?itemId=${entry.itemId}`) });
            tell(say("left"));
            setState({});
            onChanged();
        } catch (refused) {
            setState({ problem: refused });
        }
    };
    return html`<div role="status"><p>${say("waiting", entry.position)}</p></div>
        <p class="quiet">${wishOf(entry)}</p>
        <p class="help">${say("means")}</p>
        <div class="actions"><button type="button" disabled=${busy} onClick=${leave}>${say("leave")}</button></div>
        ${problem && html`<p class="error" role="alert">${refusal(problem)}</p>`}`;
}

const Entry = (props) => (props.entry.status === "offered" ? html`<${Offer} ...${props} />` : html`<${Waiting} ...${props} />`);

function Join({ concert, item, hall, most, onChanged }) {
    const [{ problem, busy }, setState] = useState({});
    const submit = async (event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const wish = { count: Number(form.get("count")) };
        if (form.get("section") !== "") wish.section = form.get("section");
        if (form.get("price") !== "") wish.maxPrice = Number(form.get("price"));
        setState({ busy: true });
        try {
            if (await requireUser()) {
                const body = by({ concertId: concert.concertId, itemId: item.itemId, ...wish });
                const { position } = await perform(`waitlist.${item.itemId}`, { method: "POST", path: "/waitlist", body });
                tell(say("waiting", position));
                onChanged();
            }
            setState({});
        } catch (refused) {
            setState({ problem: refused });
        }
    };
    const counts = Array.from({ length: most }, (_, i) => i + 1);
    const sections = [...hall.sections.map(({ name }) => name), ...hall.areas.map(({ section }) => section)];
    const prices = [...new Set([...hall.prices, ...hall.areas.map((area) => area.price)])].sort((a, b) => b - a);
    return html`<form onSubmit=${submit}>
        <p>${say("lead")} ${item.waiting > 0 && say("others", item.waiting)}</p>
        <div class="fields">
            <label>${t("best_count")}<select name="count">${counts.map((count) => html`<option key=${count} value=${count}>${count}</option>`)}</select></label>
            <label>${t("best_section")}<select name="section">${hall.count > 0 && html`<option value="">${t("best_any")}</option>`}
                ${sections.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}</select></label>
            <label>${t("best_price")}<select name="price"><option value="">${t("best_any")}</option>
                ${prices.map((amount) => html`<option key=${amount} value=${amount}>${price(amount)}</option>`)}</select></label>
        </div>
        <button class="primary" disabled=${busy}>${say("join")}</button>
        ${problem && html`<p class="error" role="alert">${say(`refused_${problem.code}`) ?? refusal(problem)}</p>`}
    </form>`;
}

/** Beside the seats of a date. What is offered or waits comes first; who has neither may join. */
export function Wait({ concert, item, hall, most }) {
    const [entries, again] = useEntries();
    if (!entries) return null;
    const entry = entries.find(({ itemId }) => itemId === item.itemId);
    return html`<section class="card waitlist" aria-labelledby="waitlist"><h2 id="waitlist">${say("title")}</h2>
        ${entry ? html`<${Entry} entry=${entry} onChanged=${again} />`
            : html`<${Join} concert=${concert} item=${item} hall=${hall} most=${most} onChanged=${again} />`}</section>`;
}

/** Among a user's tickets: of all dates. */
export function Entries({ concerts }) {
    const [entries, again] = useEntries();
    if (!entries?.length) return null;
    return html`<section aria-labelledby="waitlist"><h2 id="waitlist">${say("title")}</h2><ul class="cards">${entries.map((entry) =>
        html`<li key=${entry.entryId} class="card waitlist"><${About} reservation=${entry} ...${concerts.get(entry.concertId)} />
            <${Entry} entry=${entry} onChanged=${again} /></li>`)}</ul></section>`;
}
