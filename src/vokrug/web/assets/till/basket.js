// What lies on the counter: goods, a customer, coupons, gift cards, points. Any change makes the quote stale.
import { QR } from "./customer.js";
import { CUT } from "./wire.js";
import { decimal, isMoney, isQuantity, milli, minor, quantity, said, t, times, uid } from "./numbers.js";

const PHONE = /^(\+?7|8)?\s*\(?9\d{2}\)?[\s-]*\d{3}[\s-]*\d{2}[\s-]*\d{2}$/;
const TILES = 24;

export const basket = {
  goods: [],
  search: "",
  shelf: "",
  shelves: [],
  lines: [],
  codes: [],
  code: "",
  giftCards: [],
  giftNumber: "",
  giftPin: "",
  giftAmount: "500.00",
  burn: "none",
  burnPoints: "",
  uid: uid(),
  rev: 0,
  quote: null,
  asked: "",
  hint: 0, // which of the numbers to try comes next

  get tiles() {
    const words = this.search.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.goods.filter((one) => {
      const place = `${one.name} ${one.sku} ${one.barcode}`.toLowerCase();
      return words.length ? words.every((word) => place.includes(word)) : !this.shelf || one.shelf === this.shelf;
    });
    return found.slice(0, TILES);
  },
  get shelfTotal() {
    return this.lines.reduce((sum, line) => sum + times(minor(line.price), milli(line.qty)), 0);
  },
  get isEmpty() {
    return this.lines.length === 0;
  },

  // A scanner types and presses Enter, and so do people: a barcode, a phone, or words.
  async entered() {
    const text = this.search.trim();
    if (!text) return;
    const byCode = this.goods.find((one) => one.barcode === text || one.sku.toLowerCase() === text.toLowerCase());
    if (byCode) {
      this.put(byCode);
    } else if (PHONE.test(text) || QR.test(text)) {
      this.phone = text;
      this.search = "";
      await this.identify();
    } else if (this.tiles.length) {
      this.put(this.tiles[0]);
    } else {
      this.tell("warning", t("No such article.", "Такого товара нет."));
    }
  },
  put(article) {
    this.search = "";
    const same = this.lines.find((line) => line.sku === article.sku && !line.giftCard && !article.is_weighed);
    if (same) {
      same.qty = quantity(milli(same.qty) + 1000);
    } else {
      const qty = article.is_weighed ? "0.5" : "1";
      this.lines.push({ id: uid(), sku: article.sku, name: article.name, qty, price: article.price, isWeighed: article.is_weighed, giftCard: "" });
    }
    this.changed();
    this.focus("search");
  },
  more(line) {
    line.qty = quantity(milli(line.qty) + (line.isWeighed ? 100 : 1000));
    this.changed();
  },
  less(line) {
    const left = milli(line.qty) - (line.isWeighed ? 100 : 1000);
    if (left > 0) line.qty = quantity(left);
    else this.lines = this.lines.filter((one) => one.id !== line.id);
    this.changed();
  },
  retyped(line) {
    line.qty = isQuantity(line.qty) ? quantity(milli(line.qty)) : "1";
    this.changed();
  },
  drop(line) {
    this.lines = this.lines.filter((one) => one.id !== line.id);
    this.changed();
  },

  useCode() {
    const code = this.code.trim().toUpperCase();
    if (code && !this.codes.includes(code)) this.codes.push(code);
    this.code = "";
    this.changed();
  },
  dropCode(code) {
    this.codes = this.codes.filter((one) => one !== code);
    this.changed();
  },

  freshGiftCard() {
    const card = this.known.giftCards[this.hint++ % Math.max(1, this.known.giftCards.length)];
    if (card) [this.giftNumber, this.giftPin] = [card.number, card.pin ?? ""];
  },
  sellGiftCard() {
    if (!this.giftNumber.trim() || !isMoney(this.giftAmount)) return;
    const number = this.giftNumber.replace(/\s/g, "");
    this.lines.push({
      id: uid(), sku: "gift-card", name: `${t("Gift card", "Подарочная карта")} …${number.slice(-4)}`, qty: "1",
      price: decimal(minor(this.giftAmount)), isWeighed: false, giftCard: number,
    });
    this.soldCards[number] = this.giftPin;
    this.changed();
  },
  payByGiftCard() {
    const number = this.giftNumber.replace(/\s/g, "");
    if (!number || this.giftCards.some((card) => card.number === number)) return;
    this.giftCards.push({ number, pin: this.giftPin.trim() });
    this.changed();
  },
  dropGiftCard(card) {
    this.giftCards = this.giftCards.filter((one) => one.number !== card.number);
    this.changed();
  },
  async giftBalance() {
    const number = this.giftNumber.replace(/\s/g, "");
    if (!number) return;
    const body = { ...this.here(), number, ...(this.giftPin ? { pin: this.giftPin } : {}) };
    const answer = await this.call("/pos/v1/gift-cards:balance", body, t("gift card's balance", "остаток карты"));
    if (answer.status === 200) {
      this.tell("info", `${answer.body.mask}: ${said(answer.body.balance)} (${this.stateSaid(answer.body.state)})`);
    } else this.refused(answer);
  },
  stateSaid(state) {
    return {
      applied: t("pays", "платит"), active: t("active", "действует"), not_activated: t("not sold yet", "ещё не продана"),
      blocked: t("blocked", "заблокирована"), expired: t("run out", "истекла"), unknown: t("unknown", "неизвестна"),
      wrong_pin: t("wrong PIN", "неверный ПИН"), empty: t("empty", "пуста"), other_currency: t("another currency", "другая валюта"),
    }[state] ?? state;
  },

  setBurn(mode) {
    this.burn = mode;
    this.changed();
  },
  changed() {
    this.quote = null;
    this.paid = null;
  },
  here() {
    return { shop: this.till.shop, till: this.till.till };
  },

  // The whole check as the protocol has it. Without a token the customer goes along as the phone that was typed.
  check(rev) {
    const asked = { rev, ...this.here(), cashier: "K01", lines: this.lines.map((line, at) => lineOf(line, at + 1)) };
    if (this.customer?.token) asked.customer_token = this.customer.token;
    else if (this.customer) asked.identifier = this.customer.identifier;
    if (this.codes.length) asked.codes = [...this.codes];
    if (this.giftCards.length) asked.gift_cards = this.giftCards.map((card) => ({ number: card.number, ...(card.pin ? { pin: card.pin } : {}) }));
    if (this.burn === "max") asked.burn = { mode: "max" };
    if (this.burn === "points" && isMoney(this.burnPoints)) asked.burn = { mode: "points", points: decimal(minor(this.burnPoints)) };
    asked.hold = true;
    return asked;
  },

  // F9. The same basket asked again is the same revision; a changed one is the next.
  async total() {
    if (this.isEmpty || this.isBusy) return;
    this.isBusy = true;
    const body = JSON.stringify({ ...this.check(0), place: this.place });
    if (body !== this.asked) [this.rev, this.asked] = [this.rev + 1, body];
    const answer = await this.call(`/pos/v1/checks/${this.uid}:calculate`, this.check(this.rev), t("calculate", "расчёт"));
    this.isBusy = false;
    if (answer === CUT) {
      this.tell("warning", t("No connection: selling at shelf prices. The check will wait in the queue.", "Нет связи: продаём по ценам полки. Чек подождёт в очереди."));
    } else if (answer.status === 200) {
      this.quote = answer.body;
      this.tell("", "");
    } else this.refused(answer);
  },
  quoted(line) {
    return this.quote?.lines.find((one) => one.n === this.lines.findIndex((each) => each.id === line.id) + 1);
  },
  net(line) {
    const sum = times(minor(line.price), milli(line.qty));
    return said(this.quoted(line)?.net ?? decimal(sum));
  },
  lineNotes(line) {
    const found = this.quoted(line);
    if (!found) return [];
    const notes = found.discounts.map((one) => `−${said(one.amount)} ${t("discount", "скидка")}`);
    if (minor(found.points_burn)) notes.push(`−${said(found.points_burn)} ${t("by points", "баллами")}`);
    if (minor(found.earn)) notes.push(`+${said(found.earn)} ${t("points", "баллов")}`);
    return notes;
  },
  get toPay() {
    return this.quote ? this.quote.totals.to_pay : decimal(this.shelfTotal);
  },
  get advice() {
    return (this.quote?.verdicts ?? []).filter((one) => one.code || one.missing);
  },
  adviceSaid(one) {
    if (one.code) return `${one.code}: ${one.text}`;
    return t(`Add goods for ${said(one.missing)}, and one more offer works`, `Добавьте товаров на ${said(one.missing)}, и сработает ещё одна акция`);
  },
};

function lineOf(line, n) {
  const asked = { n, sku: line.sku, name: line.name, qty: line.qty, price: line.price };
  return line.giftCard ? { ...asked, flags: ["gift_card_sale"], gift_card: line.giftCard } : asked;
}
