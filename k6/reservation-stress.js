// 500, 750, 1,000 users and none, two minutes each.
import { risingUsers } from './lib.js';

export const options = risingUsers([[120, 500], [120, 750], [120, 1000], [120, 0]]);
export { reserveRandomSeat as default } from './lib.js';
