// The queue of a concert: figures, plots, pause, capacity, and the draw with its beacon.
import { once } from "./api.js";
import { serverNow } from "./clock.js";
import { number, percent } from "./language.js";
import { change, may } from "./opscall.js";
import { Forecasts } from "./opsdata.js";
import { done, useAct, venueTime } from "./opsparts.js";
import { Plot, Plots, Trail } from "./opsplot.js";
import { say } from "./opstext.js";
import { confirm, Fact } from "./parts.js";
import { html, useEffect, useRef, useState } from "./view.js";

/** The public state of the queue, read each second while the page is looked at; null until it is known. */
function useQueue(concertId) {
    const [queue, setQueue] = useState(null);
    useEffect(() => {
        const look = () => !document.hidden && once("GET", `/concert/${concertId}/queue`).then(({ data }) => setQueue(data), () => {});
        look();
        const timer = setInterval(look, 1000);
        return () => clearInterval(timer);
    }, [concertId]);
    return queue;
}

/** A field with a button that sets it. */
function Setting({ name, label, button = say("set"), onSet, ...attributes }) {
    const submit = (event) => {
        event.preventDefault();
        onSet(new FormData(event.currentTarget).get(name));
    };
    return html`<form class="together" onSubmit=${submit}>
        <label for=${name}>${label}</label><input id=${name} name=${name} required ...${attributes} /><button>${button}</button>
    </form>`;
}

function Draw({ concert, draw, set }) {
    if (!concert.draw) {
        if (concert.opensAt === null || Date.parse(concert.opensAt) <= serverNow()) return null;
        return html`<${Setting} key="lead" name="lead" label=${say("draw_lead")} button=${say("draw_on")} type="number" min="1" max="86400"
            defaultValue=${concert.drawLeadSeconds} onSet=${(value) => set({ draw: true, drawLeadSeconds: Number(value) })} />`;
    }
    return html`
        <p>${say("draw_state", say(`draw_${draw?.state ?? "collecting"}`))}${draw && ` ${say("draw_freezes", venueTime(draw.freezesAt, concert.timeZone))}`}</p>
        ${draw?.state === "collecting" && html`<${Setting} key="source" name="source" label=${say("beacon_source")} button=${say("beacon_name")} maxlength="200"
            defaultValue=${draw.beaconSource ?? ""} onSet=${(source) => set({ beacon: { source } })} />
            <p><button type="button" onClick=${() => set({ draw: false })}>${say("draw_off")}</button></p>`}
        ${draw?.beaconSource && draw.beacon === null && draw.state === "listed" && html`<${Setting} key="value" name="value"
            label=${say("beacon_value", draw.beaconSource)} button=${say("beacon_give")} maxlength="200" onSet=${(value) => set({ beacon: { value } })} />`}`;
}

function Steering({ concert, queue, again }) {
    const [said, run] = useAct();
    const { admissionCapacity: capacity, paused } = concert;
    const set = (members) => run(async () => {
        const answer = await change("PATCH", `/admin/concert/${concert.concertId}`, members);
        again();
        return done(answer);
    });
    const remove = async () => {
        const effects = [say("queue_remove_effect", concert.queue?.waiting ?? 0)];
        if (await confirm(say("queue_remove_sure"), effects, say("queue_remove"))) await set({ admissionCapacity: null });
    };
    return html`<section class="card steer" aria-label=${say("steering")}>
        ${capacity !== null && html`<button type="button" onClick=${() => set({ paused: !paused })}>${say(paused ? "resume" : "pause")}</button>
            <button type="button" onClick=${remove}>${say("queue_remove")}</button>`}
        <${Setting} name="capacity" label=${capacity === null ? say("capacity_none") : `${say("capacity")} (${number(capacity)})`}
            type="number" min="0" max="1000000000" onSet=${(value) => set({ admissionCapacity: Number(value) })} />
        ${capacity !== null && html`<${Draw} concert=${concert} draw=${queue?.draw} set=${set} />`}
        ${said}
    </section>`;
}

export default function QueueTab({ concert, again }) {
    const queue = useQueue(concert.concertId);
    const kept = useRef(null);
    kept.current ??= { trail: new Trail(), forecasts: new Forecasts() };
    const { trail, forecasts } = kept.current;
    const hasQueue = concert.admissionCapacity !== null;
    const [turn, setTurn] = useState(0);
    useEffect(() => {
        if (!queue) return;
        const { waiting, active, admittedPerMinute: admitted } = queue;
        trail.add({ waiting, active, admitted, ...forecasts.add(queue, performance.now() / 1000) });
        setTurn((before) => before + 1);
    }, [queue]);
    const asTold = forecasts.parts();
    const props = { trail, turn };
    return html`
        ${hasQueue && html`<dl class="facts-list">
            <${Fact} name=${say("waiting")}>${number(concert.queue?.waiting ?? 0)}<//>
            <${Fact} name=${say("active")}>${number(concert.queue?.active ?? 0)}<//>
            <${Fact} name=${say("admitted")}>${number(queue?.admittedPerMinute ?? 0)}<//>
            <${Fact} name=${say("serving")}>${number(concert.queue?.serving ?? 0)} / ${number(concert.queue?.lastNumber ?? 0)}<//>
            ${asTold && html`<${Fact} name=${say("as_told")}>${percent(asTold.told)} / ${percent(asTold.toldHigh)}<//>`}
        </dl>`}
        ${may("manager") ? html`<${Steering} concert=${concert} queue=${queue} again=${again} />` : !hasQueue && html`<p>${say("no_queue")}</p>`}
        ${hasQueue && html`<${Plots}>
            <${Plot} ...${props} name=${say("queue")}
                series=${[["waiting", say("waiting")], ["active", say("active")], ["admitted", say("admitted")]]} />
            <${Plot} ...${props} name=${say("forecast")} dots
                series=${[["waited", say("waited")], ["told", say("told")], ["toldHigh", say("told_high")]]} />
        <//>`}`;
}
