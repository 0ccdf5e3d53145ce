// The audit log of a concert: who changed what, and what it was before.
import { usePages } from "./opscall.js";
import { More, Table, venueTime, Waiting } from "./opsparts.js";
import { say } from "./opstext.js";
import { html } from "./view.js";

function text(value) {
    return typeof value === "string" ? value : JSON.stringify(value);
}

/** A value before and after, or one that only tells what the change is about. */
function Value({ name, before, after }) {
    const [was, is] = [before, after].map((values) => values && name in values ? text(values[name]) : null);
    const shown = was === is ? is : html`${was !== null && html`<del>${was}</del> `}${is !== null && html`<ins>${is}</ins>`}`;
    return html`<div><dt>${name}</dt><dd>${shown}</dd></div>`;
}

function Changes({ before, after, detail }) {
    const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
    return html`<div>${detail}</div>
        ${names.length > 0 && html`<dl class="changes">${names.map((name) => html`<${Value} key=${name} name=${name} before=${before} after=${after} />`)}</dl>`}`;
}

export default function LogTab({ concert }) {
    const [rows, problem, more, again] = usePages(`/admin/log?concertId=${concert.concertId}`, "log");
    if (!rows) return html`<${Waiting} problem=${problem} again=${again} />`;
    return html`${problem && html`<${Waiting} problem=${problem} again=${again} />`}
        <${Table} name=${say("tab_log")} heads=${[say("when"), say("actor"), say("action"), say("changed")]}
            rows=${rows.map((row) => [
                venueTime(row.createdAt, concert.timeZone, { dateStyle: "short", timeStyle: "medium" }), row.actor, row.action,
                html`<${Changes} ...${row} />`,
            ])} />
        <${More} more=${more} />`;
}
