// 500 users in two minutes, 1,500 in five, 5,000 in two.
import { risingUsers } from './lib.js';

export const options = risingUsers([[120, 500], [300, 1500], [120, 5000]], true);
export { reserveRandomSeat as default } from './lib.js';
