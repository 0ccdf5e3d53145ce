// 500 users in two minutes, 1,500 in five, back to 500 in two.
import { risingUsers } from './lib.js';

export const options = risingUsers([[120, 500], [300, 1500], [120, 500]], true);
export { addToken as default } from './lib.js';
