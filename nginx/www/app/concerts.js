// The concerts on sale, and one of them with its dates.
import { get, isOver } from "./api.js";
import { useSecondsUntil } from "./clock.js";
import { day, dayRange, pointRange, t, venueMoment } from "./language.js";
import { Countdown, Loading, Refused, Title, useAnswer, usePageTitle } from "./parts.js";
import { EnterButton, placeOf } from "./place.js";
import { address } from "./site.js";
import { useCell } from "./store.js";
import { html, useEffect, useState } from "./view.js";

const FIRST_DATES = 12;
const REFRESH = 15_000; // of what is left

/** What is on sale, with what is left of each. */
async function listConcerts(signal) {
    const { concerts } = await get("/concert", { signal });
    return concerts;
}

export function Over({ concert }) {
    return html`<p class="notice" role="status">${t(concert.status === "cancelled" ? "concert_cancelled" : "concert_over")}</p>`;
}

/** What is on sale, but not at the moment. */
export function Maintenance({ concert }) {
    return html`<div role="status">${concert?.maintenance && html`<p class="notice">${t("weather_maintenance")}</p>`}</div>`;
}

export function priceRange({ minPrice, maxPrice }) {
    return minPrice === null ? "" : pointRange(minPrice, maxPrice);
}

/** What is left of a concert or a date. What is held may come back, so it is not sold out. */
function Left({ of: { seatCount, availableCount, heldCount } }) {
    if (!seatCount) return null;
    const taken = () => t(heldCount > 0 ? "left_held" : "left_none");
    return html`<p class="left">
        <meter min="0" max=${seatCount} value=${availableCount} aria-hidden="true"></meter>
        <span>${availableCount > 0 ? t("left_of", availableCount, seatCount) : taken()}</span>
    </p>`;
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
        <p class="badge ${concert.status}">${t(`status_${concert.status}`)}</p>
        <h2><a href="#/concert/${concert.concertId}">${concert.title}</a></h2>
        <p class="quiet">${concert.venue}</p>
        <p class="facts">
            ${concert.firstDate && html`<span>${dayRange(concert.firstDate, concert.lastDate)}</span>`}
            <span>${t("dates_count", concert.itemCount)}</span>
            <span>${priceRange(concert)}</span>
        </p>
        <${Opening} concert=${concert} again=${again} />
        <${Maintenance} concert=${concert} />
        <${Left} of=${concert} />
    </li>`;
}

export function ConcertsPage() {
    const [concerts, problem, again] = useAnswer(listConcerts, []);
    useEffect(() => {
        const timer = setInterval(() => document.hidden || again(), REFRESH);
        return () => clearInterval(timer);
    }, []);
    usePageTitle(t("concerts"));
    return html`
        <${Title}>${t("concerts")}<//>
        <p class="lead">${t("concerts_lead")}</p>
        ${problem && html`<${Refused} problem=${problem} />`}
        ${!concerts && !problem && html`<${Loading} />`}
        ${concerts && concerts.length === 0 && html`<p>${t("no_concerts")}</p>`}
        <ul class="cards">${concerts?.map((concert) =>
            html`<${ConcertCard} key=${concert.concertId} concert=${concert} again=${again} />`)}</ul>`;
}

function DateCard({ concert, item }) {
    const when = html`<strong>${day(item.date)}</strong>
        <span class="quiet">${venueMoment(item.startsAt, concert.timeZone, { timeStyle: "short" })}</span>`;
    if (item.status === "cancelled") return html`<p class="card date">${when}<span>${t("date_cancelled")}</span></p>`;
    return html`<a class="card date" href="#/concert/${concert.concertId}/item/${item.itemId}">${when}<${Left} of=${item} /></a>`;
}

/** The dates of a concert, each a way to its seats. */
export function Dates({ concert, items }) {
    const [shown, setShown] = useState(FIRST_DATES);
    return html`<section aria-labelledby="dates">
        <h2 id="dates">${t("choose_date")}</h2>
        <ul class="dates">${items.slice(0, shown).map((item) =>
            html`<li key=${item.itemId}><${DateCard} concert=${concert} item=${item} /></li>`)}</ul>
        ${items.length > shown && html`<button type="button" onClick=${() => setShown(shown + 50)}>${t("more_dates")}</button>`}
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

/** What its organiser tells of it, as plain text. */
function About({ concert: { description, ageLimit, runningMinutes, poster } }) {
    return html`
        ${(ageLimit != null || runningMinutes) && html`<p class="facts">
            ${ageLimit != null && html`<span>${ageLimit ? t("age_limit", ageLimit) : t("all_ages")}</span>`}
            ${runningMinutes && html`<span>${t("running_minutes", runningMinutes)}</span>`}</p>`}
        ${poster && html`<img class="poster" src=${address(`/${poster}`)} alt="" />`}
        ${description && html`<p class="about">${description}</p>`}`;
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
        <${Title} kicker=${t(`status_${concert.status}`)}>${concert.title}<//>
        <p class="lead">${concert.venue}</p>
        <p class="facts"><span>${priceRange(concert)}</span>
            ${concert.maxSeatsPerUser && html`<span>${t("limit", concert.maxSeatsPerUser)}</span>`}</p>
        <${About} concert=${concert} />
        <${Opening} concert=${concert} again=${again} />
        <${Maintenance} concert=${concert} />
        ${over && html`<${Over} concert=${concert} />`}
        ${concert.queue && !over && html`<${QueueCall} concert=${concert} />`}
        ${items.length > 0 && html`<${Dates} concert=${concert} items=${items} />`}`;
}
