// The seats of one date: looking, choosing, and taking them before somebody else does.
import { get, isFinal, patient, Problem } from "./api.js";
import { Opening } from "./concerts.js";
import { buildHall, FREE, HELD, nearestFree, readStatuses } from "./hall.js";
import { day, moment, points, refusal, t } from "./language.js";
import { announce, Countdown, Loading, Refused, Title, useAnswer, usePageTitle } from "./parts.js";
import { pending, perform, resume } from "./pending.js";
import { enter, EnterButton, placeEnded, tokenOf, useCall, usePlace, useQueue } from "./place.js";
import { SeatList } from "./seatlist.js";
import { SeatMap } from "./seatmap.js";
import { kept, useCell } from "./store.js";
import { by, requireUser } from "./user.js";
import { html, useCallback, useEffect, useMemo, useRef, useState } from "./view.js";

const LOOK_AGAIN = 2000;
const MOST = 8; // seats in one call

async function readAll(concertId, itemId, signal) {
    const path = `/concert/${concertId}/item/${itemId}`;
    const [concert, { items }, first] = await Promise.all([
        get(`/concert/${concertId}`, { signal }),
        get(`/concert/${concertId}/item`, { signal }),
        patient("GET", `${path}/seat?view=compact`, { signal }),
    ]);
    const item = items.find((one) => one.itemId === itemId);
    if (!item) throw new Problem("item_not_found", 404);
    const hall = buildHall(await get(`${path}/layout?v=${first.data.layoutVersion}`, { signal }));
    return { concert, item, hall, first };
}

