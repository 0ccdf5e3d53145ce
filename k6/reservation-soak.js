// 500 users for ten minutes: holds lapse after five and their seats are sold again.
import { constantUsers } from './lib.js';

export const options = constantUsers(500, 600);
export { reserveRandomSeat as default } from './lib.js';
