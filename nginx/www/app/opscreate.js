// Making a concert: field by field, or from a JSON or CSV file.
import { once, Problem } from "./api.js";
import { draftFromCsv, draftFromForm } from "./opsdata.js";
import { say } from "./opstext.js";
import { newKey } from "./pending.js";
import { html, useRef, useState } from "./view.js";

/** Sends a draft; says what became of it. The same again, after a lost answer, makes no second one. */
function useCreation(adminKey, onCreated) {
    const [said, setSaid] = useState(null);
    const sent = useRef({});
    const create = async (draft) => {
        setSaid(null);
        try {
            const body = draft();
            const text = JSON.stringify(body);
            if (sent.current.text !== text) sent.current = { text, key: newKey() };
            const { data } = await once("POST", "/admin/concert", { admin: adminKey, body, key: sent.current.key });
            sent.current = {};
            setSaid([say("created", data.concertId), ...(data.warnings ?? [])].join(" "));
            onCreated(data.concertId);
            return true;
        } catch (problem) {
            setSaid(say("refused", problem instanceof Problem ? `${problem.data.field ?? ""} ${problem.data.detail ?? problem.code}` : problem.message));
            return false;
        }
    };
    return [said, create];
}

function Field({ name, label = name, ...attributes }) {
    return html`<label>${say(label)}<input name=${name} ...${attributes} /></label>`;
}

/** A group of fields as often as wanted, once at least. */
function Repeated({ legend, fields }) {
    const [count, setCount] = useState(1);
    return html`<fieldset><legend>${say(legend)}</legend>
        ${Array.from({ length: count }, (_, i) => html`<div class="fields" key=${i}>${fields(i)}</div>`)}
        <p class="actions">
            <button type="button" onClick=${() => setCount(count + 1)}>${say("one_more")}</button>
            <button type="button" disabled=${count === 1} onClick=${() => setCount(count - 1)}>${say("one_less")}</button>
        </p>
    </fieldset>`;
}

function CreateForm({ create }) {
    const submit = (event) => {
        event.preventDefault();
        const form = event.currentTarget;
        create(() => draftFromForm(new FormData(form))).then((done) => done && form.reset());
    };
    const seats = { type: "number", min: 1, max: 1000, required: true };
    return html`<form onSubmit=${submit}>
        <div class="fields">
            <${Field} name="title" label="title_field" required maxlength="200" /><${Field} name="venue" required maxlength="200" />
            <label>${say("status")}<select name="status">
                <option value="open">${say("status_open")}</option><option value="closed">${say("status_closed")}</option></select></label>
            <${Field} name="opensAt" label="opens_at" type="datetime-local" />
            <${Field} name="closesAt" label="closes_at" type="datetime-local" />
            <${Field} name="admissionCapacity" label="capacity_optional" type="number" min="0" max="1000000000" />
            <${Field} name="idleSeconds" label="idle_seconds" type="number" min="30" max="86400" />
            <${Field} name="maxSeatsPerUser" label="seats_each" type="number" min="1" max="1000000" defaultValue="8" />
            <${Field} name="holdSeconds" label="hold_seconds" type="number" min="1" max="3600" defaultValue="300" required />
        </div>
        <${Repeated} legend="dates" fields=${() => html`
            <${Field} name="date" type="date" required /><${Field} name="time" type="time" required />`} />
        <${Repeated} legend="sections" fields=${(i) => html`
            <${Field} name="section" required maxlength="32" defaultValue=${"ABCDEFGH"[i]} /><${Field} name="rows" ...${seats} />
            <${Field} name="seats" label="row_seats" ...${seats} />
            <${Field} name="price" type="number" min="0" max="1000000000" required />`} />
        <p><button class="primary">${say("create")}</button></p>
    </form>`;
}

function CreateFile({ create }) {
    const [text, setText] = useState("");
    const load = async (event) => {
        const [file] = event.currentTarget.files;
        if (!file) return; // the choice was taken back
        const read = await file.text();
        const name = file.name.replace(/\.\w+$/, "");
        setText(/\.csv$/i.test(file.name) ? JSON.stringify(draftFromCsv(read, name), null, 2) : read);
    };
    const submit = (event) => {
        event.preventDefault();
        create(() => JSON.parse(text)).then((done) => done && setText(""));
    };
    return html`<details><summary>${say("create_file")}</summary><form onSubmit=${submit}>
        <p class="help">${say("create_help")}</p>
        <label for="file">${say("file")}</label><input id="file" type="file" accept=".json,.csv" onChange=${load} />
        <label for="json">${say("json")}</label>
        <textarea id="json" rows="10" required spellcheck=${false} value=${text}
            onInput=${(event) => setText(event.currentTarget.value)}></textarea>
        <p><button class="primary">${say("create_json")}</button></p>
    </form></details>`;
}

export function Create({ adminKey, onCreated }) {
    const [said, create] = useCreation(adminKey, onCreated);
    return html`<details class="card create"><summary>${say("create")}</summary>
        <p role="status">${said}</p>
        <${CreateForm} create=${create} /><${CreateFile} create=${create} />
    </details>`;
}
