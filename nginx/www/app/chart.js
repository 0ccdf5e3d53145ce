// Draws a hall on a canvas. What moves with the view is one picture of the seats, somewhat larger
// than what is seen: panning only copies it; it is drawn anew where its edge or another scale shows.
import { BLOCKED, FREE, HELD, seatAt } from "./hall.js";

const MARGIN = 0.25; // of the view, on each side of the picture
const FEW = 4000; // so many seats are drawn at once while zooming; more after it
const SIZE = 0.8; // of a seat, where 1 is from seat to seat
const MAX_SCALE = 48;

export class Chart {
    constructor(canvas, hall) {
        this.canvas = canvas;
        this.context = canvas.getContext("2d", { alpha: false });
        this.picture = document.createElement("canvas");
        this.hall = hall;
        this.statuses = new Uint8Array(hall.count);
        this.chosen = new Set();
        this.own = new Set(); // held, not paid
        this.cursor = -1;
        this.scale = 0;
        this.stageText = "";
        this.frames = []; // milliseconds of script of the last frames
        this.readColours();
        this.watchSize = new ResizeObserver(() => this.resize());
        this.watchSize.observe(canvas);
        this.resize();
    }

    end() {
        this.watchSize.disconnect();
        cancelAnimationFrame(this.frame);
        clearTimeout(this.settling);
    }

    readColours() {
        const style = getComputedStyle(this.canvas);
        const colour = (name) => style.getPropertyValue(name).trim();
        this.colours = {
            ground: colour("--ground"), text: colour("--text"), quiet: colour("--quiet"), taken: colour("--taken"),
            chosen: colour("--chosen"), onChosen: colour("--on-chosen"), own: colour("--good"),
            tiers: [0, 1, 2, 3, 4, 5].map((tier) => colour(`--tier-${tier}`)),
        };
        this.font = style.fontFamily;
        this.drawn = null;
        this.refresh();
    }

    resize() {
        const { clientWidth, clientHeight } = this.canvas;
        if (!clientWidth || (clientWidth === this.width && clientHeight === this.height)) return;
        this.width = clientWidth;
        this.height = clientHeight;
        this.ratio = Math.min(devicePixelRatio || 1, 2);
        this.canvas.width = Math.round(clientWidth * this.ratio);
        this.canvas.height = Math.round(clientHeight * this.ratio);
        this.fit();
    }

    /** The scale at which all of the hall is seen, with room for the stage and the names of rows. */
    fitScale() {
        const { left, right, top, bottom } = this.hall.box;
        return Math.min(this.width / (right - left + 4), (this.height - 100) / (bottom - top + 2), 36);
    }

    fit() {
        const { left, right, top, bottom } = this.hall.box;
        this.scale = this.fitScale();
        this.x = (left + right) / 2 - this.width / 2 / this.scale;
        this.y = (top + bottom) / 2 - (this.height - 12) / 2 / this.scale;
        this.drawn = null;
        this.refresh();
    }

    /** Moves by pixels; some of the hall always stays in view. */
    pan(dx, dy) {
        const { left, right, top, bottom } = this.hall.box;
        const halfWidth = this.width / 2 / this.scale;
        const halfHeight = this.height / 2 / this.scale;
        this.x = Math.min(Math.max(this.x - dx / this.scale, left - halfWidth), right - halfWidth);
        this.y = Math.min(Math.max(this.y - dy / this.scale, top - halfHeight), bottom - halfHeight);
        this.refresh();
    }

    /** Zooms by a factor; the point (px, py) of the view stays where it is. */
    zoom(factor, px = this.width / 2, py = this.height / 2) {
        const scale = Math.min(Math.max(this.scale * factor, this.fitScale()), MAX_SCALE);
        this.x += px / this.scale - px / scale;
        this.y += py / this.scale - py / scale;
        this.scale = scale;
        this.pan(0, 0);
    }

    zoomTo(scale, px, py) {
        this.zoom(scale / this.scale, px, py);
    }

    /** The seat under a point of the view, or -1. */
    seatUnder(px, py) {
        return seatAt(this.hall, this.x + px / this.scale, this.y + py / this.scale);
    }

