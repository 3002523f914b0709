// One request at a time: signed, within its time, the clock set right by the centre's, written down for till-check.

import { createHash, createHmac } from "node:crypto";
import { appendFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";

import { OPERATIONS } from "./contract.js";

export const TIMEOUTS_MS = { pos_post_identify: 2000 };
const TIMEOUT_MS = 3000; // a shopper stands there: no answer by then is no answer
const SKEW_MATTERS_S = 30;

// What a log must not hold: who the shopper is, and what opens doors.
const PERSONAL = new Set([
  "value", "phone", "called", "card", "number", "pin", "customer_token", "display_name", "secret", "token",
]);
const PERSONAL_WHOLE = new Set(["messages", "offline_pass", "receipt"]); // a receipt may greet by name

/** No answer: whether the centre did it is not known. Send the very same again. */
export class Unreachable extends Error {}

/** The centre said no. `retry`: never, same, later. */
export class Refused extends Error {
  constructor(status, problem) {
    super(`${status} ${problem.code ?? "not_the_centre"}`);
    this.status = status;
    this.problem = problem;
    this.code = problem.code ?? "not_the_centre";
    this.retry = problem.retry ?? "later";
    this.cashierText = problem.cashier_text ?? "";
  }

  /** The centre is there and cannot just now; as good as no line. */
  get isBusy() {
    return this.status >= 500 || this.status === 429 || this.code === "not_the_centre";
  }
}

/** HMAC-SHA-256 over method, path with query, unix seconds and the body's SHA-256, line by line. */
export function sign(secret, method, target, atS, body) {
  const hash = createHash("sha256").update(body).digest("hex");
  return createHmac("sha256", secret).update(`${method}\n${target}\n${atS}\n${hash}`).digest("hex");
}

export function authorization(keyId, secret, method, target, atS, body) {
  return `VOKRUG-HMAC-SHA256 key=${keyId}, ts=${atS}, signature=${sign(secret, method, target, atS, body)}`;
}

export class Line {
  constructor(url, keyId, secret, { language = "ru", log = null, timeoutsMs = TIMEOUTS_MS, nowMs = Date.now } = {}) {
    Object.assign(this, { url: new URL(url), keyId, secret, language, log, timeoutsMs, nowMs });
    this.shiftS = 0; // what has to be added to our clock to get the centre's
    this.timesMs = []; // of late; null: no answer
    this.ways = this.url.protocol === "https:" ? https : http;
    this.agent = new this.ways.Agent({ keepAlive: true, maxSockets: 1 });
  }

  /** Call an operation of the contract; `parts` fill its path. */
  async send(operation, body, parts = {}) {
    const [method, path] = OPERATIONS[operation];
    const target = path.replace(/{(\w+)}/g, (_, name) => encodeURIComponent(parts[name]));
    const content = Buffer.from(typeof body === "string" ? body : body === undefined ? "" : JSON.stringify(body));
    const timeoutMs = this.timeoutsMs[operation] ?? TIMEOUT_MS;
    try {
      return await this.once(method, target, content, timeoutMs);
    } catch (error) {
      const ours = error instanceof Refused && error.code === "stale_signature" && error.problem.facts?.server_ts;
      if (!ours) throw error;
      // Our clock is wrong, the centre told its own: signed anew, once.
      this.shiftS = ours - Math.floor(this.nowMs() / 1000);
      return await this.once(method, target, content, timeoutMs);
    }
  }

  async once(method, target, content, timeoutMs) {
    const atS = Math.floor(this.nowMs() / 1000) + this.shiftS;
    const headers = {
      authorization: authorization(this.keyId, this.secret, method, target, atS, content),
      "content-type": "application/json",
      "accept-language": this.language,
      "content-length": content.length,
    };
    const beganMs = performance.now();
    const line = { sent_at: new Date(this.nowMs()).toISOString(), ts: atS, key: this.keyId, method, path: target };
    Object.assign(line, { body: impersonal(decoded(content)), status: null, timeout_ms: timeoutMs });
    try {
      const answer = await this.exchange(method, target, content, headers, timeoutMs);
      const told = decoded(answer.content);
      Object.assign(line, { status: answer.status, answer: impersonal(told), headers: notable(answer.headers) });
      this.mindTheClock(answer.headers);
      if (answer.status >= 200 && answer.status < 300) {
        return { status: answer.status, body: told, isRepeat: "idempotent-replay" in answer.headers };
      }
      throw new Refused(answer.status, told !== null && typeof told === "object" ? told : {});
    } catch (error) {
      if (error instanceof Refused) throw error;
      line.error = error.code ?? error.message;
      throw new Unreachable(line.error, { cause: error });
    } finally {
      line.ms = Math.round(performance.now() - beganMs);
      this.timesMs = [...this.timesMs.slice(-99), line.status === null || line.status >= 500 ? null : line.ms];
      this.note(line);
    }
  }

  /** On the kept connection if it still stands: the other end may have closed it meanwhile. */
  exchange(method, target, content, headers, timeoutMs) {
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.url;
      const request = this.ways.request({ agent: this.agent, hostname, port, method, path: target, headers });
      const deadline = setTimeout(() => request.destroy(new Error("timeout")), timeoutMs);
      request.on("response", (answer) => {
        const pieces = [];
        answer.on("data", (piece) => pieces.push(piece));
        answer.on("error", reject);
        answer.on("end", () => {
          clearTimeout(deadline);
          resolve({ status: answer.statusCode, headers: answer.headers, content: Buffer.concat(pieces) });
        });
      });
      request.on("error", (error) => {
        clearTimeout(deadline);
        const closedMeanwhile = request.reusedSocket && ["ECONNRESET", "EPIPE"].includes(error.code);
        if (!closedMeanwhile) return reject(error);
        this.exchange(method, target, content, headers, timeoutMs).then(resolve, reject);
      });
      request.end(content);
    });
  }

  mindTheClock(headers) {
    const skewS = Number(headers["x-clock-skew-s"] ?? 0);
    if (Math.abs(skewS) > SKEW_MATTERS_S) this.shiftS -= skewS;
  }

  note(line) {
    if (this.log === null) return;
    try {
      appendFileSync(this.log, JSON.stringify(line) + "\n");
    } catch {
      // A full disk stops no sale.
    }
  }

  hangUp() {
    this.agent.destroy();
  }
}

function notable(headers) {
  const names = ["idempotent-replay", "x-clock-skew-s"].filter((name) => name in headers);
  return Object.fromEntries(names.map((name) => [name, headers[name]]));
}

function decoded(content) {
  try {
    return content.length ? JSON.parse(content.toString("utf8")) : null;
  } catch {
    return null; // a proxy's page
  }
}

/** A copy fit for a log: the last two characters of what is personal. */
export function impersonal(told) {
  if (Array.isArray(told)) return told.map(impersonal);
  if (told === null || typeof told !== "object") return told;
  const fit = ([name, value]) => {
    if (PERSONAL_WHOLE.has(name)) return [name, "***"];
    if (PERSONAL.has(name) && typeof value === "string") return [name, "***" + value.slice(-2)];
    return [name, impersonal(value)];
  };
  return Object.fromEntries(Object.entries(told).map(fit));
}
