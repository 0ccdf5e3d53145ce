// The concerts on sale, and one of them with its dates.
import { get, isOver, Problem } from "./api.js";
import { useSecondsUntil } from "./clock.js";
import { askForSeatModules } from "./early.js";
import { day, dayRange, language, pointRange, refusal, t, venueMoment } from "./language.js";
import { Countdown, Fact, Loading, Refused, Title, useAnswer, usePageTitle } from "./parts.js";
import { EnterButton, placeOf } from "./place.js";
import { Presale } from "./presale.js";
import { addressOf } from "./path.js";
import { address } from "./site.js";
import { useCell } from "./store.js";
import { html, useEffect, useMemo, useState } from "./view.js";

const FIRST_DATES = 12;
const REFRESH = 15_000; // of what is left

let last = null; // what was listed last: shown at once to who comes back

/** What is on sale, on a day or at all, with what is left of each. */
async function listConcerts(date, signal) {
    const { concerts } = await get(date ? `/concert?date=${date}` : "/concert", { signal });
    last = { date, concerts };
    return concerts;
}

export function Over({ concert }) {
    return html`<p class="notice" role="status">${refusal({ code: concert.status === "cancelled" ? "concert_cancelled" : "concert_not_open" })}</p>`;
}

/** What is on sale, but not at the moment. */
export function Maintenance({ concert }) {
    return html`<div role="status">${concert?.maintenance && html`<p class="notice">${t("weather_maintenance")}</p>`}</div>`;
}

export function priceRange({ minPrice, maxPrice }) {
    return minPrice === null ? "" : pointRange(minPrice, maxPrice);
}

function isSoldOut({ seatCount, availableCount, heldCount }) {
    return seatCount > 0 && availableCount === 0 && heldCount === 0;
}

/** The state of a sale in a word or two. What is held may come back, so it is not sold out. */
function stateOf(concert) {
    const { status, seatCount, availableCount } = concert;
    if (status !== "open" || seatCount === 0 || availableCount > 0) return t(`status_${status}`);
    return t(isSoldOut(concert) ? "left_none" : "status_all_held");
}

const FEW = 0.1; // of the seats

/** What is left of a concert or a date. */
function Left({ of }) {
    const { seatCount, availableCount } = of;
    if (!seatCount) return null;
    if (isSoldOut(of)) return html`<p class="left"><span class="badge">${t("left_none")}</span></p>`;
    if (availableCount === 0) return html`<p class="left">${t("left_held")}</p>`;
    return html`<p class="left">${availableCount <= FEW * seatCount && html`<span class="badge few">${t("left_few")}</span>`}
        <span>${t("left_of", availableCount, seatCount)}</span></p>`;
}

/** Counts down to the opening, and then asks until the answer says it too: nginx's may be a second old. */
export function Opening({ concert, again }) {
    const scheduled = concert.status === "scheduled";
    const due = useSecondsUntil(concert.opensAt) === 0;
    useEffect(() => {
        if (!scheduled || !due) return undefined;
        const timer = setTimeout(again, 1000 * Math.random()); // not all at once
        return () => clearTimeout(timer);
    }, [concert, due]);
    if (!scheduled) return null;
    return html`<p class="opening">${t("opens_in")} <${Countdown} until=${concert.opensAt} />
        <span class="quiet">${t("opens_at", venueMoment(concert.opensAt, concert.timeZone))}</span></p>`;
}

function ConcertCard({ concert, again }) {
    return html`<li class="card concert">
        <p class="badge ${concert.status}">${stateOf(concert)}</p>
        <h2><a href="#/concert/${concert.concertId}">${concert.title}</a></h2>
        <p class="quiet">${concert.venue}</p>
        <p class="facts">
            ${concert.firstDate && html`<span>${dayRange(concert.firstDate, concert.lastDate)}</span>`}
            <span>${t("dates_count", concert.itemCount)}</span>
            <span>${priceRange(concert)}</span>
        </p>
        <${Opening} concert=${concert} again=${again} />
        <${Maintenance} concert=${concert} />
        ${!isSoldOut(concert) && html`<${Left} of=${concert} />`}
    </li>`;
}

// ---- the list

const MANY = 6; // concerts among which one looks for one

/** What is soonest first; what has no date comes last. */
function compareDates(one, other) {
    return (one.firstDate ?? "~").localeCompare(other.firstDate ?? "~") || one.concertId - other.concertId;
}

