// The seats of one date: looking, choosing, and taking them before somebody else does.
import { get, isFinal, patient, Problem } from "./api.js";
import { explain, Opening, refusalOf } from "./concerts.js";
import { Choice, describeSeat, NoChoice, useChoice } from "./choice.js";
import { buildHall, HELD, readStatuses } from "./hall.js";
import { addHold, holds, readHolds } from "./holds.js";
import { day, price, refusal, t, venueMoment } from "./language.js";
import { Countdown, Loading, Refused, Title, useAnswer, useModule, usePageTitle } from "./parts.js";
import { pending, perform, resume } from "./pending.js";
import { codeOf, enter, EnterButton, keepCode, placeEnded, tokenOf, useCall, usePlace, useQueue } from "./place.js";
import { Presale, usePresale } from "./presale.js";
import { SeatList } from "./seatlist.js";
import { SeatMap } from "./seatmap.js";
import { kept, useCell } from "./store.js";
import { PriceSwatches } from "./theme.js";
import { by, requireUser } from "./user.js";
import { html, useEffect, useMemo, useRef, useState } from "./view.js";

const LOOK_AGAIN = 2000;
const MOST = 8; // seats in one call

const limitOf = (concert) => Math.min(MOST, concert.maxSeatsPerUser ?? MOST);

async function readDate(concertId, itemId, signal) {
    const [concert, { items }] = await Promise.all([
        get(`/concert/${concertId}`, { signal }), get(`/concert/${concertId}/item`, { signal }),
    ]);
    const item = items.find((one) => one.itemId === itemId);
    if (!item) throw new Problem("item_not_found", 404);
    return { concert, item };
}

async function readHall(concertId, itemId, signal) {
    const path = `/concert/${concertId}/item/${itemId}`;
    const first = await patient("GET", `${path}/seat?view=compact`, { signal });
    return { hall: buildHall(await get(`${path}/layout?v=${first.data.layoutVersion}`, { signal })), first };
}

/** The seats' statuses and the areas, asked for again while somebody looks and the sale goes on: only what changed is sent. */
function useStatuses(concertId, itemId, hall, first, onOver) {
    const [statuses, setStatuses] = useState(() => readStatuses(first.data.seats, hall.count));
    const [areas, setAreas] = useState(first.data.areas);
    const look = useRef();
    useEffect(() => {
        const left = new AbortController();
        let { etag } = first;
        let timer;
        look.current = async () => {
            clearTimeout(timer);
            try {
                if (!document.hidden) {
                    const answer = await patient("GET", `/concert/${concertId}/item/${itemId}/seat?view=compact`,
                        { etag, signal: left.signal });
                    if (answer.data) {
                        ({ etag } = answer);
                        setStatuses(readStatuses(answer.data.seats, hall.count));
                        setAreas(answer.data.areas);
                    }
                }
            } catch (problem) {
                if (problem.name === "AbortError") return;
                if (isFinal(problem)) {
                    onOver(await explain(problem, concertId, itemId));
                    return;
                }
            }
            if (!left.signal.aborted) timer = setTimeout(look.current, LOOK_AGAIN);
        };
        timer = setTimeout(look.current, LOOK_AGAIN);
        return () => {
            left.abort();
            clearTimeout(timer);
        };
    }, [hall]);
    /** What is known to be held before the next look; the statuses with it. */
    const mark = (indexes) => {
        const after = statuses.slice();
        for (const i of indexes) after[i] = HELD;
        setStatuses(after);
        return after;
    };
    return [statuses, areas, mark];
}

// ---- taking seats

/** Also from a page that was gone to meanwhile: the time of the hold runs. */
function goToHold(reservation, token) {
    kept(`hold.${reservation.reservationId}`).set({ token });
    addHold(reservation);
    location.hash = `#/hold/${reservation.reservationId}`;
}

/** Holds seats: {seatIds} or {count, section, maxPrice}. */
async function reserve(concert, itemId, wanted) {
    if (!await requireUser()) return;
    // where no queue is kept the token is for paying
    if (!concert.queue) await enter(concert.concertId);
    const token = tokenOf(concert.concertId);
    const code = codeOf(concert.concertId).value ?? undefined; // of a presale
    const body = by({ concertId: concert.concertId, itemId, ...wanted, code });
    goToHold(await perform(`reserve.${itemId}`, { method: "POST", path: "/reservation", body, token }), token);
}

