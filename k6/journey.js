// 150 users at once buy 750 of 900 seats, one after the other, through a queue of 100 places:
// token, wait, seats, reserve, charge, pay, check.
import { sharedRounds } from './lib.js';

const plan = sharedRounds(150, 750, 300);
plan.thresholds.checks = ['rate==1'];
export const options = plan;
export { buyOneSeat as default } from './lib.js';
