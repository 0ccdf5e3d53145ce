// The presale of a concert: its windows with what became of them, a new one, and single codes, which are shown once.
import { number } from "./language.js";
import { change, may, useRead } from "./opscall.js";
import { Choice, Field, MomentField, Table, useAct, venueTime, Waiting } from "./opsparts.js";
import { say } from "./opstext.js";
import { confirm } from "./parts.js";
import { saveFile } from "./save.js";
import { html, useState } from "./view.js";

const AT_ONCE = 10_000; // codes of a call
const NO_DRAFT = { of: (_, initial) => initial }; // a code is kept nowhere

const pathOf = (concert, rest = "") => `/admin/concert/${concert.concertId}/presale${rest}`;

/** Makes single codes and hands them to the browser as a file. */
function Codes({ concert, presale, again }) {
    const [said, run, isRunning] = useAct();
    const make = (event) => {
        event.preventDefault();
        const wanted = Number(new FormData(event.currentTarget).get("count"));
        run(async (progress) => {
            const codes = [];
            try {
                while (codes.length < wanted) {
                    const count = Math.min(AT_ONCE, wanted - codes.length);
                    codes.push(...(await change("POST", pathOf(concert, `/${presale.presaleId}/code`), { count })).codes);
                    progress(say("presale_made", number(codes.length)));
                }
            } finally { // what was made before a refusal is good
                if (codes.length) saveFile(new Blob([["code", ...codes, ""].join("\r\n")], { type: "text/csv" }), `presale-${presale.presaleId}.csv`);
                again();
            }
            return say("presale_made", number(codes.length));
        });
    };
    return html`<form class="together" onSubmit=${make}>
        <${Field} label=${say("presale_count")} name="count" type="number" min="1" max="1000000" required />
        <button disabled=${isRunning}>${say("presale_make")}</button>${said}</form>`;
}

function Window({ concert, presale, again }) {
    const [said, run] = useAct();
    const path = pathOf(concert, `/${presale.presaleId}`);
    const set = (members) => run(async () => {
        await change("PATCH", path, members);
        again();
        return say("done");
    });
    const remove = async () => {
        if (!await confirm(say("presale_remove_sure"), [], say("presale_remove"))) return;
        await run(async () => {
            await change("DELETE", path);
            again();
            return say("done");
        });
    };
    const quota = (event) => {
        event.preventDefault();
        set({ quota: Number(new FormData(event.currentTarget).get("quota")) });
    };
    const isUnused = presale.heldCount + presale.paidCount === 0;
    return html`<section class="card" aria-label=${`${say("tab_presale")} ${presale.presaleId}`}>
        <h2>${venueTime(presale.startsAt, concert.timeZone)} – ${venueTime(presale.endsAt, concert.timeZone)}</h2>
        <form class="together" onSubmit=${quota}>
            <${Field} label=${say("presale_quota")} name="quota" type="number" min="1" max="100000" required defaultValue=${presale.quota} />
            <button>${say("set")}</button></form>
        ${presale.codes === "single" && html`<${Codes} concert=${concert} presale=${presale} again=${again} />`}
        ${isUnused && html`<p><button type="button" onClick=${remove}>${say("presale_remove")}</button></p>`}
        ${said}
    </section>`;
}

function New({ concert, again }) {
    const [said, run, isRunning] = useAct();
    const [codes, setCodes] = useState("shared");
    const [turn, setTurn] = useState(0);
    const submit = (event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const sections = form.get("sections").split(",").map((name) => name.trim()).filter(Boolean);
        const members = { startsAt: form.get("startsAt"), endsAt: form.get("endsAt"), quota: Number(form.get("quota")), codes,
            maxSeatsPerUser: form.get("limit") ? Number(form.get("limit")) : null, sections: sections.length ? sections : null };
        if (codes === "shared") members.code = form.get("code");
        run(async () => {
            await change("POST", pathOf(concert), members);
            setTurn(turn + 1);
            again();
            return say("done");
        });
    };
    const zone = concert.timeZone;
    return html`<form class="card" key=${turn} onSubmit=${submit} aria-labelledby="presale-new">
        <h2 id="presale-new">${say("presale_new")}</h2>
        <div class="fields">
            <${MomentField} label=${say("presale_starts")} name="starts" zone=${zone} draft=${NO_DRAFT} required />
            <${MomentField} label=${say("presale_ends")} name="ends" zone=${zone} draft=${NO_DRAFT} required />
            <${Field} label=${say("presale_quota")} name="quota" type="number" min="1" max="100000" required />
            <${Field} label=${say("presale_limit")} name="limit" type="number" min="1" />
            <${Field} label=${say("presale_sections")} name="sections" help=${say("presale_sections_help")} />
            <${Choice} label=${say("presale_codes")} value=${codes} onChange=${(event) => setCodes(event.currentTarget.value)}
                options=${["shared", "single"].map((kind) => [kind, say(`presale_${kind}`)])} />
            ${codes === "shared" && html`<${Field} label=${say("presale_code")} name="code" required maxlength="100" autocomplete="off"
                spellcheck=${false} help=${say("presale_code_help")} />`}
        </div>
        <button class="primary" disabled=${isRunning}>${say("presale_add")}</button>${said}
    </form>`;
}

export default function PresaleTab({ concert }) {
    const [listed, problem, again] = useRead(pathOf(concert), 5);
    if (!listed) return html`<${Waiting} problem=${problem} again=${again} />`;
    const { presales } = listed;
    const heads = ["presale_starts", "presale_ends", "presale_sections", "presale_quota", "presale_held", "presale_paid",
        "presale_code_count", "presale_bound", "presale_used"].map(say);
    const when = (time) => venueTime(time, concert.timeZone);
    return html`
        ${presales.length === 0 ? html`<p>${say("presale_none")}</p>` : html`<${Table} name=${say("tab_presale")} numbers=${3} heads=${heads}
            rows=${presales.map((one) => [when(one.startsAt), when(one.endsAt), one.sections?.join(", ") ?? say("all"), number(one.quota),
                number(one.heldCount), number(one.paidCount), number(one.codeCount), number(one.boundCodeCount), number(one.usedCodeCount)])} />`}
        ${may("manager") && presales.map((one) => html`<${Window} key=${one.presaleId} concert=${concert} presale=${one} again=${again} />`)}
        ${may("manager") && html`<${New} concert=${concert} again=${again} />`}`;
}
