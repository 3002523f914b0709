// Reads [{what, ...}] and answers with what the JavaScript SDK makes of each.
const { CloudEvent, HTTP } = require("cloudevents");
const { readFileSync } = require("node:fs");

const plain = (message) => ({
  headers: message.headers,
  body: typeof message.body === "string" ? message.body : JSON.stringify(message.body),
});

const jobs = {
  structured: ({ event }) => plain(HTTP.structured(new CloudEvent(event))),
  binary: ({ event }) => plain(HTTP.binary(new CloudEvent(event))),
  batched: ({ events }) => ({
    headers: { "content-type": "application/cloudevents-batch+json" },
    body: JSON.stringify(events.map((event) => new CloudEvent(event))),
  }),
  read: ({ headers, body }) => [HTTP.toEvent({ headers, body })].flat().map((event) => {
    event.validate();
    return event.toJSON();
  }),
};

const asked = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(asked.map((one) => jobs[one.what](one))));