/** Goes on where a page before was closed while it asked for seats. */
function useUnfinished(concertId, itemId, onRefused) {
    const [busy, setBusy] = useState(() => pending(`reserve.${itemId}`) !== null);
    useEffect(() => {
        if (!busy) return;
        const { token } = pending(`reserve.${itemId}`) ?? {};
        resume(`reserve.${itemId}`).then((done) => done && goToHold(done, token), onRefused).finally(() => setBusy(false));
    }, []);
    return [busy, setBusy];
}

// ---- pieces

function Legend({ hall, own }) {
    return html`<section class="legend" aria-label=${t("seats_legend")}><ul>
        <${PriceSwatches} prices=${hall.prices} nameOf=${price} />
        <li><span class="swatch mine" aria-hidden="true">✓</span>${t("seat_mine")}</li>
        ${own.size > 0 && html`<li><span class="swatch own" aria-hidden="true">✓</span>${t("seat_own")}</li>`}
        <li><span class="swatch held" aria-hidden="true"></span>${t("seat_held")}</li>
        <li><span class="swatch sold" aria-hidden="true"></span>${t("seat_sold")}</li>
    </ul></section>`;
}

function Best({ hall, most, disabled, onTake }) {
    const take = (event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const wanted = { count: Number(form.get("count")) };
        if (form.get("section") !== "") wanted.section = hall.sections[Number(form.get("section"))].name;
        if (form.get("price") !== "") wanted.maxPrice = Number(form.get("price"));
        onTake(wanted);
    };
    const counts = Array.from({ length: most }, (_, i) => i + 1);
    return html`<form class="card best" onSubmit=${take} aria-labelledby="best">
        <h2 id="best">${t("best_title")}</h2>
        <div class="fields">
            <label>${t("best_count")}<select name="count">${counts.map((count) =>
                html`<option key=${count} value=${count} selected=${count === Math.min(2, most)}>${count}</option>`)}</select></label>
            <label>${t("best_section")}<select name="section"><option value="">${t("best_any")}</option>
                ${hall.sections.map(({ name }, i) => html`<option key=${name} value=${i}>${name}</option>`)}</select></label>
            <label>${t("best_price")}<select name="price"><option value="">${t("best_any")}</option>
                ${hall.prices.map((amount) => html`<option key=${amount} value=${amount}>${price(amount)}</option>`)}</select></label>
        </div>
        <button class="primary" disabled=${disabled}>${t("best_take")}</button>
    </form>`;
}

/** The turn in the queue, where one is needed for taking seats. */
function TurnBar({ concert }) {
    const place = usePlace(concert.concertId);
    useCall(concert.concertId, place, useQueue(concert.concertId));
    if (place?.status === "active") {
        return html`<p class="turn quiet">${place.expiresAt &&
            html`${t("turn_left")} <${Countdown} until=${place.expiresAt} />`}</p>`;
    }
    return html`<div class="notice">
        <p>${t("seats_need_turn")}</p>
        ${place?.token
            ? html`<a class="button primary" href="#/concert/${concert.concertId}/queue">${t("to_queue")}</a>`
            : concert.status === "open" && html`<${EnterButton} concertId=${concert.concertId}
                onEntered=${() => { location.hash = `#/concert/${concert.concertId}/queue`; }} />`}
    </div>`;
}

// ---- the page

function Views({ list, setList }) {
    const button = (value, name) => html`<button type="button" aria-pressed=${list === value}
        onClick=${() => setList(value)}>${t(name)}</button>`;
    return html`<div class="tabs" role="group" aria-label=${t("seats_views")}>
        ${button(false, "seats_map")}${button(true, "seats_list")}</div>`;
}

