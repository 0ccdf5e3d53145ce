// Standing areas for operators: what is in them, and choosing places of one by a count, as they stand on no map.
import { number } from "./language.js";
import { Choice, Field, Table } from "./opsparts.js";
import { say } from "./opstext.js";
import { html, useState } from "./view.js";

export const isStanding = ({ kind }) => kind === "standing";

/** The areas that these places make: {section, price, places}, in the order of their numbers. */
export function areasOf(places) {
    const areas = new Map();
    for (const place of places) {
        if (!areas.has(place.section)) areas.set(place.section, { section: place.section, price: place.price, places: [] });
        areas.get(place.section).places.push(place);
    }
    return [...areas.values()];
}

const shownPrice = (price) => (price === null ? say("no_price") : number(price));

/** How many places areas have, and what they cost. `states`: [text, status] of further columns. */
export function AreaTable({ areas, states = [] }) {
    const count = (places, status) => number(places.filter((one) => one.status === status).length);
    return html`<${Table} name=${say("areas")} numbers=${1} heads=${[say("area"), say("price"), say("places"), ...states.map(([text]) => text)]}
        rows=${areas.map(({ section, price, places }) =>
            [section, shownPrice(price), number(places.length), ...states.map(([, status]) => count(places, status))])} />`;
}

/** Chooses the first places of an area that are in a state, as many as typed, or all. `states`: [status, text]. */
export function PickPlaces({ areas, states, onPick }) {
    const [section, setSection] = useState(areas[0].section);
    const [said, setSaid] = useState("");
    const submit = (event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const { places } = areas.find((one) => one.section === section) ?? areas[0];
        const found = places.filter(({ status }) => form.get("state") === "" || status === form.get("state"));
        const picked = form.get("places") === "" ? found : found.slice(0, Number(form.get("places")));
        setSaid(picked.length ? "" : say("found_none"));
        onPick(picked);
    };
    return html`<form onSubmit=${submit} aria-label=${say("pick_places")}><div class="fields">
        <${Choice} label=${say("area")} value=${section} onChange=${(event) => setSection(event.currentTarget.value)}
            options=${areas.map((one) => [one.section, one.section])} />
        <${Choice} label=${say("status")} name="state" options=${[...states, ["", say("all")]]} />
        <${Field} label=${say("places")} name="places" type="number" min="1" placeholder=${say("all")} />
        </div><p><button>${say("pick_places")}</button></p><p role="status" class="error">${said}</p></form>`;
}