/** The seats' statuses, asked for again while somebody looks and the sale goes on: only what changed is sent. */
function useStatuses(concertId, itemId, hall, first, onOver) {
    const [statuses, setStatuses] = useState(() => readStatuses(first.data.seats, hall.count));
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
                    }
                }
            } catch (problem) {
                if (problem.name === "AbortError") return;
                if (isFinal(problem)) {
                    onOver(problem);
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
    const mark = useCallback((indexes) => setStatuses((before) => {
        const after = before.slice();
        for (const i of indexes) after[i] = HELD;
        return after;
    }), []);
    return [statuses, mark];
}

// ---- taking seats

/** Also from a page that was gone to meanwhile: the time of the hold runs. */
function goToHold(reservation, token) {
    kept(`hold.${reservation.reservationId}`).set({ token });
    location.hash = `#/hold/${reservation.reservationId}`;
}

/** Holds seats: {seatIds} or {count, section, maxPrice}. */
async function reserve(concert, itemId, wanted) {
    if (!await requireUser()) return;
    // where no queue is kept the token is for paying
    if (!concert.queue) await enter(concert.concertId);
    const token = tokenOf(concert.concertId);
    const body = by({ concertId: concert.concertId, itemId, ...wanted });
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

function Legend({ hall }) {
    return html`<section class="legend" aria-label=${t("seats_legend")}><ul>
        ${hall.prices.map((price, tier) => html`<li key=${price}>
            <span class="swatch tier-${tier % 6}" aria-hidden="true"></span>${points(price)}</li>`)}
        <li><span class="swatch mine" aria-hidden="true">✓</span>${t("seat_mine")}</li>
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
                ${hall.prices.map((price) => html`<option key=${price} value=${price}>${points(price)}</option>`)}</select></label>
        </div>
        <button class="primary" disabled=${disabled}>${t("best_take")}</button>
    </form>`;
}

function Choice({ hall, chosen, most, disabled, onToggle, onHold }) {
    const total = [...chosen].reduce((sum, i) => sum + hall.seats[i].price, 0);
    return html`<section class="card choice" aria-labelledby="choice">
        <h2 id="choice">${t("chosen_title")}</h2>
        ${chosen.size === 0 && html`<p class="quiet">${t("chosen_none")} ${t("chosen_most", most)}</p>`}
        <ul class="chosen">${[...chosen].map((i) => html`<li key=${i}>
            <span>${shortName(hall, i)}</span><span class="quiet">${points(hall.seats[i].price)}</span>
            <button type="button" class="small" aria-label=${t("remove_seat", shortName(hall, i))}
                onClick=${() => onToggle(i)}>×</button></li>`)}</ul>
        <button type="button" class="primary wide" disabled=${disabled || chosen.size === 0} onClick=${onHold}>
            ${t("chosen_hold", chosen.size)}${chosen.size > 0 ? ` · ${points(total)}` : ""}</button>
    </section>`;
}

function shortName(hall, i) {
    const { section, row, label } = hall.seats[i];
    return t("seat_short", section, row, label);
}

const STATUS_NAMES = ["seat_available", "seat_held", "seat_sold"];

function describeSeat(hall, statuses, chosen, i) {
    const { section, row, label, price } = hall.seats[i];
    const status = t(chosen.has(i) ? "seat_mine" : STATUS_NAMES[statuses[i]]);
    return `${t("seat_name", section, row, label)}, ${points(price)}, ${status}`;
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

/** The choice: it keeps to the limit and loses what others take. */
function useChoice(hall, statuses, most) {
    const [chosen, setChosen] = useState(() => new Set());
    useEffect(() => {
        const still = new Set([...chosen].filter((i) => statuses[i] === FREE));
        if (still.size === chosen.size) return;
        setChosen(still);
        announce(t("seats_last_gone"), true);
    }, [statuses]);
    const toggle = (i) => {
        if (statuses[i] !== FREE) {
            announce(describeSeat(hall, statuses, chosen, i));
            return;
        }
        const after = new Set(chosen);
        if (!after.delete(i)) {
            if (after.size === most) {
                announce(t("chosen_most", most), true);
                return;
            }
            after.add(i);
        }
        setChosen(after);
        announce(describeSeat(hall, statuses, after, i));
    };
    return [chosen, setChosen, toggle];
}

function Views({ list, setList }) {
    const button = (value, name) => html`<button type="button" aria-pressed=${list === value}
        onClick=${() => setList(value)}>${t(name)}</button>`;
    return html`<div class="tabs" role="group" aria-label=${t("seats_views")}>
        ${button(false, "seats_map")}${button(true, "seats_list")}</div>`;
}

function Seats({ concert, item, hall, first, again }) {
    const { concertId } = concert;
    const most = Math.min(MOST, concert.maxSeatsPerUser ?? MOST);
    const [over, setOver] = useState(null);
    const [statuses, mark] = useStatuses(concertId, item.itemId, hall, first, setOver);
    const [chosen, setChosen, toggle] = useChoice(hall, statuses, most);
    const [list, setList] = useState(false);
    const [said, setSaid] = useState(null);
    const refused = (problem) => {
        if (problem.code === "seat_taken") setSaid(lose(problem.data.seatIds));
        else setSaid([refusal(problem)]);
        if (problem.code === "token_invalid") placeEnded(concertId);
    };
    const [busy, setBusy] = useUnfinished(concertId, item.itemId, refused);
    const place = useCell(kept(`token.${concertId}`));

    /** What went is removed, and the nearest free seats come in its place. */
    const lose = (seatIds) => {
        const lost = seatIds.map((seatId) => hall.indexOf.get(seatId));
        const after = new Set([...chosen].filter((i) => !lost.includes(i)));
        const offered = [];
        for (const i of lost) {
            const near = nearestFree(hall, statuses, i, new Set([...after, ...lost]));
            if (near < 0) continue;
            after.add(near);
            offered.push(near);
        }
        mark(lost);
        setChosen(after);
        const names = (indexes) => indexes.map((i) => shortName(hall, i)).join(", ");
        return [t("seats_gone", names(lost)), offered.length ? t("seats_offer", names(offered)) : t("seats_offer_none")];
    };
    const take = async (wanted) => {
        if (busy) return;
        setBusy(true);
        setSaid(null);
        try {
            await reserve(concert, item.itemId, wanted);
        } catch (problem) {
            refused(problem);
        }
        setBusy(false);
    };
    const describe = (i) => describeSeat(hall, statuses, chosen, i);
    const views = { hall, statuses, chosen, onToggle: toggle, describe };
    const closed = over || concert.status !== "open" || (concert.queue && place?.status !== "active");
    return html`
        <${Opening} concert=${concert} again=${again} />
        ${concert.queue && html`<${TurnBar} concert=${concert} />`}
        <div role="alert">
            ${over && html`<p class="notice">${refusal(over)}</p>`}
            ${said && html`<div class="notice lost">${said.map((line) => html`<p>${line}</p>`)}</div>`}
        </div>
        <div class="hall">
            <div class="hall-view">
                <div class="hall-head"><${Views} list=${list} setList=${setList} /><${Legend} hall=${hall} /></div>
                ${list ? html`<${SeatList} ...${views} />` : html`<${SeatMap} ...${views} />`}
            </div>
            <div class="hall-side">
                <${Choice} hall=${hall} chosen=${chosen} most=${most} disabled=${busy || closed} onToggle=${toggle}
                    onHold=${() => take({ seatIds: [...chosen].map((i) => hall.seats[i].seatId) })} />
                <${Best} hall=${hall} most=${most} disabled=${busy || closed} onTake=${take} />
            </div>
        </div>
        <div role="status" class="unseen">${busy ? t("holding") : ""}</div>`;
}

export function SeatsPage({ ids: [concertId, itemId] }) {
    const [answer, problem, again] = useAnswer((signal) => readAll(concertId, itemId, signal), [concertId, itemId]);
    const dateText = useMemo(() => answer && `${day(answer.item.date)} · ${moment(answer.item.startsAt, { timeStyle: "short" })}`,
        [answer, document.documentElement.lang]);
    usePageTitle(t("seats_title"));
    return html`
        <p><a href="#/concert/${concertId}">← ${answer?.concert.title ?? t("back")}</a></p>
        <${Title} kicker=${dateText}>${t("seats_title")}<//>
        ${problem && !answer && html`<${Refused} problem=${problem} />`}
        ${!answer && !problem && html`<${Loading} />`}
        ${answer && html`<${Seats} ...${answer} again=${again} />`}`;
}
