// 500 users for a minute, each reserving any of 5,000 seats once a second.
import { constantUsers } from './lib.js';

export const options = constantUsers(500, 60);
export { reserveRandomSeat as default } from './lib.js';
