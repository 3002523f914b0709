// A check becomes a sale, is given up, or comes back. A printed receipt is a fact: it is delivered, however late.
import { CUT } from "./wire.js";
import { decimal, isQuantity, milli, minor, quantity, said, t, times, uid } from "./numbers.js";

let printed = Math.floor(Date.now() / 1000) % 100000;

export const paying = {
  isLate: false, // the receipt is printed before the centre is heard
  paid: null,
  past: [],
  soldCards: {},
  chosen: null, // the past check that is being returned
  back: [],
  preview: null,

  async pay(tender) {
    if (this.isEmpty || this.isBusy) return;
    if (!this.quote && !this.isCut && !this.isLate) await this.total();
    if (!this.quote && !this.isCut && !this.isLate) return;
    const isPrinted = this.isCut || this.isLate;
    const knows = this.quote && !this.isLate;
    const toPay = knows ? this.quote.totals.to_pay : decimal(this.shelfTotal);
    const body = { rev: Math.max(1, this.rev), ...this.here(), claimed: { to_pay: toPay } };
    if (minor(toPay)) body.tenders = [{ type: tender, amount: toPay }];
    if (knows) {
      body.calc_id = this.quote.calc_id;
    } else {
      if (this.quote) body.rev = this.rev += 1;
      body.check = this.check(body.rev);
    }
    if (isPrinted) body.fiscal = fiscalSign();
    this.isBusy = true;
    const answer = await this.deliver(`/pos/v1/checks/${this.uid}:commit`, body, isPrinted ? t("commit, printed already", "фиксация: чек уже напечатан") : t("commit", "фиксация"));
    this.isBusy = false;
    if (answer !== CUT && ![200, 202].includes(answer.status)) {
      this.refused(answer);
      if (answer.body.code !== "no_connection") this.quote = null;
      return;
    }
    this.finish(tender, toPay, knows ? this.quote : null, answer, isPrinted);
  },
  finish(tender, toPay, quote, answer, isPrinted) {
    const sale = {
      uid: this.uid, place: this.place, shop: this.till.name, at: new Date().toLocaleString(this.language), tender, toPay,
      customer: this.customer?.name ?? "", answer: answer === CUT ? null : answer.body, quote, isPrinted,
      giftCards: quote?.gift_cards ?? [], fiscal: isPrinted ? printed : ++printed,
      lines: this.lines.map((line, at) => ({ ...line, n: at + 1, left: line.qty, net: quote?.lines[at]?.net ?? decimal(times(minor(line.price), milli(line.qty))), split: quote?.lines[at]?.split ?? null })),
      state: answer === CUT ? "queued" : answer.body.status,
    };
    this.past.unshift(sale);
    this.paid = sale;
    this.announce(sale);
    [this.lines, this.codes, this.giftCards, this.quote] = [[], [], [], null];
    [this.uid, this.rev, this.asked, this.burn, this.burnPoints] = [uid(), 0, "", "none", ""];
    this.refresh();
    this.focus("search");
  },
  announce(sale) {
    if (sale.state === "queued") {
      this.tell("warning", t("Printed without the centre. The check waits in the queue.", "Напечатано без центра. Чек ждёт в очереди."));
    } else if (sale.state === "accepted_late") {
      this.tell("info", t(
        `Recorded as printed. The difference of ${said(sale.answer.deviation)} is on the shop's deviation account.`,
        `Записано как напечатано. Разница ${said(sale.answer.deviation)} — на счёте отклонений магазина.`,
      ));
    } else {
      const points = sale.answer.balance ? t(`, ${said(sale.answer.earned)} points earned: they may be spent at once`, `, начислено баллов: ${said(sale.answer.earned)}, тратить можно сразу`) : "";
      this.tell("success", t(`Paid ${said(sale.answer.paid)}`, `Оплачено ${said(sale.answer.paid)}`) + points);
    }
  },
  // A queued document reached the centre.
  arrived(document, answer) {
    const sale = this.past.find((one) => document.path.includes(one.uid));
    if (sale && [200, 202].includes(answer.status)) {
      [sale.state, sale.answer] = [answer.body.status, answer.body];
      if (this.paid?.uid === sale.uid) this.paid = sale;
    } else if (answer.status >= 400) this.refused(answer);
    this.refresh();
  },

  async cancel() {
    if (this.quote || this.rev) {
      const answer = await this.call(`/pos/v1/checks/${this.uid}:cancel`, this.here(), t("cancel", "отмена"));
      if (answer.status >= 400) this.refused(answer);
      else if (answer !== CUT) this.tell("info", t(`The check is given up; points set free: ${said(answer.body.released.points)}.`, `Чек отменён; освобождено баллов: ${said(answer.body.released.points)}.`));
    }
    [this.lines, this.codes, this.giftCards, this.quote, this.paid] = [[], [], [], null, null];
    [this.uid, this.rev, this.asked, this.burn] = [uid(), 0, "", "none"];
    this.focus("search");
  },

  // Returns

  choose(sale) {
    this.chosen = sale;
    this.preview = null;
    this.back = sale.lines.filter((line) => milli(line.left) > 0).map((line) => ({ n: line.n, name: line.name, left: line.left, qty: line.left, isTaken: false }));
  },
  unchoose() {
    [this.chosen, this.preview, this.back] = [null, null, []];
  },
  returnBody() {
    const lines = this.back.filter((line) => line.isTaken && isQuantity(line.qty)).map((line) => ({ n: line.n, qty: quantity(milli(line.qty)) }));
    return { ...this.here(), original: { check_uid: this.chosen.uid }, lines };
  },
  get mayReturn() {
    return this.back.some((line) => line.isTaken);
  },
  async tryReturn() {
    const answer = await this.call(`/pos/v1/returns/${uid()}:calculate`, this.returnBody(), t("return: what would come back", "возврат: что вернётся"));
    if (answer.status === 200) this.preview = answer.body;
    else if (answer === CUT) this.tell("warning", t("No connection: what comes back is not known yet.", "Нет связи: что вернётся, пока неизвестно."));
    else this.refused(answer);
  },
  async takeBack() {
    const body = this.returnBody();
    const answer = await this.deliver(`/pos/v1/returns/${uid()}:commit`, body, t("return", "возврат"));
    if (answer !== CUT && ![200, 202].includes(answer.status)) return this.refused(answer);
    for (const line of body.lines) {
      const sold = this.chosen.lines.find((one) => one.n === line.n);
      sold.left = quantity(milli(sold.left) - milli(line.qty));
    }
    if (answer === CUT) {
      this.tell("warning", t("The return waits in the queue.", "Возврат ждёт в очереди."));
    } else if (answer.body.status === "parked") {
      this.tell("info", t("The centre does not know the sale yet. The return waits for it, and both are posted together.", "Центр ещё не знает эту продажу. Возврат подождёт её, и проведутся они вместе."));
    } else {
      this.preview = answer.body;
      this.tell("success", t(
        `Back to the buyer: ${said(answer.body.refund)}, points given back: ${said(answer.body.points_restored)}, taken back: ${said(answer.body.points_taken_back)}.`,
        `Покупателю: ${said(answer.body.refund)}, возвращено баллов: ${said(answer.body.points_restored)}, снято начисленных: ${said(answer.body.points_taken_back)}.`,
      ));
    }
    this.refresh();
    this.choose(this.chosen);
    return undefined;
  },
  saleState(sale) {
    return {
      queued: t("in the queue", "в очереди"), committed: t("posted", "проведён"), accepted_late: t("posted as printed", "проведён как напечатан"),
    }[sale.state] ?? sale.state;
  },
};

function fiscalSign() {
  printed += 1;
  return { fn: "9999078900000042", fd: String(printed), fp: String((printed * 7919) % 4294967295), at: new Date().toISOString() };
}
