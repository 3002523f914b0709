// Burning many points takes the shopper's word: a code by SMS or a call, a PIN, the app's code, or an administrator's.
import { CUT } from "./wire.js";
import { said, t } from "./numbers.js";

export const proving = {
  method: "",
  proof: "",
  sending: 0,

  get needsWord() {
    return Boolean(this.quote?.burn.auth_needed);
  },
  get methods() {
    return this.quote?.burn.methods ?? [];
  },
  methodSaid(method) {
    return {
      sms: t("Code by SMS", "Код по SMS"), call_last4: t("Last digits of a call", "Последние цифры звонка"),
      pin: t("PIN", "ПИН-код"), app_code: t("Code of the app", "Код из приложения"), admin: t("Administrator", "Администратор"),
    }[method] ?? method;
  },
  async askWord(method) {
    [this.method, this.proof, this.sending] = [method, "", this.sending + 1];
    await this.authorize({ sending: Math.min(20, this.sending) }, t("ask the shopper's word", "спросить согласие"));
    this.focus("proof");
  },
  async giveWord() {
    if (this.proof.trim()) await this.authorize({ sending: Math.max(1, this.sending), code: this.proof.trim() }, t("the shopper's word", "согласие покупателя"));
  },
  async authorize(more, what) {
    const body = { ...this.here(), rev: this.rev, method: this.method, ...(this.method === "admin" ? { reason: t("till simulator", "имитатор кассы") } : {}), ...more };
    const answer = await this.call(`/pos/v1/checks/${this.uid}:authorize`, body, what);
    if (answer === CUT) return this.tell("warning", t("No connection: the word cannot be asked for.", "Нет связи: спросить согласие нельзя."));
    if (answer.status !== 200) return this.refused(answer);
    if (["authorized", "not_needed"].includes(answer.body.status)) {
      this.quote.burn.auth_needed = false;
      this.tell("success", t(`The shopper agrees to ${said(answer.body.points)} points.`, `Покупатель согласен списать баллы: ${said(answer.body.points)}.`));
    } else this.tell("info", answer.body.cashier_text);
    return undefined;
  },
};
