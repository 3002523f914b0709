// Who stands at the till: found by a phone or a card, or registered in one call.
import { CUT } from "./wire.js";
import { said, t, uid } from "./numbers.js";

// What the cabinet and apps show as a QR.
export const QR = /^[A-Za-z0-9_-]{60,}$/;

export const customer = {
  phone: "",
  called: "",
  customer: null,
  mayRegister: false,

  examplePhone() {
    const phones = this.known.phones;
    this.phone = phones[this.hint++ % Math.max(1, phones.length)] ?? "";
  },
  newPhone() {
    this.phone = `+7900${String(crypto.getRandomValues(new Uint32Array(1))[0] % 10000000).padStart(7, "0")}`;
    this.mayRegister = true;
    this.$nextTick(() => this.focus("called"));
  },
  identifierOf(text) {
    const value = text.trim();
    if (QR.test(value)) return { type: "token", value };
    const digits = value.replace(/\D/g, "");
    return { type: digits.length > 11 || /[a-zа-я]/i.test(value) ? "card" : "phone", value };
  },
  async identify() {
    if (!this.phone.trim()) return;
    const identifier = this.identifierOf(this.phone);
    const answer = await this.call("/pos/v1/identify", { ...this.here(), identifier }, t("identify", "кто это"));
    if (answer === CUT) {
      this.customer = { name: identifier.value, identifier, token: "", balance: null, tier: null };
      this.tell("warning", t("No connection: the number goes along with the check, points come later.", "Нет связи: номер уйдёт вместе с чеком, баллы начислятся позже."));
      this.changed();
    } else if (answer.status === 200) {
      this.welcome(answer.body, identifier);
    } else {
      this.mayRegister = answer.body.code === "customer_unknown" && identifier.type === "phone";
      this.refused(answer);
      if (this.mayRegister) this.$nextTick(() => this.focus("called"));
    }
  },
  async register() {
    if (!this.phone.trim() || !this.called.trim()) return;
    const body = { ...this.here(), request_id: uid(), phone: this.phone.trim(), called: this.called.trim(), language: this.language };
    const answer = await this.call("/pos/v1/customers", body, t("register", "регистрация"));
    if (answer.status === 200) this.welcome(answer.body, this.identifierOf(this.phone));
    else if (answer === CUT) this.tell("warning", t("No connection: registration has to wait.", "Нет связи: регистрация подождёт."));
    else this.refused(answer);
  },
  welcome(found, identifier) {
    this.customer = { name: found.display_name, identifier, token: found.customer_token, balance: found.balance, tier: found.tier };
    this.mayRegister = false;
    this.called = "";
    this.changed();
    this.tell("success", found.messages[0] ?? found.display_name);
    this.focus("search");
  },
  async refresh() {
    if (!this.customer?.token || this.isCut) return;
    const answer = await this.call("/pos/v1/identify", { ...this.here(), identifier: this.customer.identifier }, t("identify", "кто это"));
    if (answer.status === 200) Object.assign(this.customer, { token: answer.body.customer_token, balance: answer.body.balance, tier: answer.body.tier });
  },
  forget() {
    this.customer = null;
    this.burn = "none";
    this.phone = "";
    this.changed();
  },
  get points() {
    return this.customer?.balance ? said(this.customer.balance.active) : "—";
  },
  get path() {
    return this.customer?.tier?.path.text ?? "";
  },
};
