// Once for each phone: the operator's key, a name for the gate, and the date.
import { once, Problem } from "./api.js";
import { call, post } from "./gatecall.js";
import { tell } from "./gatetext.js";
import { Title, useAnswer, usePageTitle } from "./parts.js";
import { html, useState } from "./view.js";

const DEVICE_ID_MAX = 64;

/** The dates of today that the public list has: [{itemId, title}]. */
async function readDates(signal) {
    const day = new Intl.DateTimeFormat("en-CA").format(new Date()); // YYYY-MM-DD
    const { concerts } = (await once("GET", `/concert?date=${day}`, { signal })).data;
    const dates = await Promise.all(concerts.map(async ({ concertId, title }) => {
        const { items } = (await once("GET", `/concert/${concertId}/item`, { signal })).data;
        return items.filter(({ date }) => date === day).map(({ itemId }) => ({ itemId, title }));
    }));
    return dates.flat();
}

function reasonOf({ status }) {
    return { 401: "key_wrong", 403: "key_gate", 404: "date_unknown" }[status] ?? "setup_lost";
}

export function Setup() {
    const [dates = []] = useAnswer(readDates, []);
    const [wrong, setWrong] = useState(null);
    const [isRunning, setRunning] = useState(false);
    usePageTitle(tell("title"));
    const submit = async (event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const [key, deviceId, itemId] = ["key", "device", "item"].map((name) => form.get(name).trim());
        setRunning(true);
        try {
            if (!/^[\x21-\x7e]+$/.test(key)) throw new Problem("unauthorized", 401); // a header carries no other
            await call("GET", `/admin/item/${itemId}/attendance`, { admin: key });
            const { title = "" } = dates.find((date) => date.itemId === Number(itemId)) ?? {};
            post.set({ key, deviceId, itemId: Number(itemId), title });
        } catch (problem) {
            setWrong(reasonOf(problem));
            setRunning(false);
        }
    };
    return html`<${Title}>${tell("title")}<//><form class="card narrow" onSubmit=${submit}>
        <label for="key">${tell("key")}</label>
        <input id="key" name="key" type="password" required autocomplete="current-password" aria-describedby="key-help" />
        <p id="key-help" class="help">${tell("key_help")}</p>
        <label for="device">${tell("device")}</label>
        <input id="device" name="device" required maxlength=${DEVICE_ID_MAX} aria-describedby="device-help" />
        <p id="device-help" class="help">${tell("device_help")}</p>
        <label for="item">${tell("date")}</label>
        <input id="item" name="item" required inputmode="numeric" pattern="[1-9][0-9]{0,9}" list="dates" aria-describedby="item-help"
            defaultValue=${/^#(\d+)$/.exec(location.hash)?.[1]} />
        <datalist id="dates">${dates.map(({ itemId, title }) => html`<option key=${itemId} value=${itemId}>${title}</option>`)}</datalist>
        <p id="item-help" class="help">${tell("date_help")}</p>
        <div role="alert">${wrong && html`<p class="error">${tell(wrong)}</p>`}</div>
        <p class="actions"><button class="primary large wide" disabled=${isRunning}>${tell("start")}</button></p>
    </form>`;
}
