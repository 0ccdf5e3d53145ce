// Draws a hall on a canvas. What moves with the view is one picture of the seats, somewhat larger
// than what is seen: panning only copies it; it is drawn anew where its edge or another scale shows.
import { BLOCKED, FREE, HELD, seatAt, sectionAt } from "./hall.js";
import { priceColours } from "./theme.js";

const MARGIN = 0.25; // of the view, on each side of the picture
const FEW = 1500; // so many seats are drawn at once while zooming; more after it
const SIZE = 0.8; // of a seat, where 1 is from seat to seat
const MAX_SCALE = 48;
const SEATS_SCALE = 26; // at which seats are chosen
const NAMES_SCALE = 12; // from which on rows are named, and sections below it
const OVERVIEW = { width: 112, height: 84, margin: 8 }; // pixels, at the lower left; it is drawn at most so large

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
        this.overview = null;
        this.settlingOverview = null;
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
        clearTimeout(this.settlingOverview);
    }

    readColours() {
        const style = getComputedStyle(this.canvas);
        const colour = (name) => style.getPropertyValue(name).trim();
        this.colours = {
            ground: colour("--ground"), text: colour("--text"), quiet: colour("--quiet"), taken: colour("--taken"),
            chosen: colour("--chosen"), onChosen: colour("--on-chosen"), own: colour("--good"),
            line: colour("--edge"), tiers: priceColours(this.hall.prices.length),
        };
        this.font = style.fontFamily;
        this.drawn = null;
        this.overview = null;
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
        this.drawn = null;
        this.fit();
    }

    /** The scale at which all of a box is seen, with room for the stage and the names of rows. */
    scaleFor({ left, right, top, bottom }) {
        return Math.min(this.width / (right - left + 4), (this.height - 100) / (bottom - top + 2), 36);
    }

    fitScale() {
        return this.scaleFor(this.hall.box);
    }

    /** Whether all of the hall is in view. */
    isWhole() {
        return this.scale <= this.fitScale() * 1.001;
    }

    fit() {
        this.show(this.hall.box);
    }

    /** Shows a box, as large as it can be. */
    show(box) {
        this.scale = this.scaleFor(box);
        this.centre(box);
        if (this.drawn && !this.isCovered()) this.drawn = null;
        this.refresh();
    }

    centre({ left, right, top, bottom }) {
        this.x = (left + right) / 2 - this.width / 2 / this.scale;
        this.y = (top + bottom) / 2 - (this.height - 12) / 2 / this.scale;
    }

    /** Shows the section at a point of the view; if that is what is seen, its seats there. */
    approach(px, py) {
        const section = sectionAt(this.hall, this.x + px / this.scale, this.y + py / this.scale);
        if (this.scaleFor(section.box) > this.scale * 1.2) this.show(section.box);
        else this.zoomTo(SEATS_SCALE, px, py);
    }

    /** Moves by pixels; some of the hall always stays in view, and a hall that fits stays where it is. */
    pan(dx, dy) {
        const { box } = this.hall;
        const halfWidth = this.width / 2 / this.scale;
        const halfHeight = this.height / 2 / this.scale;
        this.x = Math.min(Math.max(this.x - dx / this.scale, box.left - halfWidth), box.right - halfWidth);
        this.y = Math.min(Math.max(this.y - dy / this.scale, box.top - halfHeight), box.bottom - halfHeight);
        if (this.isWhole()) this.centre(box);
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
        if (scale >= NAMES_SCALE) this.drawRowNames(context);
        else if (this.hall.sections.length > 1) this.drawSectionNames(context);
    }

    isSeen({ left, right, top, bottom }) {
        const { x, y, width, height } = this.drawn;
        return right > x - 1 && left < x + width + 1 && bottom > y - 1 && top < y + height + 1;
    }

    /** Calls what(i, px, py) for the seats in the picture. */
    eachSeen(what) {
        const { hall, drawn, scale } = this;
        const right = drawn.x + drawn.width + 1;
        const bottom = drawn.y + drawn.height + 1;
        for (const { box, indexes } of hall.sections) {
            if (!this.isSeen(box)) continue;
            for (const i of indexes) {
                const x = hall.x[i];
                const y = hall.y[i];
                if (x > drawn.x - 1 && x < right && y > drawn.y - 1 && y < bottom)
                    what(i, (x - drawn.x) * scale, (y - drawn.y) * scale);
            }
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
            if (status === FREE) free[hall.tier[i]].push(px, py);
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
        if (scale >= SEATS_SCALE - 2) this.drawLabels(context);
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
        context.font = `${Math.round(Math.min(13, scale * 0.55))}px ${this.font}`;
        context.textAlign = "right";
        context.textBaseline = "middle";
        context.fillStyle = this.colours.quiet;
        for (const section of hall.sections) {
            if (!this.isSeen(section.box)) continue;
            for (const [name, indexes] of section.rows) {
                const first = indexes[0];
                if (seatAt(hall, hall.x[first] - 1, hall.y[first]) < 0)
                    context.fillText(name, (hall.x[first] - 0.7 - drawn.x) * scale, (hall.y[first] - drawn.y) * scale);
            }
        }
    }

    /** Where they have room, and not over seats that are looked at. */
    drawSectionNames(context) {
        const { hall, scale, drawn, colours } = this;
        context.textAlign = "center";
        context.textBaseline = "middle";
        for (const { name, box } of hall.sections) {
            if (!this.isSeen(box) || scale > this.scaleFor(box) * 0.8) continue;
            const size = Math.min(16, ((box.bottom - box.top + 1) * scale) / 1.6);
            context.font = `600 ${size}px ${this.font}`;
            const width = context.measureText(name).width + size * 0.8;
            if (size < 9 || width > (box.right - box.left + 2) * scale) continue;
            const px = ((box.left + box.right) / 2 - drawn.x) * scale;
            const py = ((box.top + box.bottom) / 2 - drawn.y) * scale;
            context.fillStyle = colours.ground;
            context.beginPath();
            context.roundRect(px - width / 2, py - size * 0.75, width, size * 1.5, size * 0.4);
            context.fill();
            context.fillStyle = colours.text;
            context.fillText(name, px, py + 0.5);
        }
    }

    // ---- the overview: all of the hall, small, with what is seen of it

    drawOverviewPicture() {
        const { hall, colours } = this;
        const { left, right, top, bottom } = hall.box;
        const scale = Math.min(OVERVIEW.width / (right - left + 2), OVERVIEW.height / (bottom - top + 2));
        const picture = document.createElement("canvas");
        picture.width = Math.ceil((right - left + 2) * scale);
        picture.height = Math.ceil((bottom - top + 2) * scale);
        const context = picture.getContext("2d", { alpha: false });
        context.fillStyle = colours.ground;
        context.fillRect(0, 0, picture.width, picture.height);
        const points = colours.tiers.map(() => []);
        for (let i = 0; i < hall.count; i++) points[hall.tier[i]].push((hall.x[i] - left + 1) * scale, (hall.y[i] - top + 1) * scale);
        points.forEach((some, tier) => {
            context.fillStyle = colours.tiers[tier];
            fillAll(context, some, Math.max(1, scale), 0);
        });
        this.overview = { picture, scale };
    }

    /** Whether it is shown: where sections are looked at one at a time. */
    hasOverview() {
        return this.hall.isLarge && this.scale > this.fitScale() * 1.5;
    }

    /** Moves to the place under a point of the view if the overview is there; whether it is. */
    followOverview(px, py) {
        if (!this.hasOverview() || !this.overview) return false;
        const { picture, scale } = this.overview;
        const x = px - OVERVIEW.margin;
        const y = py - (this.height - OVERVIEW.margin - picture.height);
        if (x < 0 || y < 0 || x > picture.width || y > picture.height) return false;
        const { left, top } = this.hall.box;
        this.x = left - 1 + x / scale - this.width / 2 / this.scale;
        this.y = top - 1 + y / scale - this.height / 2 / this.scale;
        this.pan(0, 0);
        return true;
    }

    drawOverview(context) {
        if (!this.overview) {
            this.settlingOverview ??= setTimeout(() => { // not in the frame that somebody waits for
                this.settlingOverview = null;
                this.drawOverviewPicture();
                this.refresh();
            });
            return;
        }
        const { picture, scale } = this.overview;
        const { left, top } = this.hall.box;
        const x = OVERVIEW.margin;
        const y = this.height - OVERVIEW.margin - picture.height;
        context.drawImage(picture, x, y);
        context.strokeStyle = this.colours.line;
        context.lineWidth = 1;
        context.strokeRect(x - 0.5, y - 0.5, picture.width + 1, picture.height + 1);
        context.save();
        context.beginPath();
        context.rect(x, y, picture.width, picture.height);
        context.clip();
        context.strokeStyle = this.colours.text;
        context.lineWidth = 2;
        context.strokeRect(x + (this.x - left + 1) * scale, y + (this.y - top + 1) * scale,
            (this.width * scale) / this.scale, (this.height * scale) / this.scale);
        context.restore();
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
        if (this.hasOverview()) this.drawOverview(context);
        this.canvas.classList.toggle("whole", this.isWhole()); // a finger scrolls the page then
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
