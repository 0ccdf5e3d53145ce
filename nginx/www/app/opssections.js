// The seats of a new concert or date: of a hall that is kept, of another date, or typed in as sections.
import { number } from "./language.js";
import { useRead } from "./opscall.js";
import { keptHall } from "./opsdata.js";
import { Choice, Field, Repeated, Waiting } from "./opsparts.js";
import { say } from "./opstext.js";
import { html, useState } from "./view.js";

const SEATS = { type: "number", min: 1, max: 1000, required: true };
const PRICE = { type: "number", min: 0, max: 1000000000 };

/** A simple hall: rows one behind the other, and standing areas. */
function SectionFields({ draft }) {
    return html`<${Repeated} legend=${say("sections")} draft=${draft} by="section" least=${0} fields=${(i) => html`
        <${Field} label=${say("section")} name="section" required maxlength="32" defaultValue=${draft.of("section", "ABCDEFGH"[i], i)} />
        <${Field} label=${say("rows")} name="rows" ...${SEATS} defaultValue=${draft.of("rows", "", i)} />
        <${Field} label=${say("row_seats")} name="seats" ...${SEATS} defaultValue=${draft.of("seats", "", i)} />
        <${Field} label=${say("price")} name="price" ...${PRICE} required defaultValue=${draft.of("price", "", i)} />`} />
        <${Repeated} legend=${say("areas")} draft=${draft} by="area" count=${0} least=${0} fields=${(i) => html`
        <${Field} label=${say("area")} name="area" required maxlength="32" defaultValue=${draft.of("area", say("area_name", i + 1), i)} />
        <${Field} label=${say("places")} name="places" type="number" min="1" max="200000" required defaultValue=${draft.of("places", "", i)} />
        <${Field} label=${say("price")} name="areaPrice" ...${PRICE} required defaultValue=${draft.of("areaPrice", "", i)} />`} />`;
}

/** What the seats of a hall cost: those of the file, of all that have none, of categories, of sections. */
function HallPrices({ hallId, draft }) {
    const [hall, problem, again] = useRead(`/admin/hall/${hallId}`);
    if (!hall) return html`<${Waiting} problem=${problem} again=${again} />`;
    const field = (name, label, attributes) => html`<${Field} key=${name} label=${label} name=${name} ...${PRICE} ...${attributes}
        defaultValue=${draft.of(name)} />`;
    const named = (member, list) => list.filter((one) => one[member] !== "").map((one) =>
        field(`price.${member}.${one[member]}`, say(`hall_price_${member}`, one[member], one.seatCount)));
    return html`<fieldset><legend>${say("hall_prices")}</legend>
        <p class="help">${hall.unpricedCount ? say("hall_unpriced", hall.unpricedCount) : say("hall_priced", number(hall.minPrice), number(hall.maxPrice))}</p>
        <div class="fields">${field("price.all.", say("hall_price_all"))}${named("category", hall.categories)}${named("section", hall.sections)}</div></fieldset>`;
}

/** `others`: [value, text] of what else the seats may be taken from; the first one is chosen. */
export function SeatFields({ draft, others = [] }) {
    const [kept, problem] = useRead("/admin/hall?limit=100");
    const [like, setLike] = useState(draft.of("like", String(others[0]?.[0] ?? "")));
    const halls = (kept?.halls ?? []).map(({ hallId, name, seatCount }) => [`hall.${hallId}`, say("hall_of", name, seatCount)]);
    const hallId = keptHall(like);
    return html`<div class="fields"><${Choice} label=${say("hall_like")} name="like" value=${like} onChange=${(event) => setLike(event.currentTarget.value)}
            options=${[...others, ...halls, ["", say("hall_new")]]} /></div>
        ${problem && html`<${Waiting} problem=${problem} />`}
        ${like === "" && html`<${SectionFields} draft=${draft} />`}
        ${hallId && html`<${HallPrices} key=${hallId} hallId=${hallId} draft=${draft} />`}`;
}
