// A till in the browser. It speaks the public till protocol and nothing else.
import Alpine from "@alpinejs/csp";

import { basket } from "./till/basket.js";
import { customer } from "./till/customer.js";
import { language, said } from "./till/numbers.js";
import { paper } from "./till/paper.js";
import { paying } from "./till/paying.js";
import { proving } from "./till/proving.js";
import { wire } from "./till/wire.js";

const known = JSON.parse(document.getElementById("playground").textContent);

const screen = {
  known,
  language,
  tills: known.tills,
  at_till: 0,
  counters: {}, // by till: what lies on each counter while one stands at the other
  isBusy: false,
  tone: "",
  told: "",
  panel: "goods",

  get till() {
    return this.tills[this.at_till];
  },
  get place() {
    return `${this.till.shop}/${this.till.till}`;
  },

  async init() {
    const response = await fetch("/till/goods");
    this.goods = await response.json();
    this.shelves = [...new Set(this.goods.map((one) => one.shelf))];
    this.shelf = this.shelves[0];
    this.focus("search");
  },
  said,
  tell(tone, told) {
    [this.tone, this.told] = [tone, told];
  },
  refused(answer) {
    const told = answer.body.cashier_text ?? answer.body.detail ?? answer.body.title ?? answer.body.code;
    this.tell("warning", told);
  },
  focus(name) {
    this.$nextTick(() => this.$refs[name]?.focus());
  },
  show(panel) {
    this.panel = panel;
  },

  // Each till keeps its own check; the customer walks from one to the other.
  goTo(at) {
    const KEPT = ["lines", "codes", "giftCards", "burn", "burnPoints", "uid", "rev", "quote", "asked", "paid"];
    this.counters[this.place] = Object.fromEntries(KEPT.map((name) => [name, this[name]]));
    this.at_till = at;
    const fresh = { lines: [], codes: [], giftCards: [], burn: "none", burnPoints: "", uid: crypto.randomUUID(), rev: 0, quote: null, asked: "", paid: null };
    Object.assign(this, this.counters[this.place] ?? fresh);
    this.unchoose();
    this.tell("", "");
    this.refresh();
    this.focus("search");
  },

  key(press) {
    const does = {
      F2: () => this.focus("search"),
      F3: () => this.focus("phone"),
      F4: () => this.focus("code"),
      F8: () => this.customer && this.setBurn(this.burn === "max" ? "none" : "max"),
      F9: () => this.total(),
      F10: () => this.pay("cash"),
    }[press.key];
    if (!does) return;
    press.preventDefault();
    does();
  },
};

function together(...parts) {
  return parts.reduce((whole, part) => Object.defineProperties(whole, Object.getOwnPropertyDescriptors(part)), {});
}

Alpine.data("till", () => together(wire, basket, customer, proving, paying, paper, screen));
Alpine.start();
