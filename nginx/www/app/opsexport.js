// Exports of a concert: pages are read one behind the other and kept as one file.
import { number } from "./language.js";
import { readExport, useRead } from "./opscall.js";
import { Choice, useAct, venueTime } from "./opsparts.js";
import { say } from "./opstext.js";
import { saveFile } from "./save.js";
import { html, useEffect, useRef, useState } from "./view.js";

const WHATS = ["orders", "guests", "seats", "ledger"];

export default function ExportTab({ concert, query, go }) {
    const { what = "orders", format = "csv", item = "" } = query;
    const [items] = useRead(`/admin/concert/${concert.concertId}/item`);
    const [said, run, isRunning] = useAct();
    const [controller, setController] = useState(null);
    const left = useRef(null);
    left.current = controller;
    useEffect(() => () => left.current?.abort(), []);
    const dates = (items?.items ?? []).map((one) => [one.itemId, venueTime(one.startsAt, concert.timeZone)]);
    const itemId = item || (what === "seats" ? dates[0]?.[0] : "");
    const download = () => run(async (progress) => {
        const made = new AbortController();
        setController(made);
        let file = new Blob();
        let pages = 0;
        await readExport(concert.concertId, { what, format, itemId }, async (answer) => {
            file = new Blob([file, await answer.blob()]); // what came before stays where the browser put it, in memory or not
            progress(say("export_pages", ++pages, number(Math.ceil(file.size / 1024))));
        }, made.signal);
        saveFile(new Blob([file], { type: format === "csv" ? "text/csv" : "application/x-ndjson" }),
            `${what}-${concert.concertId}${itemId ? `-${itemId}` : ""}.${format}`);
        return say("exported", number(Math.ceil(file.size / 1024)));
    }).finally(() => setController(null));
    const choose = (name) => (event) => go({ ...query, [name]: event.currentTarget.value });
    return html`<section class="card" aria-label=${say("tab_export")}>
        <div class="filters">
            <${Choice} label=${say("export_what")} value=${what} onChange=${choose("what")} options=${WHATS.map((one) => [one, say(`export_${one}`)])} />
            <${Choice} label=${say("date")} value=${itemId} onChange=${choose("item")} options=${what === "seats" ? dates : [["", say("all")], ...dates]} />
            <${Choice} label=${say("export_format")} value=${format} onChange=${choose("format")}
                options=${[["csv", say("export_csv")], ["ndjson", say("export_ndjson")]]} />
            <button type="button" class="primary" onClick=${download} disabled=${isRunning || (what === "seats" && !itemId)}>${say("download")}</button>
            ${isRunning && controller && html`<button type="button" onClick=${() => controller.abort()}>${say("stop")}</button>`}
        </div>
        ${said}
        <p class="help">${say("export_help")}</p>
    </section>`;
}
