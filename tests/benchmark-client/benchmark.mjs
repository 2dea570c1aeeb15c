// npm's autocannon against a running Folio: node benchmark.mjs BASE_URL MODEL
import assert from "node:assert/strict";
import autocannon from "autocannon";

const [baseURL, model] = process.argv.slice(2);
const amount = 96, connections = 16;
const sampling = { model, max_tokens: 8, ignore_eos: true };
const messages = [{ role: "user", content: "Tell me a story." }];

for (const [route, body] of [["completions", { ...sampling, prompt: "Once upon a time" }], ["chat/completions", { ...sampling, messages }]]) {
  for (const stream of [false, true]) {
    const result = await autocannon({
      url: `${baseURL}/${route}`, method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ ...body, stream }), connections, amount, timeout: 60,
    });
    assert.deepEqual([result["2xx"], result.non2xx, result.errors, result.timeouts, result.resets], [amount, 0, 0, 0, 0]);
    console.log(`${route}${stream ? ", streamed" : ""}: ${amount} requests, ${result.latency.p50} ms (p50), ${result.latency.p99} ms (p99)`);
  }
}
