// The Responses API of npm's openai against a running Folio: node openai-responses.mjs BASE_URL MODEL
import assert from "node:assert/strict";
import OpenAI from "openai";
import { form, isCall, isForm, leave, now } from "./asked.mjs";

const [baseURL, model] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: "unused", maxRetries: 0 });
const greedy = { model, temperature: 0, max_output_tokens: 24 };
const input = "Tell me a story about a dog and a ball.";

const whole = await client.responses.create({ ...greedy, input, instructions: "You tell stories." });
assert.equal(whole.object, "response");
assert.equal(whole.status, "incomplete");
assert.equal(whole.incomplete_details.reason, "max_output_tokens");
assert.ok(whole.output_text.length > 0);
assert.equal(whole.usage.output_tokens, 24);

let text = "", last = null;
for await (const event of await client.responses.create({ ...greedy, input, instructions: "You tell stories.", stream: true })) {
  if (event.type === "response.output_text.delta") text += event.delta;
  last = event;
}
assert.equal(text, whole.output_text);
assert.equal(last.type, "response.incomplete");

const gathered = await client.responses.stream({ ...greedy, input, instructions: "You tell stories." }).finalResponse();
assert.equal(gathered.output_text, whole.output_text);

const next = await client.responses.create({ ...greedy, input: "And then?", previous_response_id: whole.id });
assert.equal(next.previous_response_id, whole.id);
const items = [];
for await (const item of client.responses.inputItems.list(next.id, { order: "asc", limit: 1 })) items.push(item.role);
assert.deepEqual(items, ["user", "assistant", "user"]);
assert.equal((await client.responses.retrieve(next.id)).output_text, next.output_text);
await client.responses.delete(next.id);
await assert.rejects(client.responses.retrieve(next.id), error => error instanceof OpenAI.NotFoundError);

const asking = { ...greedy, max_output_tokens: 200, tools: [{ type: "function", strict: true, ...now }], tool_choice: "required", parallel_tool_calls: false };
const called = await client.responses.create({ ...asking, input: "What time is it?" });
const call = called.output.find(item => item.type === "function_call");
assert.ok(isCall(JSON.parse(call.arguments)));
const calledStreamed = await client.responses.stream({ ...asking, input: "What time is it?" }).finalResponse();
assert.equal(calledStreamed.output[0].arguments, call.arguments);
const told = await client.responses.create({ ...greedy, input: [{ type: "function_call_output", call_id: call.call_id, output: "noon" }], previous_response_id: called.id });
assert.ok(told.output_text.length > 0);
const toldAgain = await client.responses.create({ ...greedy, store: false, input: [{ role: "user", content: "What time is it?" }, ...called.output, { type: "function_call_output", call_id: call.call_id, output: "noon" }] });
assert.equal(toldAgain.output_text, told.output_text);

const formed = await client.responses.parse({ ...greedy, max_output_tokens: 200, input: "Yes or no?", text: { format: { type: "json_schema", name: "form", strict: true, schema: form } } });
assert.ok(isForm(JSON.parse(formed.output_text)));

await assert.rejects(client.responses.create({ ...greedy, input, temperature: -1 }), error => error instanceof OpenAI.BadRequestError && error.param === "temperature");
await assert.rejects(client.responses.create({ ...greedy, input, tools: [{ type: "web_search" }] }), error => error instanceof OpenAI.BadRequestError && error.param === "tools[0].type");

await leave(baseURL, 400, endless => client.responses.create({ ...greedy, max_output_tokens: 400, input, ...endless }));
console.log(`openai responses: ${JSON.stringify(whole.output_text)}`);