function Seats({ concert, item, hall, first, again }) {
    const { concertId } = concert;
    const most = limitOf(concert);
    const [over, setOver] = useState(() => refusalOf(item));
    const [statuses, areas, mark] = useStatuses(concertId, item.itemId, hall, first, setOver);
    const held = useCell(holds);
    const own = useMemo(() => new Set(held.filter((one) => one.itemId === item.itemId)
        .flatMap(({ seats }) => seats.map(({ seatId }) => hall.indexOf.get(seatId)))
        .filter((i) => i !== undefined)), [held, hall]); // not a standing place
    const choice = useChoice(hall, statuses, own, most);
    const [list, setList] = useState(false);
    const refused = (problem) => {
        if (problem.code === "seat_taken") {
            const lost = problem.data.seatIds.map((seatId) => hall.indexOf.get(seatId));
            choice.lose(lost, mark(lost));
        } else {
            explain(problem, concertId, item.itemId).then((found) => choice.tell([refusal(found)]));
        }
        if (problem.code === "code_invalid") keepCode(concertId, null);
        if (problem.code === "token_invalid") placeEnded(concertId);
        else readHolds().catch(() => {}); // another device of ours may have been faster
    };
    const [busy, setBusy] = useUnfinished(concertId, item.itemId, refused);
    const place = useCell(kept(`token.${concertId}`));
    useEffect(() => {
        if (place?.ended) choice.tell([t("refused_token_invalid")]);
    }, [place?.ended]);
    const take = async (wanted) => {
        if (busy) return;
        setBusy(true);
        choice.refuse();
        try {
            await reserve(concert, item.itemId, wanted);
        } catch (problem) {
            refused(problem);
        }
        setBusy(false);
    };
    const standing = useModule(() => import("./standing.js"), hall.areas.length > 0);
    const waitlist = useModule(() => import("./waitlist.js"), concert.waitlist);
    const describe = (i) => describeSeat(hall, statuses, choice.chosen, own, i);
    const views = { hall, statuses, own, chosen: choice.chosen, onToggle: choice.toggle, describe };
    const runs = usePresale(concert);
    const code = useCell(codeOf(concertId));
    const onSale = concert.status === "open" || (runs && code !== null);
    const closed = over || !onSale || (concert.queue && place?.status !== "active");
    return html`
        <${Opening} concert=${concert} again=${again} />
        <div class="hall">
            ${hall.count > 0 && html`<div class="hall-view">
                <div class="hall-head"><${Views} list=${list} setList=${setList} /><${Legend} hall=${hall} own=${own} /></div>
                ${list ? html`<${SeatList} ...${views} />` : html`<${SeatMap} ...${views} />`}
            </div>`}
            <div class="hall-side">
                <${Choice} hall=${hall} choice=${choice} most=${most} busy=${busy} disabled=${busy || closed}
                    onHold=${(indexes) => take({ seatIds: indexes.map((i) => hall.seats[i].seatId) })}>
                    ${over ? html`<p class="notice" role="alert">${refusal(over)}</p>` : concert.queue && html`<${TurnBar} concert=${concert} />`}
                    ${!over && runs && code === null && html`<${Presale} concert=${concert} />`}
                <//>
                ${standing && html`<${standing.Areas} areas=${areas} most=${most} disabled=${busy || closed} onTake=${take} />`}
                ${hall.count > 0 && html`<${Best} hall=${hall} most=${most} disabled=${busy || closed} onTake=${take} />`}
                ${waitlist && !over && concert.status === "open" && html`<${waitlist.Wait} concert=${concert} item=${item} hall=${hall} most=${most} />`}
            </div>
        </div>
        <div role="status" class="unseen">${busy ? t("holding") : ""}</div>`;
}

/** What can be said before the hall is here, where it will stay. */
function Coming({ concert }) {
    return html`<div class="hall">
        <div class="hall-view"><div class="map"><p class="loading">${t("loading")}</p></div></div>
        <div class="hall-side"><${NoChoice} most=${limitOf(concert)}>${concert.queue && html`<${TurnBar} concert=${concert} />`}<//></div>
    </div>`;
}

export function SeatsPage({ ids: [concertId, itemId] }) {
    const ask = (read) => (signal) => read(concertId, itemId, signal).catch(async (problem) => {
        throw await explain(problem, concertId, itemId);
    });
    const [date, dateProblem, again] = useAnswer(ask(readDate), [concertId, itemId]);
    const [plan, planProblem] = useAnswer(ask(readHall), [concertId, itemId]);
    const problem = (!date && dateProblem) || (!plan && planProblem);
    const dateText = useMemo(() => date && `${day(date.item.date)} · ${venueMoment(date.item.startsAt, date.concert.timeZone, { timeStyle: "short" })}`,
        [date, document.documentElement.lang]);
    usePageTitle(t("seats_title"));
    return html`
        <p><a href="#/concert/${concertId}">← ${date?.concert.title ?? t("back")}</a></p>
        <${Title} kicker=${dateText}>${t("seats_title")}<//>
        ${problem ? html`<${Refused} problem=${problem} />` :
            !date ? html`<${Loading} />` :
            !plan ? html`<${Coming} ...${date} />` : html`<${Seats} ...${date} ...${plan} again=${again} />`}`;
}
