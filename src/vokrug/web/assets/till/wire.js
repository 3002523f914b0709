// The till's line to the centre. Everything that goes over it is in the log; while it is cut, documents wait in a queue.
import { language, t } from "./numbers.js";

export const CUT = { status: 0, body: { code: "no_connection" }, replayed: false };
let entries = 0;

export const wire = {
  log: [],
  queues: {}, // by till: documents that the centre has not heard of
  cut: {}, // by till: is its line down?

  get isCut() {
    return Boolean(this.cut[this.place]);
  },
  get queue() {
    return this.queues[this.place] ?? [];
  },
  get waiting() {
    return this.queue.length;
  },

  // One call. `null` as its answer means that the line is down.
  async call(path, body, what, till = this.till) {
    const entry = {
      n: ++entries, what, path, method: "POST", at: new Date().toLocaleTimeString(language), till: `${till.shop} / ${till.till}`,
      request: JSON.stringify(body, null, 1), status: "…", ms: "", answer: "", replayed: false, isOpen: false, tone: "secondary",
    };
    this.log.unshift(entry);
    this.log.length = Math.min(this.log.length, 60);
    const kept = this.log[0];
    if (this.cut[`${till.shop}/${till.till}`]) {
      Object.assign(kept, { status: "✕", tone: "danger", answer: t("No connection: the centre has not heard this.", "Нет связи: центр этого не слышал.") });
      return CUT;
    }
    const from = performance.now();
    try {
      const response = await fetch(path, {
        method: "POST",
        headers: { authorization: `Bearer ${till.token}`, "content-type": "application/json", "accept-language": language },
        body: JSON.stringify(body),
      });
      const answer = await response.json();
      const replayed = response.headers.has("idempotent-replay");
      Object.assign(kept, {
        status: response.status, ms: `${Math.round(performance.now() - from)} ms`, replayed,
        tone: response.ok ? "success" : "warning", answer: JSON.stringify(answer, null, 1),
      });
      return { status: response.status, body: answer, replayed };
    } catch {
      Object.assign(kept, { status: "✕", tone: "danger", answer: t("The centre does not answer.", "Центр не отвечает.") });
      return CUT;
    }
  },

  // A document that must arrive: now, or when the line is back.
  async deliver(path, body, what) {
    const answer = await this.call(path, body, what);
    if (answer === CUT) {
      (this.queues[this.place] ??= []).push({ path, body, what, till: this.till });
    }
    return answer;
  },

  // The queue goes out twice on purpose, as after a line that broke in the middle: nothing may double.
  async sendQueue() {
    const documents = this.queues[this.place] ?? [];
    this.queues[this.place] = [];
    let repeated = 0;
    for (const document of documents) {
      const first = await this.call(document.path, document.body, document.what, document.till);
      if (first === CUT) {
        this.queues[this.place].push(document);
        continue;
      }
      this.arrived(document, first);
      const again = await this.call(document.path, document.body, t("the same once more", "то же ещё раз"), document.till);
      if (again.replayed) repeated += 1;
    }
    const sent = documents.length - this.queue.length;
    if (sent) {
      this.tell("success", t(
        `Documents sent: ${sent}, each of them twice. Answers that the centre repeated instead of counting again: ${repeated}.`,
        `Отправлено документов: ${sent}, каждый дважды. Повторных ответов вместо второго проведения: ${repeated}.`,
      ));
    }
  },

  async setCut(isCut) {
    this.cut[this.place] = isCut;
    if (!isCut) await this.sendQueue();
  },

  async again(entry) {
    const till = this.tills.find((one) => `${one.shop} / ${one.till}` === entry.till);
    const answer = await this.call(entry.path, JSON.parse(entry.request), t("the same once more", "то же ещё раз"), till);
    if (answer.replayed) {
      this.tell("success", t("The centre knows this document: it repeated its answer, nothing moved.", "Центр знает этот документ: он повторил ответ, ничего не проведено дважды."));
    }
  },
};
