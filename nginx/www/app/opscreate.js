// Making a concert: field by field, or from JSON.
import { change } from "./opscall.js";
import { draftFromForm } from "./opsdata.js";
import { challenges, Choice, Field, MomentField, Repeated, useAct, useDraft, ZoneField } from "./opsparts.js";
import { SeatFields } from "./opssections.js";
import { say } from "./opstext.js";
import { ownZone } from "./opszone.js";
import { Title, usePageTitle } from "./parts.js";
import { html, useState } from "./view.js";

/** Sends a draft; the page says what became of it. */
async function create(draft) {
    const { concertId, warnings = [] } = await change("POST", "/admin/concert", draft);
    return html`${say("created", concertId)} ${warnings.join(" ")} <a href="#/concert/${concertId}">${say("to_concert")}</a>`;
}

function CreateForm({ run, isRunning }) {
    const draft = useDraft("create");
    const [zone, setZone] = useState(draft.of("timeZone", ownZone()));
    const submit = (event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        run(async () => {
            const said = await create(draftFromForm(form));
            draft.clear();
            return said;
        });
    };
    const field = (name, label, attributes) =>
        html`<${Field} label=${say(label)} name=${name} ...${attributes} defaultValue=${draft.of(name, attributes.initial)} />`;
    const moment = (name, label) => html`<${MomentField} label=${say(label)} name=${name} zone=${zone} draft=${draft} />`;
    return html`<form class="card" onSubmit=${submit} ...${draft.form}>
        <div class="fields">
            ${field("title", "title_field", { required: true, maxlength: 200 })}${field("venue", "venue", { required: true, maxlength: 200 })}
            <${ZoneField} defaultValue=${zone} onChange=${(event) => setZone(event.currentTarget.value)} />
            <${Choice} label=${say("status")} name="status" value=${draft.of("status", "open")}
                options=${[["open", say("stored_open")], ["closed", say("stored_closed")]]} />
            ${moment("opens", "opens_at")}${moment("closes", "closes_at")}
            ${field("admissionCapacity", "capacity_optional", { type: "number", min: 0, max: 1000000000 })}
            ${field("idleSeconds", "idle_seconds", { type: "number", min: 30, max: 86400 })}
            <${Choice} label=${say("challenge")} name="challenge" value=${draft.of("challenge", "off")} options=${challenges()} />
            ${field("maxSeatsPerUser", "seats_each", { type: "number", min: 1, max: 1000000, initial: "8" })}
            ${field("holdSeconds", "hold_seconds", { type: "number", min: 1, max: 3600, required: true, initial: "300" })}
        </div>
        <${Repeated} legend=${say("dates")} draft=${draft} by="begins" fields=${(i) => html`
            <${MomentField} label=${say("begins")} name="begins" zone=${zone} draft=${draft} i=${i} required />`} />
        <p class="help">${say("zone_help", zone)}</p>
        <${SeatFields} draft=${draft} />
        <p><button class="primary" disabled=${isRunning}>${say("create")}</button></p>
    </form>`;
}

function CreateFile({ run, isRunning }) {
    const [text, setText] = useState("");
    const load = async (event) => {
        const [file] = event.currentTarget.files;
        if (file) setText(await file.text()); // else the choice was taken back
    };
    const submit = (event) => {
        event.preventDefault();
        run(async () => {
            const said = await create(JSON.parse(text));
            setText("");
            return said;
        });
    };
    return html`<details class="card"><summary>${say("create_file")}</summary><form onSubmit=${submit}>
        <p class="help">${say("create_help")}</p>
        <label for="file">${say("file")}</label><input id="file" type="file" accept=".json" onChange=${load} />
        <label for="json">${say("json")}</label>
        <textarea id="json" rows="10" required spellcheck=${false} value=${text}
            onInput=${(event) => setText(event.currentTarget.value)}></textarea>
        <p><button class="primary" disabled=${isRunning}>${say("create_json")}</button></p>
    </form></details>`;
}

export default function CreatePage() {
    const [said, run, isRunning] = useAct();
    usePageTitle(say("create"));
    return html`<${Title} kicker=${html`<a href="#/">${say("concerts")}</a>`}>${say("create")}<//>
        <${CreateForm} run=${run} isRunning=${isRunning} /><${CreateFile} run=${run} isRunning=${isRunning} />${said}`;
}