    /** Brings a seat into the view. */
    reveal(seat) {
        const px = (this.hall.x[seat] - this.x) * this.scale;
        const py = (this.hall.y[seat] - this.y) * this.scale;
        const edge = Math.min(40, this.width / 4);
        const dx = px < edge ? edge - px : Math.min(0, this.width - edge - px);
        const dy = py < edge ? edge - py : Math.min(0, this.height - edge - py);
        if (dx || dy) this.pan(dx, dy);
    }

    setStatuses(statuses) {
        this.statuses = statuses;
        this.drawn = null;
        this.refresh();
    }

    /** Draws with the next frame. */
    refresh() {
        if (!this.scale || this.frame) return;
        this.frame = requestAnimationFrame(() => {
            this.frame = 0;
            const started = performance.now();
            this.draw();
            this.frames.push(performance.now() - started);
            if (this.frames.length > 600) this.frames.shift();
        });
    }

    // ---- the picture of the seats

    isCovered() {
        const { drawn } = this;
        return this.x >= drawn.x && this.y >= drawn.y &&
            this.x + this.width / this.scale <= drawn.x + drawn.width &&
            this.y + this.height / this.scale <= drawn.y + drawn.height;
    }

    isFew() {
        const { left, right, top, bottom } = this.hall.box;
        const seen = (this.width / this.scale) * (this.height / this.scale) / ((right - left + 1) * (bottom - top + 1));
        return this.hall.count * Math.min(1, seen) < FEW;
    }

    /** Other statuses are drawn at once; another scale at once where it is cheap. */
    drawPictureIfNeeded() {
        clearTimeout(this.settling);
        if (!this.drawn || (this.drawn.scale === this.scale ? !this.isCovered() : this.isFew())) {
            this.drawPicture();
        } else if (this.drawn.scale !== this.scale) {
            this.settling = setTimeout(() => {
                this.drawn = null;
                this.refresh();
            }, 120);
        }
    }

    drawPicture() {
        const { scale, ratio, picture } = this;
        const width = this.width * (1 + 2 * MARGIN);
        const height = this.height * (1 + 2 * MARGIN);
        picture.width = Math.round(width * ratio);
        picture.height = Math.round(height * ratio);
        this.drawn = {
            scale, width: width / scale, height: height / scale,
            x: this.x - (this.width * MARGIN) / scale, y: this.y - (this.height * MARGIN) / scale,
        };
        const context = picture.getContext("2d", { alpha: false });
        context.fillStyle = this.colours.ground;
        context.fillRect(0, 0, picture.width, picture.height);
        context.setTransform(ratio, 0, 0, ratio, 0, 0);
        this.drawSeats(context);
        this.drawRowNames(context);
    }

    /** Calls what(i, px, py) for the seats in the picture. */
    eachSeen(what) {
        const { hall, drawn, scale } = this;
        const right = drawn.x + drawn.width + 1;
        const bottom = drawn.y + drawn.height + 1;
        for (let i = 0; i < hall.count; i++) {
            const x = hall.x[i];
            const y = hall.y[i];
            if (x > drawn.x - 1 && x < right && y > drawn.y - 1 && y < bottom)
                what(i, (x - drawn.x) * scale, (y - drawn.y) * scale);
        }
    }

    /** Free: filled in the colour of the price. Held: its frame. Sold: a dot. Withheld: a dot in a frame. */
    drawSeats(context) {
        const { scale, colours, statuses, hall } = this;
        const size = scale * SIZE;
        const round = scale >= 9 ? size * 0.28 : 0;
        const free = colours.tiers.map(() => []);
        const framed = [];
        const dotted = [];
        this.eachSeen((i, px, py) => {
            const status = statuses[i];
            if (status === FREE) free[hall.tier[i] % free.length].push(px, py);
            else if (status === HELD || status === BLOCKED) framed.push(px, py);
            if (status !== FREE && status !== HELD) dotted.push(px, py);
        });
        free.forEach((points, tier) => {
            context.fillStyle = colours.tiers[tier];
            fillAll(context, points, size, round);
        });
        context.fillStyle = colours.taken;
        fillAll(context, framed, size, round);
        context.fillStyle = colours.ground;
        fillAll(context, framed, size - Math.max(1.5, size * 0.22), round * 0.8);
        context.fillStyle = colours.taken;
        fillAll(context, dotted, Math.max(size * 0.36, 1), 0);
        if (scale >= 24) this.drawLabels(context);
    }

