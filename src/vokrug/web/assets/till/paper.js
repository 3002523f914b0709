// What the buyer sees: the little display, and the receipt, 42 columns wide.
import { minor, said, t, times, milli } from "./numbers.js";

const WIDTH = 42;
const TENDERS = { cash: ["CASH", "НАЛИЧНЫМИ"], card: ["CARD", "КАРТОЙ"], sbp: ["FAST PAYMENT", "СБП"] };

export const paper = {
  get display() {
    if (this.paid && !this.lines.length) {
      const after = this.paid.answer?.balance ? row(t("Points", "Баллы"), said(this.paid.answer.balance.points), 28) : "";
      return [t("Thank you!", "Спасибо за покупку!"), after].filter(Boolean).join("\n");
    }
    if (this.quote) return blocks(this.quote, ["customer_display"]).join("\n") || row(t("To pay", "К оплате"), said(this.toPay), 28);
    if (this.lines.length) {
      const last = this.lines[this.lines.length - 1];
      return [cut(last.name, 28), row(t("Sum", "Сумма"), said(this.shelfTotal), 28)].join("\n");
    }
    return this.isCut ? t("Till is open", "Касса работает") : t("Welcome!", "Добро пожаловать!");
  },
  get receipt() {
    if (this.paid) return receiptOf(this.paid);
    if (!this.lines.length) return "";
    return draftOf(this);
  },
};

function receiptOf(sale) {
  const rows = [middle(sale.shop.toUpperCase()), middle(t("SALES RECEIPT", "КАССОВЫЙ ЧЕК")), row(sale.at, `№ ${sale.fiscal}`), "-".repeat(WIDTH)];
  if (sale.quote) rows.push(...blocks(sale.quote, ["header"]));
  for (const line of sale.lines) {
    rows.push(...wrapped(`${line.n}. ${line.name}`));
    for (const part of line.split ?? [{ qty: line.qty, price: line.price, sum: line.net }]) {
      rows.push(row(`   ${Number(part.qty)} × ${said(part.price)}`, `=${said(part.sum)}`));
    }
  }
  rows.push("-".repeat(WIDTH));
  if (sale.answer) rows.push(...blocks(sale.answer, ["header", "after_items"]).map((each) => widened(each)));
  for (const card of sale.giftCards.filter((one) => one.status === "applied")) rows.push(row(`${t("GIFT CARD", "ПОДАРОЧНАЯ КАРТА")} ${card.mask}`, `=${said(card.take)}`));
  rows.push(row(t("TOTAL", "ИТОГ"), `=${said(sale.toPay)}`));
  const [en, ru] = TENDERS[sale.tender];
  if (minor(sale.toPay)) rows.push(row(t(en, ru), `=${said(sale.toPay)}`));
  if (sale.answer) {
    for (const coupon of sale.answer.coupons) rows.push("", middle(coupon.name), middle(coupon.code));
    rows.push("", ...joined(blocks(sale.answer, ["footer", "slip"])));
  } else {
    rows.push("", ...wrapped(t("Points for this purchase come when the till is on line again.", "Баллы за покупку начислятся, когда касса снова будет на связи.")));
  }
  return rows.join("\n");
}

function draftOf(screen) {
  const rows = [middle(t("NOT PAID YET", "ЕЩЁ НЕ ОПЛАЧЕН")), "-".repeat(WIDTH)];
  for (const line of screen.lines) {
    rows.push(...wrapped(line.name), row(`   ${line.qty} × ${said(line.price)}`, `=${said(times(minor(line.price), milli(line.qty)))}`));
  }
  rows.push("-".repeat(WIDTH));
  if (screen.quote) {
    const { totals } = screen.quote;
    rows.push(...blocks(screen.quote, ["after_items"]).map((each) => widened(each)));
    if (minor(totals.points)) rows.push(row(t("By points", "Баллами"), `-${said(totals.points)}`));
    if (minor(totals.gift_cards)) rows.push(row(t("By gift cards", "Подарочными картами"), `-${said(totals.gift_cards)}`));
  }
  rows.push(row(t("TO PAY", "К ОПЛАТЕ"), `=${said(screen.toPay)}`));
  return rows.join("\n");
}

const blocks = (answer, places) => answer.receipt.filter((block) => places.includes(block.place)).flatMap((block) => block.lines);
const cut = (text, width) => (text.length > width ? `${text.slice(0, width - 1)}…` : text);
const row = (left, right, width = WIDTH) => {
  const room = width - String(right).length - 1;
  return `${cut(String(left), room).padEnd(room)} ${right}`;
};
const middle = (text) => wrapped(text).map((line) => " ".repeat(Math.max(0, Math.floor((WIDTH - line.length) / 2))) + line).join("\n");
// The centre sets lines of two ends for 32 columns: the paper here is wider.
const widened = (line) => {
  const ends = line.match(/^(.*?)\s{2,}(\S.*)$/);
  return ends ? row(ends[1], ends[2]) : line;
};
const joined = (lines) => wrapped(lines.join(" "));
function wrapped(text) {
  const rows = [""];
  for (const word of text.split(" ")) {
    const last = rows[rows.length - 1];
    if (last && last.length + word.length + 1 > WIDTH) rows.push(word);
    else rows[rows.length - 1] = last ? `${last} ${word}` : word;
  }
  return rows;
}
