// Standing areas beside the map of a date: how many places of one somebody wants. Loaded where a date has areas.
import { price, t } from "./language.js";
import { say } from "./standingtext.js";
import { html, useState } from "./view.js";

/** A step that is not to be had keeps the focus, so that the other one is a key away. */
function Step({ name, sign, isOver, onStep }) {
    return html`<button type="button" aria-label=${name} aria-disabled=${isOver} onClick=${() => isOver || onStep()}>${sign}</button>`;
}

function leftOf({ availableCount, heldCount }) {
    if (availableCount > 0) return say("left", availableCount);
    return t(heldCount > 0 ? "status_all_held" : "left_none");
}

function Area({ area, most, disabled, onTake }) {
    const [wanted, setWanted] = useState(1);
    const { section, price: each, availableCount } = area;
    const top = Math.min(most, availableCount);
    const count = Math.min(wanted, top);
    return html`<li>
        <p><strong>${section}</strong> <span>${price(each)}</span> <span class="quiet">${leftOf(area)}</span></p>
        ${top > 0 && html`<div class="actions">
            <div class="stepper" role="group" aria-label=${say("places_of", section)}>
                <${Step} name=${say("fewer")} sign="−" isOver=${count === 1} onStep=${() => setWanted(count - 1)} />
                <output>${count}</output>
                <${Step} name=${say("more")} sign="+" isOver=${count === top} onStep=${() => setWanted(count + 1)} />
            </div>
            <button type="button" class="primary" disabled=${disabled} aria-label=${say("take_of", section, count, price(count * each))}
                onClick=${() => onTake({ section, count })}>${say("take", count, price(count * each))}</button>
        </div>`}</li>`;
}

/** The areas as they are now; `most` places in one call; onTake({section, count}). */
export function Areas({ areas, ...rest }) {
    return html`<section class="card areas" aria-labelledby="areas">
        <h2 id="areas">${say("title")}</h2>
        <ul>${areas.map((area) => html`<${Area} key=${area.section} area=${area} ...${rest} />`)}</ul>
    </section>`;
}
