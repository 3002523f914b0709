// A till: three calls a sale, and a queue that brings home what the line broke. Node 18 and newer, no dependencies.

import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";

import { Line, Refused, Unreachable } from "./line.js";
import { Queue } from "./queue.js";

export { Line, Refused, Unreachable, authorization, sign } from "./line.js";
export { Queue } from "./queue.js";
export { OPERATIONS } from "./contract.js";

/** A check in a till's hands. Its id is made once, at the first article, and kept whatever happens. */
export class Check {
  uid = randomUUID();
  rev = 0;
  lines = [];
  codes = [];
  giftCards = [];
  cashier = "";
  shift = "";
  identifier = null;
  customerToken = "";
  customerName = "";
  asked = null; // what was sent last
  answer = null; // what was promised
  isOffline = false;
  cashierText = "";

  /** An article; `more` are the other fields of a line: vat, barcode, mark_code_hash, manual_discount, flags. */
  add(sku, qty, price, more = {}) {
    this.lines.push({ n: this.lines.length + 1, sku, qty, price, ...more });
  }

  /** What to charge: as the centre says, or, without it, the till's own prices. */
  get toPay() {
    if (this.answer !== null) return this.answer.totals.to_pay;
    let kopecks = 0n;
    for (const line of this.lines) {
      kopecks += (scaled(line.qty, 3) * scaled(line.price, 2) + 500n) / 1000n; // half up
      if (line.manual_discount) kopecks -= scaled(line.manual_discount.amount, 2);
    }
    return `${kopecks / 100n}.${String(kopecks % 100n).padStart(2, "0")}`;
  }

  /** Rows of the fiscal receipt: the centre has spread the kopecks already. */
  get printRows() {
    if (this.answer === null) return this.lines.map(({ sku, qty, price }) => ({ sku, qty, price }));
    return this.answer.lines.flatMap((line) =>
      line.split.map((row) => ({ sku: this.lines[line.n - 1].sku, ...row })),
    );
  }
}

/** The key that was given, or the one fetched since. Another key in the settings is newer than what we fetched. */
function keptKey(path, keyId, secret) {
  try {
    const kept = JSON.parse(readFileSync(path, "utf8"));
    if (kept.given === keyId) return [kept.key_id, kept.secret];
  } catch {
    // None was fetched.
  }
  return [keyId, secret];
}

function keepKey(path, kept) {
  const file = openSync(path + ".new", "w", 0o600);
  writeSync(file, JSON.stringify(kept));
  fsyncSync(file);
  closeSync(file);
  renameSync(path + ".new", path);
}

function scaled(text, digits) {
  const [whole, part = ""] = text.split(".");
  return BigInt(whole + part.padEnd(digits, "0"));
}

/** Nothing here throws because of the line: what cannot be told now is told later. A refused price throws Refused. */
export class Till {
  constructor(url, keyId, secret, { shop, till, folder, software = "vokrug-till-js 0.1", onDeclined, ...more }) {
    this.given = keyId;
    this.keyPath = join(folder, "vokrug-key.json");
    this.line = new Line(url, ...keptKey(this.keyPath, keyId, secret), more);
    this.queue = new Queue(join(folder, "vokrug-queue.jsonl"));
    this.place = { shop, till };
    this.software = software;
    this.onDeclined = onDeclined ?? (() => {});
  }

  get now() {
    return new Date(this.line.nowMs()).toISOString();
  }

  /** Who buys: phone, card, email. Null without a line: the centre will find them when the check comes. */
  async identify(check, type, value) {
    const found = await this.sendNow(check, "pos_post_identify", { ...this.place, identifier: { type, value } });
    check.identifier = { type, value };
    return this.known(check, found);
  }

  /** Register at the till; sent again it registers nobody twice. */
  async register(check, phone, called, consents = []) {
    const body = { ...this.place, request_id: check.uid, phone, called, consents };
    const found = await this.sendNow(check, "pos_post_customer", body);
    check.identifier = { type: "phone", value: phone };
    return this.known(check, found);
  }

  known(check, found) {
    if (found !== null) [check.customerToken, check.customerName] = [found.customer_token, found.display_name];
    return found;
  }

