// buy.ts URL USER KEY: two seats are held, paid and given back, by the types that openapi-typescript made.

import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Problem = components["schemas"]["Problem"];

const [url, userId, key] = process.argv.slice(2) as [string, string, string];
const shop = createClient<paths>({ baseUrl: url });

function given<T>(answer: { data?: T; error?: Problem }): T {
    if (answer.error) throw new Error(`${answer.error.status} ${answer.error.code}: ${answer.error.detail}`);
    return answer.data as T;
}

const { concerts } = given(await shop.GET("/concert"));
const concert = concerts.find(({ status, queue }) => status === "open" && queue);
if (!concert) throw new Error("no concert with a queue is open");
const concertId = concert.concertId;
const { items } = given(await shop.GET("/concert/{concertId}/item", { params: { path: { concertId } } }));
const item = items.find(({ over }) => !over);
if (!item) throw new Error("nothing is to come");

const { token, status } = given(await shop.POST("/token/add", { body: { userId, concertId } }));
if (status !== "active") throw new Error("there is no place");
const { balance } = given(await shop.POST("/point/charge", {
    headers: { Authorization: `Bearer ${key}` }, // an operator charges
    params: { header: { "Idempotency-Key": `${userId}-charge` } },
    body: { userId, amount: 1_000_000 },
}));
const held = given(await shop.POST("/reservation", {
    params: { header: { "Idempotency-Key": `${userId}-hold`, "X-Queue-Token": token } },
    body: { userId, concertId, itemId: item.itemId, count: 2 },
}));
const paid = given(await shop.POST("/payment", {
    params: { header: { "Idempotency-Key": `${userId}-pay`, "X-Queue-Token": token } },
    body: { userId, reservationId: held.reservationId },
}));
if (paid.amount !== held.totalPrice || paid.balance !== balance - paid.amount) throw new Error("paid something else");
const one = { path: { reservationId: held.reservationId }, query: { userId } };
const gone = given(await shop.DELETE("/reservation/{reservationId}", {
    params: { ...one, header: { "Idempotency-Key": `${userId}-refund` } },
}));
if (gone.status !== "cancelled" || gone.refundedAmount !== paid.amount) throw new Error("not given back");

const again = await shop.DELETE("/reservation/{reservationId}", { params: one });
if (again.error?.code !== "not_cancellable") throw new Error("given back twice");
console.log(JSON.stringify({ reservationId: held.reservationId, amount: paid.amount, balance: gone.balance }));
