// 500 users for a minute, each taking a place in the queue once a second.
import { constantUsers } from './lib.js';

export const options = constantUsers(500, 60);
export { addToken as default } from './lib.js';
