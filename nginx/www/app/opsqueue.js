// What steers a concert: its sale, its queue with pause and capacity, and the draw with its beacon.
import { once } from "./api.js";
import { serverNow } from "./clock.js";
import { moment, number } from "./language.js";
import { say } from "./opstext.js";
import { html, useState } from "./view.js";

/** Changes members of the concert; says what became of it. */
function useChange(concert, adminKey) {
    const [said, setSaid] = useState(null);
    const change = async (members) => {
        try {
            const { data } = await once("PATCH", `/admin/concert/${concert.concertId}`, { admin: adminKey, body: members });
            setSaid([say("done"), ...(data.warnings ?? [])].join(" "));
        } catch (problem) {
            setSaid(say("refused", problem.data?.detail ?? problem.code));
        }
    };
    return [said, change];
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

function DrawSteering({ concert, draw, change }) {
    const lead = concert.drawLeadSeconds;
    if (!concert.draw) {
        if (concert.opensAt === null || Date.parse(concert.opensAt) <= serverNow()) return null;
        return html`<${Setting} key="lead" name="lead" label=${say("draw_lead")} button=${say("draw_on")} type="number" min="1" max="86400" defaultValue=${lead}
            onSet=${(value) => change({ draw: true, drawLeadSeconds: Number(value) })} />`;
    }
    return html`
        <p>${say("draw_state", say(`draw_${draw?.state ?? "collecting"}`))}${draw && ` ${say("draw_freezes", moment(draw.freezesAt))}`}</p>
        ${draw?.state === "collecting" && html`<${Setting} key="source" name="source" label=${say("beacon_source")} button=${say("beacon_name")} maxlength="200"
            defaultValue=${draw.beaconSource ?? ""} onSet=${(source) => change({ beacon: { source } })} />
            <p><button type="button" onClick=${() => change({ draw: false })}>${say("draw_off")}</button></p>`}
        ${draw?.beaconSource && draw.beacon === null && draw.state === "listed" && html`<${Setting} key="value" name="value"
            label=${say("beacon_value", draw.beaconSource)} button=${say("beacon_give")} maxlength="200" onSet=${(value) => change({ beacon: { value } })} />`}`;
}

export function Steering({ concert, queue, adminKey }) {
    const [said, change] = useChange(concert, adminKey);
    const { admissionCapacity: capacity, maintenance, paused, status } = concert;
    const button = (name, members) => html`<button type="button" onClick=${() => change(members)}>${say(name)}</button>`;
    return html`<div class="steer">
        ${maintenance && html`<p class="notice">${say("concert_maintenance")}</p>`}
        ${status !== "cancelled" && (status === "open" ? button("sale_close", { status: "closed" }) : button("sale_open", { status: "open" }))}
        ${capacity !== null && button(paused ? "resume" : "pause", { paused: !paused })}
        <${Setting} name="capacity" label=${capacity === null ? say("capacity_none") : `${say("capacity")} (${number(capacity)})`}
            type="number" min="0" max="1000000000" onSet=${(value) => change({ admissionCapacity: Number(value) })} />
        ${capacity !== null && html`<${DrawSteering} concert=${concert} draw=${queue?.draw} change=${change} />`}
        <p role="status">${said}</p>
    </div>`;
}
