// 500 users for ten minutes: leases end and the next ones are called.
import { constantUsers } from './lib.js';

export const options = constantUsers(500, 600);
export { addToken as default } from './lib.js';
