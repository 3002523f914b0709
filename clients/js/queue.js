// Documents that the centre has not taken yet, in a file that outlives a power cut: a line of JSON for each change.

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";

const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 600_000;
const REWRITTEN_AFTER = 1_000; // changes: then the file holds what is left, and nothing else

export class Queue {
  constructor(path) {
    this.path = path;
    this.documents = new Map();
    this.changes = 0;
    for (const line of existsSync(path) ? readFileSync(path, "utf8").split("\n") : []) {
      if (!line) continue;
      let change;
      try {
        change = JSON.parse(line);
      } catch {
        continue; // the line that the power cut short: what it told had not been acted upon
      }
      this.apply(change);
    }
    this.rewrite();
  }

  apply({ id, ...change }) {
    if (change.gone) this.documents.delete(id);
    else this.documents.set(id, { ...this.documents.get(id), ...change, id });
  }

  change(change) {
    this.apply(change);
    this.write("a", JSON.stringify(change) + "\n", this.path);
    this.changes += 1;
    if (this.changes > REWRITTEN_AFTER) this.rewrite();
  }

  rewrite() {
    const lines = [...this.documents.values()].map((one) => JSON.stringify(one) + "\n").join("");
    this.write("w", lines, this.path + ".new");
    renameSync(this.path + ".new", this.path);
    this.changes = 0;
  }

  write(how, text, path) {
    const file = openSync(path, how);
    writeSync(file, text);
    fsyncSync(file);
    closeSync(file);
  }

  /** Before it is sent, and once: the same id again changes nothing. */
  put(id, operation, parts, body, whole = null) {
    if (this.documents.has(id)) return;
    this.change({ id, operation, parts, body, whole, tries: 0, notBeforeMs: 0, isDeclined: false, trouble: "" });
  }

  /** Oldest first; the declined wait for a person. */
  waiting({ declined = false } = {}) {
    return [...this.documents.values()].filter((one) => one.isDeclined === declined);
  }

  find(id) {
    const found = this.documents.get(id);
    return found?.isDeclined ? undefined : found;
  }

  sent(id) {
    this.change({ id, gone: true });
  }

  goesWhole(id) {
    this.change({ id, body: this.documents.get(id).whole, whole: null });
  }

  declined(id, trouble) {
    this.change({ id, isDeclined: true, trouble });
  }

  later(id, nowMs, trouble) {
    const { tries } = this.documents.get(id);
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries);
    this.change({ id, tries: tries + 1, notBeforeMs: nowMs + pauseMs, trouble });
  }

  get length() {
    return this.waiting().length;
  }
}
