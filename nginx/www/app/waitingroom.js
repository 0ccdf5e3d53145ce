// The waiting room of a concert.
import { isOver } from "./api.js";
import { Dates, Maintenance, Opening, Over, readConcert } from "./concerts.js";
import { durationRange, number, refusal, t } from "./language.js";
import { announce, confirm, Countdown, Fact, Loading, Refused, tell, Title, useAnswer, useModule, usePageTitle } from "./parts.js";
import { enter, EnterButton, leave, useCall, usePlace, useQueue } from "./place.js";
import { Presale, usePresale } from "./presale.js";
import { chime } from "./sound.js";
import { kept, useCell } from "./store.js";
import { findUser, requireUser, user } from "./user.js";
import { html, useEffect, useRef, useState } from "./view.js";

function PublicFacts({ queue }) {
    if (!queue) return null;
    return html`
        <${Fact} name=${t("queue_serving")}>${number(queue.serving)}<//>
        <${Fact} name=${t("queue_waiting")}>${number(queue.waiting)}<//>
        ${queue.admittedPerMinute > 0 && html`<${Fact} name=${t("queue_rate")}>${number(queue.admittedPerMinute)}<//>`}`;
}

function Paused({ queue }) {
    return html`<div role="status">${queue?.paused && html`<p class="notice">${t("queue_paused")}</p>`}</div>`;
}

/** Before the sale opens. The name is asked for now: at the opening that would cost the place of who looks away. */
function Before({ concert, again }) {
    const { userId: named, signsIn } = useCell(user) ?? {};
    const [problem, setProblem] = useState(null);
    useEffect(() => {
        findUser().catch(setProblem);
    }, []);
    return html`<div class="card call">
        <${Opening} concert=${concert} again=${again} />
        <p role="status">${t(named ? "queue_staying" : signsIn ? "queue_before_sign_in" : "queue_before")}</p>
        ${!named && html`<button type="button" class="primary" onClick=${() => requireUser().catch(setProblem)}>${t(signsIn ? "sign_in" : "queue_stay")}</button>`}
        ${problem && html`<p class="error" role="alert">${refusal(problem)}</p>`}
    </div>`;
}

/** Who was here before the opening enters by itself; kept, as a reload may fall on the opening. */
function useIntent(concertId, concert, again) {
    const [problem, setProblem] = useState(null);
    const intent = kept(`intent.${concertId}`);
    useEffect(() => () => intent.set(null), []); // who goes to another page does not wait here any more
    useEffect(() => {
        if (concert?.status === "scheduled" && !concert.draw) intent.set(true);
        if (concert?.status !== "open" || !intent.value) return undefined;
        const left = new AbortController();
        enter(concertId, left.signal).then(() => intent.set(null), (refused) => {
            if (refused.code === "concert_not_open") setTimeout(again, 500);
            else if (refused.name !== "AbortError") setProblem(refused);
        });
        return () => left.abort();
    }, [concert]);
    return problem;
}

function Wait({ place }) {
    if (place.etaSeconds === null) return t("queue_wait_unknown");
    return durationRange(place.etaSeconds, place.etaSecondsHigh);
}

function Sound() {
    const wanted = kept("sound");
    const on = useCell(wanted);
    const change = (event) => {
        wanted.set(event.currentTarget.checked);
        if (event.currentTarget.checked) chime();
    };
    return html`<label class="check"><input type="checkbox" checked=${Boolean(on)} onChange=${change} />
        ${t("queue_sound")}</label>`;
}

/** How many stand before us at most, by whichever of both answers is newer. */
function countAhead(place, queue) {
    const position = queue ? Math.min(place.position, place.number - queue.serving) : place.position;
    return Math.max(0, position - 1);
}

function Leave({ concertId }) {
    const go = async () => {
        if (!await confirm(t("queue_leave_sure"))) return;
        await leave(concertId);
        tell(t("queue_left"));
    };
    return html`<div class="actions"><button type="button" onClick=${go}>${t("queue_leave")}</button></div>`;
}

function Waiting({ concertId, place, queue }) {
    const ahead = countAhead(place, queue);
    const said = useRef(null);
    useEffect(() => {
        // not each one: every tenth part of the way
        if (said.current !== null && ahead > 3 && ahead > said.current * 0.9) return;
        if (said.current === ahead) return;
        said.current = ahead;
        announce(t("queue_ahead_say", ahead));
    }, [ahead]);
    return html`
        <p class="ahead"><span class="quiet">${t("queue_ahead")}</span> <strong>${number(ahead)}</strong></p>
        <dl class="facts-list">
            <${Fact} name=${t("queue_number")}>${number(place.number)}<//>
            <${Fact} name=${t("queue_wait")}><${Wait} place=${place} /><//>
            <${PublicFacts} queue=${queue} />
        </dl>
        <p>${t("queue_next")}</p>
        <${Sound} />
        <${Leave} concertId=${concertId} />`;
}

