// Money in whole kopecks, quantities in thousandths: what is added here is added exactly.
export const minor = (text) => {
  const [whole, part = ""] = String(text).replace(",", ".").split(".");
  const sum = Math.abs(Number(whole)) * 100 + Number((part + "00").slice(0, 2));
  return whole.trim().startsWith("-") ? -sum : sum;
};
export const decimal = (sum) => `${sum < 0 ? "-" : ""}${Math.floor(Math.abs(sum) / 100)}.${String(Math.abs(sum) % 100).padStart(2, "0")}`;
export const milli = (text) => {
  const [whole, part = ""] = String(text).replace(",", ".").split(".");
  return Number(whole || 0) * 1000 + Number((part + "000").slice(0, 3));
};
export const quantity = (thousandths) => (thousandths / 1000).toFixed(3).replace(/\.?0+$/, "");
export const times = (price, thousandths) => Math.round((price * thousandths) / 1000);
export const isMoney = (text) => /^\d{1,7}([.,]\d{1,2})?$/.test(text);
export const isQuantity = (text) => /^\d{1,5}([.,]\d{1,3})?$/.test(text) && milli(text) > 0;

const russian = document.documentElement.lang === "ru";
export const t = (en, ru) => (russian ? ru : en);
export const language = russian ? "ru" : "en";

// As people write it: 1 234,50 or 1,234.50.
export const said = (text) => {
  const sum = typeof text === "number" ? text : minor(text);
  const [whole, part] = decimal(Math.abs(sum)).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, russian ? "\u00a0" : ",");
  return `${sum < 0 ? "−" : ""}${grouped}${russian ? "," : "."}${part}`;
};
export const uid = () => crypto.randomUUID?.() ?? made();
function made() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
