// The seats of a simple hall: sections of rows, one behind the other. Shared by a new concert and a new date.
import { Field, Repeated } from "./opsparts.js";
import { say } from "./opstext.js";
import { html } from "./view.js";

const SEATS = { type: "number", min: 1, max: 1000, required: true };

export function SectionFields({ draft }) {
    return html`<${Repeated} legend=${say("sections")} draft=${draft} by="section" fields=${(i) => html`
        <${Field} label=${say("section")} name="section" required maxlength="32" defaultValue=${draft.of("section", "ABCDEFGH"[i], i)} />
        <${Field} label=${say("rows")} name="rows" ...${SEATS} defaultValue=${draft.of("rows", "", i)} />
        <${Field} label=${say("row_seats")} name="seats" ...${SEATS} defaultValue=${draft.of("seats", "", i)} />
        <${Field} label=${say("price")} name="price" type="number" min="0" max="1000000000" required defaultValue=${draft.of("price", "", i)} />`} />`;
}
