// Reads an AsyncAPI document and prints what its own parser says of it.
const { Parser } = require("@asyncapi/parser");
const { readFileSync } = require("node:fs");

new Parser().parse(readFileSync(0, "utf8")).then(({ document, diagnostics }) => {
  const channels = document ? document.channels().all().map((one) => one.id()) : [];
  const messages = document ? document.messages().all().map((one) => one.name()) : [];
  console.log(JSON.stringify({ diagnostics, channels, messages }));
});