  /** Prices promised, points set aside. `burn`: none, max, or how many points. Each time a new revision. */
  async calculate(check, burn = "none") {
    check.answer = null;
    check.rev += 1;
    check.asked = this.checkBody(check, burn);
    try {
      check.answer = await this.sendNow(check, "pos_post_calculate", check.asked, { check_uid: check.uid });
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== "customer_token_stale" || !check.customerToken) throw error;
      check.customerToken = "";
      return await this.calculate(check, burn);
    }
    return check.answer;
  }

  /** The receipt is printed. Queued first, then sent: null means that the centre will hear of it later. */
  async commit(check, tenders, fiscal) {
    check.asked ??= this.checkBody(check, "none");
    const body = { ...this.place, rev: check.rev, claimed: { to_pay: check.toPay }, tenders, fiscal };
    if (check.answer !== null) body.calc_id = check.answer.calc_id;
    const whole = { ...body, check: check.asked };
    const [first, second] = check.answer === null ? [whole, null] : [body, whole];
    return await this.queued("commit", "pos_post_commit", { check_uid: check.uid }, first, second);
  }

  /** The shopper has left: what was set aside comes free. */
  async cancel(check) {
    await this.queued("cancel", "pos_post_cancel", { check_uid: check.uid }, this.place);
  }

  /** The sale by its check or its fiscal sign; no lines are all of it. */
  returnBody(original, lines = [], reason = "") {
    return { ...this.place, original, lines, reason, at: this.now };
  }

  /** What a return would bring; nothing changes. */
  async priceReturn(uid, body) {
    return await this.sendNow(null, "pos_post_return_calculate", body, { return_uid: uid });
  }

  /** The goods are back and the money is out. Queued like a sale. */
  async takeBack(body, uid = randomUUID()) {
    return await this.queued("return", "pos_post_return", { return_uid: uid }, body);
  }

  /** Say how we fare, do what we are told. */
  async heartbeat() {
    const times = this.line.timesMs.filter((time) => time !== null).sort((a, b) => a - b);
    const calls = this.line.timesMs.length;
    const body = { ...this.place, at: this.now, software: this.software, queue_length: this.queue.length };
    Object.assign(body, { declined: this.queue.waiting({ declined: true }).length, calls });
    Object.assign(body, { unanswered: calls - times.length });
    if (times.length) body.p95_ms = times[Math.ceil(times.length * 0.95) - 1];
    let heard;
    try {
      heard = (await this.line.send("pos_post_heartbeat", body)).body;
    } catch (error) {
      if (error instanceof Unreachable || error instanceof Refused) return null;
      throw error;
    }
    this.line.timesMs = [];
    if (heard.commands.includes("rotate_key")) await this.changeKey();
    if (heard.commands.includes("send_queue")) await this.sendQueue({ now: true });
    return heard;
  }

  /** Fetch the new key with the old one, keep it on the disk, work with it from now on. */
  async changeKey() {
    let found;
    try {
      found = (await this.line.send("integrations_claim_key", this.place)).body;
    } catch (error) {
      if (error instanceof Unreachable || error instanceof Refused) return false;
      throw error;
    }
    keepKey(this.keyPath, { given: this.given, key_id: found.key_id, secret: found.secret });
    [this.line.keyId, this.line.secret] = [found.key_id, found.secret];
    return (await this.heartbeat()) !== null; // the centre hears that the new one works
  }

  /** Send what is due; call it every minute. Says how many documents still wait. */
  async sendQueue({ now = false } = {}) {
    for (const one of this.queue.waiting()) {
      if (!now && one.notBeforeMs > this.line.nowMs()) continue;
      try {
        await this.sendQueued(one.id);
      } catch (error) {
        if (error instanceof Unreachable) break; // no line: the others wait as well
        throw error;
      }
    }
    return this.queue.length;
  }

  close() {
    this.line.hangUp();
  }

  // Inside

  checkBody(check, burn) {
    const asked = burn === "none" || burn === "max" ? { mode: burn } : { mode: "points", points: burn };
    const body = { ...this.place, rev: check.rev, at: this.now, lines: check.lines, codes: check.codes };
    Object.assign(body, { gift_cards: check.giftCards, burn: asked, hold: true });
    if (check.cashier) body.cashier = check.cashier;
    if (check.shift) body.shift = check.shift;
    if (check.customerToken) body.customer_token = check.customerToken;
    else if (check.identifier !== null) body.identifier = check.identifier;
    return structuredClone(body);
  }

  async sendNow(check, operation, body, parts) {
    let found = null;
    try {
      found = (await this.line.send(operation, body, parts)).body;
    } catch (error) {
      if (error instanceof Refused && check !== null) check.cashierText = error.cashierText;
      if (!(error instanceof Unreachable || (error instanceof Refused && error.isBusy))) throw error;
    }
    if (check !== null) check.isOffline = found === null;
    return found;
  }

  async queued(kind, operation, parts, body, whole = null) {
    const id = `${kind}:${Object.values(parts)[0]}`;
    this.queue.put(id, operation, parts, JSON.stringify(body), whole === null ? null : JSON.stringify(whole));
    try {
      return await this.sendQueued(id);
    } catch (error) {
      if (error instanceof Unreachable) return null;
      throw error;
    }
  }

  async sendQueued(id) {
    const document = this.queue.find(id);
    if (document === undefined) return null;
    try {
      const answer = await this.line.send(document.operation, document.body, document.parts);
      this.queue.sent(id);
      return answer.body;
    } catch (error) {
      if (error instanceof Unreachable) this.queue.later(id, this.line.nowMs(), error.message);
      if (!(error instanceof Refused)) throw error;
      if (error.code === "check_unknown" && document.whole !== null) {
        // Never taken, so another body contradicts nothing.
        this.queue.goesWhole(id);
        return await this.sendQueued(id);
      }
      if (error.retry === "never" && error.status !== 401 && !error.isBusy) {
        this.queue.declined(id, error.message);
        this.onDeclined(id, error);
      } else {
        this.queue.later(id, this.line.nowMs(), error.message);
      }
      return null;
    }
  }
}
