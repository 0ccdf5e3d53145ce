// Shared by the load scenarios: how long they run, what they ask, and how answers are counted.
// URL is where Frontrow is; SCALE (0.1: a tenth of the time) shortens a run; RATE=500 lets so many rounds a
// second begin (at the highest stage, where there are several) in place of a number of users; SPREAD=1 lets
// the users of reservation-* and token-* begin within a second, not all in the same instant.
import http from 'k6/http';
import { check, fail, sleep } from 'k6';
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';

const URL = __ENV.URL || 'http://127.0.0.1:8080';
const SCALE = Number(__ENV.SCALE || 1);
const RATE = Number(__ENV.RATE || 0);
const HEADERS = { 'Content-Type': 'application/json' };

// the demo's halls: concert 1 as the seed document asks for it, concert 2 behind a queue
const OPEN_CONCERT = { id: 1, items: 100, seats: 50 };
const QUEUE_CONCERT = { id: 2, firstItem: 101, items: 3, seats: 300 };
// k6/hall.sql: 200,000 seats
const HALL = { id: 10, firstItem: 1001, items: 2, seats: 100000 };
const USERS = 100000; // as many as the seed document's users

// ---- answers, each counted once

const answers = {
    ok: new Counter('answers_200'),
    taken: new Counter('answers_409_seat_taken'), // sold before: expected, no failure
    busy: new Counter('answers_503_busy'), // turned away before anything was done
    refused: new Counter('answers_other_4xx'),
    failed: new Counter('answers_other_5xx'),
    lost: new Counter('answers_none'), // refused or broken connection, or no answer in time
};

// where busy is allowed, so is a store that does not answer in time
const TURNED_AWAY = ['busy', ...(__ENV.BUSY_ALLOWED ? ['mysql_unavailable', 'queue_unavailable'] : [])];

http.setResponseCallback(http.expectedStatuses(200, 204, 409));

function hasCode(response, code) {
    return typeof response.body === 'string' && response.body.includes(`"code":"${code}"`);
}

function kindOf(response) {
    if (response.status === 0) return 'lost';
    if (response.status < 300) return 'ok';
    if (response.status === 409 && hasCode(response, 'seat_taken')) return 'taken';
    if (response.status === 503 && TURNED_AWAY.some((code) => hasCode(response, code))) return 'busy';
    return response.status < 500 ? 'refused' : 'failed';
}

function count(response) {
    const kind = kindOf(response);
    answers[kind].add(1);
    if (kind === 'failed' || kind === 'refused') {
        console.warn(`${response.request.method} ${response.url}: ${response.status} ${response.body}`);
    }
    return kind;
}

// ---- rounds

// k6 only logs what a round throws, and ends well even if each one does.
const rounds = { done: new Counter('rounds_done'), broken: new Counter('rounds_broken') };

/** Ends a round whose request was turned away where that is allowed: answers_503_busy judges it. */
class TurnedAway extends Error {}

/** A round of a scenario, of which is counted whether it came to its end. */
export function round(body) {
    return () => {
        try {
            body();
            rounds.done.add(1);
        } catch (error) {
            if (!(error instanceof TurnedAway)) rounds.broken.add(1);
            throw error;
        }
    };
}

// ---- options

// What must hold: every request is answered, and by no 5xx. `busyAllowed`: but 503 busy.
function thresholds(busyAllowed) {
    return {
        answers_200: ['count>0'],
        answers_409_seat_taken: ['count>=0'], // named here, so that the summary shows a zero too
        answers_503_busy: [busyAllowed || __ENV.BUSY_ALLOWED ? 'count>=0' : 'count==0'],
        answers_other_4xx: ['count==0'],
        answers_other_5xx: ['count==0'],
        answers_none: ['count==0'],
        rounds_done: ['count>0'],
        rounds_broken: ['count==0'],
        dropped_iterations: ['count>=0'],
    };
}

function seconds(duration) {
    return `${Math.max(1, Math.round(duration * SCALE))}s`;
}

function optionsOf(scenario, busyAllowed) {
    return {
        scenarios: { run: Object.assign({ gracefulStop: '15s' }, scenario) },
        thresholds: thresholds(busyAllowed),
        summaryTrendStats: ['avg', 'min', 'med', 'p(95)', 'p(99)', 'max'],
        // without `url`: one series a call, not one a reservation
        systemTags: ['method', 'name', 'status', 'scenario', 'expected_response', 'error_code'],
    };
}

// Rounds begin at a rate, whether or not the ones before are answered: users do not wait for each other.
// A rate that was not reached is a failure. k6 drops rounds while it makes a user, so most are made before;
// `rest` is how many seconds a round takes beside its requests.
function arrivals(scenario, rate, rest, busyAllowed = false) {
    const users = { preAllocatedVUs: Math.ceil(rate * (rest + 0.2)), maxVUs: Math.ceil(rate * (rest + 2)) };
    const plan = optionsOf(Object.assign(scenario, { timeUnit: '1s' }, users), busyAllowed);
    plan.thresholds.dropped_iterations = ['count==0'];
    return plan;
}

/** So many rounds a second for so many seconds. */
export function constantArrivals(rate, duration, rest = 0) {
    return arrivals({ executor: 'constant-arrival-rate', rate, duration: seconds(duration) }, rate, rest);
}

/** `vus` users for so many seconds; they rest for a second after each round. */
export function constantUsers(vus, duration) {
    if (RATE) return constantArrivals(RATE, duration, 1);
    return optionsOf({ executor: 'constant-vus', vus, duration: seconds(duration) });
}