    drawLabels(context) {
        context.font = `600 ${Math.round(this.scale * 0.36)}px ${this.font}`;
        context.textAlign = "center";
        context.textBaseline = "middle";
        context.fillStyle = this.colours.ground;
        this.eachSeen((i, px, py) => {
            if (this.statuses[i] === FREE) context.fillText(this.hall.seats[i].label, px, py + 0.5);
        });
    }

    drawRowNames(context) {
        const { hall, scale, drawn } = this;
        if (scale < 12) return;
        context.font = `${Math.round(Math.min(13, scale * 0.55))}px ${this.font}`;
        context.textAlign = "right";
        context.textBaseline = "middle";
        context.fillStyle = this.colours.quiet;
        for (const section of hall.sections) {
            for (const [name, indexes] of section.rows) {
                const first = indexes[0];
                if (seatAt(hall, hall.x[first] - 1, hall.y[first]) < 0)
                    context.fillText(name, (hall.x[first] - 0.7 - drawn.x) * scale, (hall.y[first] - drawn.y) * scale);
            }
        }
    }

    // ---- a frame

    draw() {
        const { context, ratio, colours } = this;
        this.drawPictureIfNeeded();
        const { drawn } = this;
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.fillStyle = colours.ground;
        context.fillRect(0, 0, this.canvas.width, this.canvas.height);
        const grown = this.scale / drawn.scale;
        context.drawImage(this.picture, (drawn.x - this.x) * this.scale * ratio, (drawn.y - this.y) * this.scale * ratio,
            this.picture.width * grown, this.picture.height * grown);
        context.setTransform(ratio, 0, 0, ratio, 0, 0);
        this.drawStage(context);
        for (const i of this.chosen) this.drawMine(context, i, colours.chosen, colours.onChosen);
        for (const i of this.own) this.drawMine(context, i, colours.own, colours.ground);
        if (this.cursor >= 0) this.drawCursor(context);
    }

    drawStage(context) {
        const { left, right, top } = this.hall.box;
        const middle = ((left + right) / 2 - this.x) * this.scale;
        const bottom = (top - 1.1 - this.y) * this.scale;
        context.font = `500 13px ${this.font}`;
        context.textAlign = "center";
        context.textBaseline = "bottom";
        context.fillStyle = this.colours.quiet;
        context.fillText(this.stageText, middle, bottom - 5);
        const half = Math.max(40, ((right - left) / 4) * this.scale);
        context.fillRect(middle - half, bottom - 2, half * 2, 2);
    }

    drawMine(context, i, ground, sign) {
        const px = (this.hall.x[i] - this.x) * this.scale;
        const py = (this.hall.y[i] - this.y) * this.scale;
        const size = Math.max(this.scale * 0.94, 8);
        context.fillStyle = ground;
        context.beginPath();
        context.roundRect(px - size / 2, py - size / 2, size, size, size * 0.28);
        context.fill();
        context.strokeStyle = sign;
        context.lineWidth = Math.max(1.5, size * 0.12);
        context.beginPath();
        context.moveTo(px - size * 0.22, py + size * 0.02);
        context.lineTo(px - size * 0.05, py + size * 0.19);
        context.lineTo(px + size * 0.25, py - size * 0.18);
        context.stroke();
    }

    drawCursor(context) {
        const px = (this.hall.x[this.cursor] - this.x) * this.scale;
        const py = (this.hall.y[this.cursor] - this.y) * this.scale;
        const size = Math.max(this.scale * 1.15, 12);
        context.strokeStyle = this.colours.text;
        context.lineWidth = 2.5;
        context.beginPath();
        context.roundRect(px - size / 2, py - size / 2, size, size, size * 0.28);
        context.stroke();
    }
}

/** Squares around points (x, y, x, y...), with round corners where they are seen. */
function fillAll(context, points, size, round) {
    const half = size / 2;
    if (!round) {
        for (let i = 0; i < points.length; i += 2) context.fillRect(points[i] - half, points[i + 1] - half, size, size);
        return;
    }
    context.beginPath();
    for (let i = 0; i < points.length; i += 2) context.roundRect(points[i] - half, points[i + 1] - half, size, size, round);
    context.fill();
}
