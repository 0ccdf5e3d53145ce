// The seed document's token script as it stands. Concert 1 keeps no queue here: k6/token-load.js
// asks for places in one.
import http from 'k6/http';
import { sleep } from 'k6';

const API_URL = __ENV.API_URL || 'http://localhost:8080/token/add';
const CONCERT_ID = 1;

function generateUserId() {
    return 'user_' + Math.floor(Math.random() * 100000);
}
export const options = {
    vus: 500,
    duration: '60s'
};

export default function () {
    const payload = JSON.stringify({
        userId: generateUserId(),
        concertId: CONCERT_ID
    });

    const headers = { 'Content-Type': 'application/json' };

    let response = http.post(API_URL, payload, { headers: headers });

    sleep(1);
}