/** The same in stages of [seconds, users at their end], from one user on; 503 busy is allowed where said. */
export function risingUsers(stages, busyAllowed = false) {
    const most = Math.max(...stages.map(([, users]) => users));
    const targets = stages.map(([duration, users]) => ({
        duration: seconds(duration),
        target: RATE ? Math.round((RATE * users) / most) : users,
    }));
    if (RATE) {
        return arrivals({ executor: 'ramping-arrival-rate', startRate: 1, stages: targets }, RATE, 1, busyAllowed);
    }
    return optionsOf(
        { executor: 'ramping-vus', startVUs: 1, stages: targets, gracefulRampDown: '15s' },
        busyAllowed,
    );
}

/** Users that share so many rounds, each as fast as it is answered. */
export function sharedRounds(vus, iterations, maxSeconds) {
    return optionsOf({
        executor: 'shared-iterations',
        vus,
        iterations: Math.max(vus, Math.round(iterations * SCALE)),
        maxDuration: `${maxSeconds}s`,
    });
}

// ---- calls

function randomUpTo(n) {
    return Math.floor(Math.random() * n) + 1;
}

function post(path, body, token) {
    const headers = token ? Object.assign({ 'X-Queue-Token': token }, HEADERS) : HEADERS;
    return http.post(URL + path, JSON.stringify(body), { headers, timeout: '30s', tags: { name: path } });
}

function get(path, name, headers = {}) {
    return http.get(URL + path, { headers, timeout: '30s', tags: { name } });
}

// A crowd that came in one instant comes as one again: SPREAD gives each user a moment of its own.
function arrive() {
    if (__ENV.SPREAD && exec.vu.iterationInScenario === 0) sleep(Math.random());
}

/** The seed document's reservation: any of 5,000 seats, then a second of rest. */
export const reserveRandomSeat = round(() => {
    arrive();
    const response = post('/reservation', {
        userId: `user_${randomUpTo(USERS)}`,
        concertId: OPEN_CONCERT.id,
        itemId: randomUpTo(OPEN_CONCERT.items),
        seatId: randomUpTo(OPEN_CONCERT.seats),
        totalPrice: randomUpTo(1000) + 99,
        status: 'N',
    });
    const kind = count(response);
    check(kind, { 'reserved, or taken by somebody else': (k) => k === 'ok' || k === 'taken' });
    sleep(1);
});

/** The seed document's token, then a second of rest. CONCERT=1: without a queue, as the seed has it. */
export const addToken = round(() => {
    arrive();
    const response = post('/token/add', {
        userId: `user_${randomUpTo(USERS)}`,
        concertId: Number(__ENV.CONCERT || QUEUE_CONCERT.id),
    });
    check(count(response), { 'has a place': (kind) => kind === 'ok' });
    sleep(1);
});

/** A seat of the hall that no other round of this run asks for. */
export const reserveFreshSeat = round(() => {
    const round = exec.scenario.iterationInTest;
    if (round >= HALL.items * HALL.seats) exec.test.abort('the hall is full');
    const response = post('/reservation', {
        userId: `user_${(round % USERS) + 1}`,
        concertId: HALL.id,
        itemId: HALL.firstItem + Math.floor(round / HALL.seats),
        seatId: (round % HALL.seats) + 1,
    });
    check(count(response), { 'reserved': (kind) => kind === 'ok' });
});

// ---- a whole purchase

function mustBeOk(response, what) {
    const kind = count(response);
    if (kind === 'busy') throw new TurnedAway(what);
    if (kind !== 'ok') fail(`${what}: ${response.status} ${response.body}`);
    return response.json();
}

function think() {
    sleep(0.5 + Math.random());
}

/** Polls as often as it is told to, until the place is active. */
function waitForTurn(place) {
    while (place.status === 'waiting') {
        sleep(place.pollAfterSeconds);
        place = mustBeOk(get('/token', '/token', { 'X-Queue-Token': place.token }), 'token');
    }
    return place.token;
}

/** A seat seen as free may be gone when it is asked for: then another is tried. null: sold out. */
function reserveSomeSeat(userId, token, itemId) {
    const concertId = QUEUE_CONCERT.id;
    for (let tries = 0; tries < 20; tries += 1) {
        const path = `/concert/${concertId}/item/${itemId}/seat`;
        const seats = mustBeOk(get(path, '/concert/{}/item/{}/seat'), 'seats').seats;
        const free = seats.filter((seat) => seat.status === 'available');
        if (free.length === 0) return null;
        think();
        const { seatId } = free[randomUpTo(free.length) - 1];
        const response = post('/reservation', { userId, concertId, itemId, seatId }, token);
        if (response.status === 409) {
            count(response);
        } else {
            return mustBeOk(response, 'reservation');
        }
    }
    return null;
}

/** Token, wait, seats, reserve, charge, pay, check. */
export const buyOneSeat = round(() => {
    const userId = `buyer_${exec.scenario.iterationInTest}`;
    const token = waitForTurn(mustBeOk(post('/token/add', { userId, concertId: QUEUE_CONCERT.id }), 'add'));
    const itemId = QUEUE_CONCERT.firstItem + (exec.scenario.iterationInTest % QUEUE_CONCERT.items);
    const held = reserveSomeSeat(userId, token, itemId);
    if (held === null) return;
    think();
    mustBeOk(post('/point/charge', { userId, amount: held.totalPrice + 1000 }), 'charge');
    const paid = mustBeOk(post('/payment', { userId, reservationId: held.reservationId }, token), 'payment');
    const read = mustBeOk(
        get(`/reservation/${held.reservationId}?userId=${userId}`, '/reservation/{}'), 'reservation');
    const point = mustBeOk(get(`/point?userId=${userId}`, '/point'), 'point');
    check(null, {
        'the seat was paid': () => paid.amount === held.totalPrice && read.status === 'paid',
        'the balance is what is left': () => paid.balance === 1000 && point.balance === 1000,
    });
});
