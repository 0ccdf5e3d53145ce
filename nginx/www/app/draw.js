// The draw: what is promised before the sale opens, and the check of it afterwards.
import { serverNow, useSecondsUntil } from "./clock.js";
import { Opening } from "./concerts.js";
import { say } from "./drawtext.js";
import { number, t, venueMoment } from "./language.js";
import { announce, Countdown, Fact } from "./parts.js";
import { EnterButton } from "./place.js";
import { address } from "./site.js";
import { kept, useCell } from "./store.js";
import { html, useEffect, useState } from "./view.js";

const PROMISED = ["commitment", "listHash", "beaconSource", "beacon"];

const FREEZING = 15_000; // for so long before it an answer may not have made it into the list

/** What this browser saw promised when it had entered, with its token and number: for the check. */
function useRecord(concertId, place, draw) {
    const cell = kept(`draw.${concertId}`);
    const record = useCell(cell);
    useEffect(() => {
        if (!place?.token || !draw) return;
        const before = record?.token === place.token ? record
            : { token: place.token, early: serverNow() < Date.parse(draw.freezesAt) - FREEZING };
        const after = { ...before, number: place.number ?? before.number ?? null, seen: { ...before.seen } };
        // until the freeze the beacon may be named
        for (const name of draw.state === "collecting" ? ["commitment"] : PROMISED) after.seen[name] ??= draw[name];
        if (JSON.stringify(after) !== JSON.stringify(record)) cell.set(after);
    }, [draw, place?.token, place?.number]);
    return record;
}

function Hash({ name, value }) {
    if (!value) return null;
    return html`<div><dt>${say(name)}</dt><dd><code>${value}</code></dd></div>`;
}

function beaconText({ beaconSource, beacon, protected: isProtected }) {
    if (!beaconSource) return say("beacon_none");
    if (isProtected === false) return say("beacon_missing", beaconSource);
    return beacon === null ? say("beacon_later", beaconSource) : say("beacon_is", beaconSource, beacon);
}

/** All that is public about a draw. */
function Promises({ draw }) {
    return html`<details class="card promises">
        <summary>${say("how")}</summary>
        <p>${say("how_lead")}</p>
        <dl class="hashes">
            <${Hash} name="commitment" value=${draw.commitment} />
            <${Hash} name="list_hash" value=${draw.listHash} />
            <${Hash} name="seed" value=${draw.seed} />
            <div><dt>${say("beacon")}</dt><dd>${beaconText(draw)}</dd></div>
        </dl>
        ${draw.list && html`<p><a href=${address(draw.list)} target="_blank">${say("list")}</a></p>`}
    </details>`;
}

function Freeze({ freezesAt }) {
    if (useSecondsUntil(freezesAt) === 0) return null;
    return html`<${Fact} name=${say("freezes")}><${Countdown} until=${freezesAt} /><//>`;
}

/** The waiting room before the opening of a sale with a draw. */
export function DrawRoom({ concert, place, queue, again }) {
    if (!queue) return null;
    const { draw, waiting } = queue;
    const collecting = draw.state === "collecting";
    return html`
        <div class="card call">
            <${Opening} concert=${concert} again=${again} />
            <p role="status">${say(place?.token ? "in_lead" : "lead", venueMoment(draw.freezesAt, concert.timeZone))}</p>
            ${!place?.token && html`${!collecting && html`<p>${say("late")}</p>`}
                <${EnterButton} concertId=${concert.concertId} name=${collecting ? "draw_enter" : "enter_queue"} />`}
        </div>
        <dl class="facts-list">
            <${Freeze} freezesAt=${draw.freezesAt} />
            <${Fact} name=${say("count")}>${number(draw.count ?? waiting)}<//>
        </dl>
        <p role="status">${say(draw.state)}</p>
        <p class="quiet">${say("beacon")}: ${beaconText(draw)}</p>
        <${Promises} draw=${draw} />`;
}

// ---- the check

function Steps({ steps }) {
    return html`<ul class="steps">${steps.map(({ name, ok, value }) => html`<li key=${name} class=${ok ? "" : "error"}>
        <span aria-hidden="true">${ok ? "✓" : "✗"}</span> ${say(`${ok ? "ok" : "bad"}_${name}`, value && number(value))}</li>`)}</ul>`;
}

/**
 * Once the list is published one can look whether one is in it; once the seed is, anybody computes the
 * order again, here.
 */
export function DrawCheck({ concertId, place, draw }) {
    const record = useRecord(concertId, place, draw);
    const [state, setState] = useState({});
    useEffect(() => setState({}), [draw?.seed]);
    if (!draw?.list) return null;
    const check = async () => {
        setState({ done: 0 });
        try {
            const { checkDraw } = await import("./drawcheck.js");
            const steps = await checkDraw(draw, record, (done) => setState({ done }));
            const ok = steps.every((step) => step.ok);
            setState({ steps, ok });
            announce(say(ok ? "ok" : "bad"), true);
        } catch {
            setState({ failed: true });
        }
    };
    return html`<section aria-labelledby="draw"><h2 id="draw">${say("title")}</h2>
        ${draw.seed && html`<p>${say("revealed")}</p>`}
        ${state.done === undefined && html`<p><button type="button" onClick=${check}>${say("check")}</button></p>`}
        ${state.done !== undefined && html`<p><label>${say("checking")} <progress max="1" value=${state.done}></progress></label></p>`}
        ${state.failed && html`<p class="error" role="alert">${globalThis.isSecureContext ? t("refused") : say("insecure")}</p>`}
        ${state.steps && html`<${Steps} steps=${state.steps} />
            <p class=${state.ok ? "good" : "error"}><strong>${say(state.ok ? "ok" : "bad")}</strong></p>`}
        ${draw.seed && html`<${Promises} draw=${draw} />`}</section>`;
}
