// How many reservations a second: a hall of 200,000 seats, each request finds a free one, VUS users
// without a rest. p99 beyond 100 ms is no capacity any more.
import { sharedRounds } from './lib.js';

const plan = sharedRounds(Number(__ENV.VUS || 32), 200000, 300);
plan.thresholds.http_req_duration = ['p(99)<100'];
export const options = plan;
export { reserveFreshSeat as default } from './lib.js';