const ORDERS = {
    date: compareDates,
    opening: (one, other) => (one.status === "open") - (other.status === "open") ||
        (one.opensAt ?? "").localeCompare(other.opensAt ?? "") || compareDates(one, other),
    title: (one, other) => one.title.localeCompare(other.title, language()),
};

/** As it is compared: Korean may be typed in parts, and nobody minds capitals. */
function fold(text) {
    return text.normalize("NFC").toLocaleLowerCase();
}

/** The concerts whose title or venue has all these words, in an order. */
function choose(concerts, { q = "", order = "date" }) {
    const words = fold(q).split(/\s+/);
    return concerts.filter(({ title, venue }) => words.every((word) => fold(`${title} ${venue}`).includes(word)))
        .sort(ORDERS[order] ?? compareDates);
}

function Find({ filter, onChange }) {
    const change = (name) => (event) => onChange({ ...filter, [name]: event.currentTarget.value });
    return html`<form role="search" class="find" onSubmit=${(event) => event.preventDefault()}>
        <label>${t("find")}<input type="search" value=${filter.q ?? ""} onInput=${change("q")} /></label>
        <label>${t("find_date")}<input type="date" value=${filter.date ?? ""} onChange=${change("date")} /></label>
        <label>${t("find_order")}<select onChange=${change("order")}>${Object.keys(ORDERS).map((order) =>
            html`<option key=${order} value=${order} selected=${order === filter.order}>${t(`order_${order}`)}</option>`)}</select></label>
    </form>`;
}

/** What is looked for: kept in the address, so that Back, a reload and a link have it. */
function useFilter(query) {
    const [filter, setFilter] = useState(query);
    useEffect(() => setFilter(query), [query]);
    const change = (members) => {
        history.replaceState(history.state, "", addressOf("/", members));
        setFilter(members);
    };
    return [filter, change];
}

export function ConcertsPage({ query }) {
    const [filter, setFilter] = useFilter(query);
    const { date = "" } = filter;
    const [listed, problem, again] = useAnswer((signal) => listConcerts(date, signal), [date]);
    const all = listed ?? (last?.date === date ? last.concerts : null);
    const concerts = useMemo(() => all && choose(all, filter), [all, filter]);
    const isFiltered = Object.keys(filter).some((name) => filter[name] && name !== "order");
    useEffect(() => {
        const timer = setInterval(() => document.hidden || again(), REFRESH);
        return () => clearInterval(timer);
    }, []);
    usePageTitle(t("concerts"));
    return html`
        <${Title}>${t("concerts")}<//>
        <p class="lead">${t("concerts_lead")}</p>
        ${problem && html`<${Refused} problem=${problem} />`}
        ${(isFiltered || all?.length > MANY) && html`<${Find} filter=${filter} onChange=${setFilter} />`}
        ${!concerts && !problem && html`<${Loading} />`}
        <p role="status" class="quiet">${concerts && (concerts.length || isFiltered ? t("concerts_count", concerts.length) : t("no_concerts"))}</p>
        <ul class="cards">${concerts?.map((concert) =>
            html`<${ConcertCard} key=${concert.concertId} concert=${concert} again=${again} />`)}</ul>`;
}

/** Why there is nothing to buy for a date, or null. */
export function refusalOf({ status, over }) {
    if (status === "cancelled") return new Problem("item_cancelled", 409);
    return over ? new Problem("item_over", 409) : null;
}

function DateCard({ concert, item }) {
    const when = html`<strong>${day(item.date)}</strong>
        <span class="quiet">${venueMoment(item.startsAt, concert.timeZone, { timeStyle: "short" })}</span>`;
    const refused = refusalOf(item);
    if (refused) return html`<p class="card date">${when}<span>${refusal(refused)}</span></p>`;
    return html`<a class="card date" href="#/concert/${concert.concertId}/item/${item.itemId}">${when}<${Left} of=${item} />
        ${concert.waitlist && item.availableCount === 0 && html`<span>${t("wait_for_returns")}</span>`}</a>`;
}

function DateCards({ concert, items }) {
    const [shown, setShown] = useState(FIRST_DATES);
    return html`
        <ul class="dates">${items.slice(0, shown).map((item) =>
            html`<li key=${item.itemId}><${DateCard} concert=${concert} item=${item} /></li>`)}</ul>
        ${items.length > shown && html`<button type="button" onClick=${() => setShown(shown + 50)}>${t("more_dates")}</button>`}`;
}

