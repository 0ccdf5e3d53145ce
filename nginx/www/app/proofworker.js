// A worker that solves the challenge of a concert (docs/challenge.md). SHA-256 by hand (FIPS 180-4): each hash is of one
// block, and a call of crypto.subtle, which plain HTTP has not, takes a hundred times as long as the hash itself.
const K = Int32Array.of(
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
);
const START = Int32Array.of(
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
);
const w = new Int32Array(64); // the block in the first 16

function compress(state) {
    for (let i = 16; i < 64; i++) {
        const x = w[i - 15];
        const y = w[i - 2];
        const s0 = (x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3;
        const s1 = (y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1 | 0;
    }
    let a = state[0], b = state[1], c = state[2], d = state[3];
    let e = state[4], f = state[5], g = state[6], h = state[7];
    for (let i = 0; i < 64; i++) {
        const s1 = (e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7);
        const t = h + s1 + (e & f ^ ~e & g) + K[i] + w[i] | 0;
        const s0 = (a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10);
        const u = s0 + (a & b ^ a & c ^ b & c) | 0;
        h = g;
        g = f;
        f = e;
        e = d + t | 0;
        d = c;
        c = b;
        b = a;
        a = t + u | 0;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
}

/** The eight words of the hash. */
function sha256(bytes) {
    const state = START.slice();
    const padded = new DataView(new ArrayBuffer((bytes.length + 8 >> 6) + 1 << 6));
    bytes.forEach((byte, i) => padded.setUint8(i, byte));
    padded.setUint8(bytes.length, 0x80);
    padded.setUint32(padded.byteLength - 4, bytes.length * 8);
    for (let block = 0; block < padded.byteLength; block += 64) {
        for (let i = 0; i < 16; i++) w[i] = padded.getInt32(block + 4 * i);
        compress(state);
    }
    return state;
}

/** The counter with which the hash of seed, puzzle and counter begins with so many zero bits. */
function find(seed, puzzle, bits) {
    const state = new Int32Array(8);
    for (let counter = 0; ; counter++) {
        state.set(START);
        w.fill(0, 9, 16);
        w.set(seed);
        w[8] = puzzle << 24 | counter;
        w[9] = 0x80000000;
        w[15] = 36 * 8;
        compress(state);
        if (state[0] >>> (32 - bits) === 0) return counter;
    }
}

const hex = (number, digits) => number.toString(16).padStart(digits, "0");

onmessage = ({ data: { challenge, bits, puzzles } }) => {
    const salt = crypto.getRandomValues(new Uint8Array(8));
    const seed = sha256([...new TextEncoder().encode(challenge), ...salt]);
    let answer = Array.from(salt, (byte) => hex(byte, 2)).join("");
    for (let puzzle = 0; puzzle < puzzles; puzzle++) {
        answer += hex(find(seed, puzzle, bits), 6);
        postMessage({ solved: puzzle + 1 });
    }
    postMessage({ proof: `${challenge}.${answer}` });
};
