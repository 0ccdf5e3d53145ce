// The seed document's reservation script as it stands: the import of `check` is missing there, so
// each round throws after its request and never sleeps: an unpaced flood. Kept on purpose.
import http from 'k6/http';
import { sleep } from 'k6';

export let options = {
    vus: 500,
    duration: '60s',
};

function generateUserId() {
    return 'user_' + Math.floor(Math.random() * 100000);
}

function generateItemId() {
    return Math.floor(Math.random() * 100) + 1;
}

function generateSeatId() {
    return Math.floor(Math.random() * 50) + 1;
}

function generateTotalPrice() {
    return Math.floor(Math.random() * 1000) + 100;
}

export default function () {

    const url = 'http://localhost:8080/reservation';

    const payload = JSON.stringify({
        userId: generateUserId(),
        concertId: 1,
        itemId: generateItemId(),
        seatId: generateSeatId(),
        totalPrice: generateTotalPrice(),
        status: 'N',
    });

    const params = {
        headers: {
            'Content-Type': 'application/json',
        },
    };

    let response = http.post(url, payload, params);

    check(response, {
        'is status 200': (r) => r.status === 200,
    });

    sleep(1);
}
