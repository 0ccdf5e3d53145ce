// RATE reservations a second for a minute, half of what `fresh` found: users do not wait for each
// other's answers, so a pause shows as a queue and as dropped iterations.
import { constantArrivals } from './lib.js';

const plan = constantArrivals(Number(__ENV.RATE || 1000), 60);
plan.thresholds.http_req_duration = ['p(99)<100'];
export const options = plan;
export { reserveFreshSeat as default } from './lib.js';