function Turn({ concert, items, place }) {
    return html`
        <p class="lead">${t("queue_turn_lead")}</p>
        ${place.expiresAt && html`<p>${t("queue_turn_left")} <${Countdown} until=${place.expiresAt} /></p>`}
        <${Dates} concert=${concert} items=${items} />
        <${Leave} concertId=${concert.concertId} />`;
}

/** Between the opening and the answer with the drawn number. */
function Drawn({ concertId }) {
    return html`<p class="lead" role="status">${t("draw_number_soon")}</p><${Leave} concertId=${concertId} />`;
}

/** Says by ear and eye that the waiting is over; `again` reads what is left by now. */
function useTurn(place, again) {
    const before = useRef(place?.status);
    useEffect(() => {
        if (before.current === "waiting" && place?.status === "active") {
            announce(t("queue_turn"), true);
            if (kept("sound").value) chime();
            again();
        }
        if (before.current === "active" && place?.ended) tell(t("refused_token_invalid"));
        before.current = place?.status;
    }, [place?.status]);
}

function Inside({ concert, items, place, queue, again, draws }) {
    const { concertId } = concert;
    const runs = usePresale(concert);
    if (isOver(concert)) return html`<${Over} concert=${concert} />`;
    if (place?.status === "active") return html`<${Turn} concert=${concert} items=${items} place=${place} />`;
    if (concert.status === "scheduled" && !(runs && place?.token)) {
        return concert.draw
            ? html`${draws && html`<${draws.DrawRoom} concert=${concert} place=${place} queue=${queue} again=${again} />`}
                ${place?.token && html`<${Sound} /><${Leave} concertId=${concertId} />`}`
            : html`<${Presale} concert=${concert} /><${Before} concert=${concert} again=${again} />`;
    }
    if (place?.status === "waiting") {
        return place.number === null
            ? html`<${Drawn} concertId=${concertId} />`
            : html`<${Waiting} concertId=${concertId} place=${place} queue=${queue} />`;
    }
    return html`
        ${place?.ended && html`<p class="notice" role="status">${t("queue_ended_lead")}</p>`}
        <dl class="facts-list">
            ${queue?.waiting > 0 && html`<${Fact} name=${t("queue_wait")}><${Wait} place=${queue} /><//>`}
            <${PublicFacts} queue=${queue} />
        </dl>
        <p>${t("queue_next")}</p>
        <${EnterButton} concertId=${concertId} />`;
}

function titleOf(place) {
    if (place?.status === "active") return t("queue_turn");
    if (place?.token && place.number === null) return t("draw_in");
    return t(place?.ended ? "queue_ended" : "queue_title");
}

export function WaitingRoom({ ids: [concertId] }) {
    const [answer, problem, again] = useAnswer((signal) => readConcert(concertId, signal), [concertId]);
    const held = usePlace(concertId);
    const place = answer && isOver(answer.concert) ? null : held; // it is held, for a sale that goes on
    const queue = useQueue(concertId);
    const refused = useIntent(concertId, answer?.concert, again);
    const draws = useModule(() => import("./draw.js"), Boolean(answer?.concert.draw));
    useEffect(() => {
        // the opening may be moved while one waits for it
        if (queue && answer && (queue.status !== answer.concert.status || queue.draw && queue.draw.opensAt !== answer.concert.opensAt)) again();
    }, [queue]);
    useCall(concertId, held, queue);
    useTurn(place, again);
    usePageTitle(place?.status === "waiting" && place.number !== null
        ? t("queue_ahead_title", countAhead(place, queue)) : titleOf(place));
    if (problem && !answer) return html`<${Title}>${t("queue_title")}<//><${Refused} problem=${problem} />`;
    return html`
        <p><a href="#/concert/${concertId}">← ${answer?.concert.title ?? t("back")}</a></p>
        <div class="room">
            <${Title}>${titleOf(place)}<//>
            ${answer?.concert.maintenance ? html`<${Maintenance} concert=${answer.concert} />` : html`<${Paused} queue=${queue} />`}
            ${refused && html`<p class="error" role="alert">${refusal(refused)}</p>`}
            ${answer ? html`<${Inside} ...${answer} place=${place} queue=${queue} again=${again} draws=${draws} />`
                : html`<${Loading} />`}
            ${draws && html`<${draws.DrawCheck} concertId=${concertId} place=${held} draw=${queue?.draw} />`}
        </div>`;
}
