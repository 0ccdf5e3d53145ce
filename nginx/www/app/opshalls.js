// Halls that are kept: their list, a new one from a file, and one of them with its plan.
import { number, t } from "./language.js";
import { change, may, sendFile, usePages, useRead, withQuery } from "./opscall.js";
import { tell } from "./opshalltext.js";
import { fileOf } from "./opshallfile.js";
import { done, explain, Field, More, Table, useAct, venueTime, Waiting } from "./opsparts.js";
import { PlanEditor } from "./opsplan.js";
import { say } from "./opstext.js";
import { ownZone } from "./opszone.js";
import { confirm, Title, usePageTitle } from "./parts.js";
import { html, useRef, useState } from "./view.js";

const SHEET = /\.(xlsx?|ods|numbers)$/i; // sent all the same: the server says how to save it as CSV
const NAME_MAX = 60;

function priceRange({ minPrice, maxPrice }) {
    if (minPrice === null) return "–";
    return minPrice === maxPrice ? number(minPrice) : `${number(minPrice)}–${number(maxPrice)}`;
}

// ---- what a file was understood as

/** A refused file: what is wrong, in which line and column. */
function explainFile(problem) {
    return problem.code === "invalid_hall" ? tell(problem.data) : explain(problem);
}

function Understood({ plan }) {
    const { form, encoding, delimiter, columns } = plan;
    const delimiters = { ",": say("comma"), ";": say("semicolon"), "\t": say("tab") };
    const how = [form === "csv" ? "CSV" : form === "json" ? "JSON" : say("pretix_plan"), encoding, delimiters[delimiter]];
    return html`<p>${how.filter(Boolean).join(" · ")}</p>
        ${columns.length > 0 && html`<${Table} name=${say("hall_columns")} heads=${[say("hall_header"), say("hall_column")]}
            rows=${columns.map(({ header, column }) => [header, column === null ? html`<span class="quiet">${say("hall_ignored")}</span>` : tell.column(column)])} />`}
        <${Summary} hall=${plan} />`;
}

/** How large a hall is, what is in it, and which of its seats could not be drawn where they are. */
function Summary({ hall }) {
    const marked = Object.entries(hall.kinds).filter(([kind, count]) => kind !== "plain" && count > 0);
    return html`<p>${[say("hall_size", hall.seatCount, hall.rowCount, hall.sections.length), ...marked.map(([kind, count]) => `${say(`kind_${kind}`)} ${number(count)}`),
            hall.unpricedCount ? say("hall_unpriced", hall.unpricedCount) : priceRange(hall)].join(" · ")}</p>
        ${hall.noticeCount > 0 && html`<div class="notice"><p>${say("hall_notices", hall.noticeCount)}</p>
            <ul>${hall.notices.map((one, i) => html`<li key=${i}>${tell(one)}</li>`)}</ul></div>`}`;
}

// ---- a new one

/** Keeps a hall, and goes to it. */
async function keep(name, file) {
    const { hallId } = await sendFile(withQuery("/admin/hall", { name }), file);
    location.hash = `/hall/${hallId}`;
    return done();
}

/** The chosen file as it is sent: JSON, or what the server finds out. */
async function bytesOf(file) {
    return new Blob([await file.arrayBuffer()], { type: /\.json$/i.test(file.name) ? "application/json" : "text/csv" });
}

function Import() {
    const [said, run, isRunning] = useAct();
    const [refusal, setRefusal] = useState(null);
    const [found, setFound] = useState(null); // {name, file, plan}, of a file that was understood
    const chosen = useRef();
    const submit = (event) => {
        event.preventDefault();
        const name = new FormData(event.currentTarget).get("name").trim();
        const [file] = chosen.current.files;
        setRefusal(null);
        setFound(null);
        run(async () => {
            const bytes = await bytesOf(file);
            try {
                const plan = await sendFile(withQuery("/admin/hall", { name, dryRun: true }), bytes);
                setFound({ name: name || plan.name, file: bytes, plan });
            } catch (problem) {
                setRefusal(explainFile(problem));
            }
            return "";
        });
    };
    const suggest = (event) => {
        const [file] = event.currentTarget.files;
        const { name } = event.currentTarget.form.elements;
        if (file && name.value === "" && !SHEET.test(file.name)) name.value = file.name.replace(/\.\w+$/, "").slice(0, NAME_MAX);
    };
    return html`<section class="card" aria-label=${say("hall_import")}><h2>${say("hall_import")}</h2>
        <p class="help">${say("hall_import_help")}</p>
        <form onSubmit=${submit}><div class="fields">
            <label>${say("file")}<input ref=${chosen} type="file" required accept=".csv,.tsv,.txt,.json,.xlsx,.xls,.ods" onChange=${suggest} /></label>
            <${Field} label=${say("hall_name")} name="name" maxlength=${NAME_MAX} />
        </div>
        <p class="actions"><button class="primary" disabled=${isRunning}>${say("hall_check")}</button></p>
        <div role="alert">${refusal && html`<p class="error">${refusal}</p>`}</div></form>${said}
        ${found && html`<h3>${found.name}</h3><${Understood} plan=${found.plan} />
            <${PlanEditor} key=${found.name} seats=${found.plan.seats} name=${found.name} isNew
                onKeep=${(name, seats) => keep(name, seats ? fileOf(seats) : found.file)} />`}
    </section>`;
}

/** The halls, and what makes one. */
export default function HallsPage() {
    const [halls, problem, more, again] = usePages("/admin/hall?limit=50", "halls");
    usePageTitle(say("halls"));
    const row = ({ hallId, name, seatCount, createdAt, createdBy }) =>
        [html`<a href="#/hall/${hallId}">${name}</a>`, venueTime(createdAt, ownZone()), createdBy, number(seatCount)];
    return html`<${Title}>${say("halls")}<//>
        ${halls === null ? html`<${Waiting} problem=${problem} again=${again} />` : halls.length === 0 ? html`<p>${say("halls_none")}</p>` : html`
            <${Table} name=${say("halls")} heads=${[say("hall"), say("hall_made"), say("actor"), say("seats")]} rows=${halls.map(row)} numbers=${3} />`}
        <${More} more=${more} />
        ${may("manager") && html`<${Import} />`}`;
}

// ---- one of them

/** A hall that is kept, with its plan; a changed plan is kept as another hall. */
export function HallPage({ ids: [id] }) {
    const [hall, problem, again] = useRead(`/admin/hall/${id}`);
    const [said, run, isRunning] = useAct();
    usePageTitle(hall?.name ?? say("hall"));
    const remove = () => run(async () => {
        if (!await confirm(say("hall_remove_sure", hall.name), [say("hall_remove_effect")], say("hall_remove"))) return "";
        await change("DELETE", `/admin/hall/${id}`);
        location.hash = "/halls";
        return done();
    });
    return html`<${Title} kicker=${html`<a href="#/halls">${say("halls")}</a>`}>${hall?.name ?? t("loading")}<//>
        ${!hall ? html`<${Waiting} problem=${problem} again=${again} />` : html`<${Summary} hall=${hall} />
            <${PlanEditor} key=${id} seats=${hall.seats} name=${hall.name} onKeep=${(name, seats) => keep(name, fileOf(seats))} />
            ${may("manager") && html`<p><button type="button" class="danger" disabled=${isRunning} onClick=${remove}>${say("hall_remove")}</button></p>`}${said}`}`;
}