/** The dates of a concert, each a way to its seats; those that are over behind the others. */
export function Dates({ concert, items }) {
    useEffect(askForSeatModules, []);
    const past = items.filter(({ over }) => over);
    return html`<section aria-labelledby="dates">
        <h2 id="dates">${t("choose_date")}</h2>
        <${DateCards} concert=${concert} items=${items.filter(({ over }) => !over)} />
        ${past.length > 0 && html`<details><summary>${t("past_dates")}</summary><${DateCards} concert=${concert} items=${past} /></details>`}
    </section>`;
}

/** A concert with its dates; of one that is over there are none. */
export async function readConcert(concertId, signal) {
    const [concert, items] = await Promise.all([
        get(`/concert/${concertId}`, { signal }),
        get(`/concert/${concertId}/item`, { signal }).then((answer) => answer.items, (problem) => {
            if (problem.code === "concert_not_open") return [];
            throw problem;
        }),
    ]);
    return { concert, items };
}

/** Of a sale that was refused as not open: what has become of it. */
export async function explain(problem, concertId, itemId) {
    if (problem.code !== "concert_not_open") return problem;
    const { concert, items } = await readConcert(concertId).catch(() => ({ items: [] }));
    if (concert?.status === "cancelled") return new Problem("concert_cancelled", 409);
    const item = items.find((one) => one.itemId === itemId);
    return (item && refusalOf(item)) ?? problem;
}

function QueueCall({ concert }) {
    const place = useCell(placeOf(concert.concertId));
    const queue = `#/concert/${concert.concertId}/queue`;
    const toLine = () => {
        location.hash = queue;
    };
    return html`<div class="card call">
        <p>${t(concert.draw ? "has_draw" : "has_queue")}</p>
        ${place?.token || concert.status !== "open"
            ? html`<a class="button primary" href=${queue}>${t(place?.token ? "to_queue" : "queue_title")}</a>`
            : html`<${EnterButton} concertId=${concert.concertId} onEntered=${toLine} />`}
    </div>`;
}

/** The facts of a concert, each with its name. */
function Facts({ concert }) {
    const { venue, firstDate, lastDate, maxSeatsPerUser, ageLimit, runningMinutes } = concert;
    return html`<dl class="facts-list">
        <${Fact} name=${t("fact_venue")}>${venue}<//>
        ${firstDate && html`<${Fact} name=${t("fact_dates")}>${dayRange(firstDate, lastDate)}<//>`}
        ${priceRange(concert) && html`<${Fact} name=${t("fact_price")}>${priceRange(concert)}<//>`}
        ${runningMinutes && html`<${Fact} name=${t("fact_time")}>${t("running_minutes", runningMinutes)}<//>`}
        ${ageLimit != null && html`<${Fact} name=${t("fact_age")}>${ageLimit ? t("age_limit", ageLimit) : t("all_ages")}<//>`}
        ${maxSeatsPerUser && html`<${Fact} name=${t("fact_limit")}>${t("limit", maxSeatsPerUser)}<//>`}
    </dl>`;
}

export function ConcertPage({ ids: [concertId] }) {
    const [answer, problem, again] = useAnswer((signal) => readConcert(concertId, signal), [concertId]);
    usePageTitle(answer?.concert.title);
    if (problem && !answer) return html`<${Title}>${t("concerts")}<//><${Refused} problem=${problem} />`;
    if (!answer) return html`<${Title}>${t("concerts")}<//><${Loading} />`;
    const { concert, items } = answer;
    const over = isOver(concert);
    return html`
        <p><a href="#/">← ${t("to_concerts")}</a></p>
        <div class="head">
            ${concert.poster && html`<img class="poster" src=${address(`/${concert.poster}`)} alt="" />`}
            <${Title} kicker=${html`<span class="badge ${concert.status}">${stateOf(concert)}</span>`}>${concert.title}<//>
            <${Facts} concert=${concert} />
            <div>
                <${Opening} concert=${concert} again=${again} />
                <${Maintenance} concert=${concert} />
                ${over && html`<${Over} concert=${concert} />`}
                <${Presale} concert=${concert} onEntered=${() => { if (concert.queue) location.hash = `#/concert/${concertId}/queue`; }} />
                ${concert.queue && !over && html`<${QueueCall} concert=${concert} />`}
            </div>
            ${concert.description && html`<p class="about">${concert.description}</p>`}
        </div>
        ${items.length > 0 && html`<${Dates} concert=${concert} items=${items} />`}`;
}
