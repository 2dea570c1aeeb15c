// npm's @anthropic-ai/sdk against a running Folio: node anthropic.mjs BASE_URL MODEL
import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";
import { leave } from "./asked.mjs";

const [baseURL, model] = process.argv.slice(2);
const client = new Anthropic({ baseURL: new URL("..", baseURL).href.replace(/\/$/, ""), apiKey: "unused", maxRetries: 0 });
const messages = [{ role: "user", content: "Tell me a story about a dog and a ball." }];
const greedy = { model, temperature: 0, max_tokens: 24 };
const tools = [{ name: "get_weather", description: "The weather of a town.", input_schema: { type: "object", properties: { city: { type: "string", maxLength: 12 } }, required: ["city"] } }];

const whole = await client.messages.create({ ...greedy, system: "You tell stories.", messages });
assert.equal(whole.type, "message");
assert.equal(whole.role, "assistant");
assert.ok(whole.content[0].text.length > 0);
assert.equal(whole.usage.output_tokens, 24);
assert.equal(whole.stop_reason, "max_tokens");
assert.ok(whole._request_id.startsWith("req_"));

const stream = client.messages.stream({ ...greedy, system: "You tell stories.", messages });
let text = "";
stream.on("text", piece => { text += piece; });
const streamed = await stream.finalMessage();
assert.equal(text, whole.content[0].text);
assert.deepEqual(streamed.content, whole.content);
assert.equal(streamed.usage.output_tokens, whole.usage.output_tokens);

const types = [];
for await (const event of await client.messages.create({ ...greedy, messages, stream: true })) types.push(event.type);
assert.equal(types[0], "message_start");
assert.deepEqual(types.slice(-2), ["message_delta", "message_stop"]);

const word = whole.content[0].text.split(" ")[3];
const stopped = await client.messages.create({ ...greedy, system: "You tell stories.", messages, stop_sequences: [word] });
assert.deepEqual([stopped.stop_reason, stopped.stop_sequence], ["stop_sequence", word]);

const asking = [{ role: "user", content: "What is the weather in Bern?" }];
const called = await client.messages.create({ ...greedy, max_tokens: 200, messages: asking, tools, tool_choice: { type: "any", disable_parallel_tool_use: true } });
assert.equal(called.stop_reason, "tool_use");
assert.equal(typeof called.content[0].input.city, "string");
const calledStreamed = await client.messages.stream({ ...greedy, max_tokens: 200, messages: asking, tools, tool_choice: { type: "any", disable_parallel_tool_use: true } }).finalMessage();
assert.deepEqual(calledStreamed.content[0].input, called.content[0].input);
const results = [{ type: "tool_result", tool_use_id: called.content[0].id, content: [{ type: "text", text: "Sunny" }] }];
const told = await client.messages.create({ ...greedy, messages: [...asking, { role: "assistant", content: called.content }, { role: "user", content: results }], tools, tool_choice: { type: "none" } });
assert.equal(told.content[0].type, "text");

const schema = { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"], additionalProperties: false };
const parsed = await client.messages.create({ ...greedy, max_tokens: 300, messages, output_config: { format: { type: "json_schema", schema } } });
assert.equal(typeof JSON.parse(parsed.content[0].text).ok, "boolean");

const thinking = await client.messages.create({ ...greedy, max_tokens: 2000, messages, thinking: { type: "enabled", budget_tokens: 1024 }, stop_sequences: ["."] });
assert.ok(thinking.content.length > 0);

const count = await client.messages.countTokens({ model, messages });
assert.ok(count.input_tokens > 8);
const models = [];
for await (const entry of client.models.list()) models.push(entry.id);
assert.ok(models.includes(model));

await assert.rejects(client.messages.create({ ...greedy, messages, temperature: -1 }), error => error instanceof Anthropic.BadRequestError && error.type === "invalid_request_error" && error.requestID.startsWith("req_"));
await assert.rejects(client.messages.create({ ...greedy, messages, model: "no-such-model" }), error => error instanceof Anthropic.NotFoundError);

await leave(baseURL, 400, endless => client.messages.create({ ...greedy, max_tokens: 400, messages, ...endless }));
const controller = new AbortController();
setTimeout(() => controller.abort(), 20);
await assert.rejects(client.messages.create({ ...greedy, max_tokens: 400, ignore_eos: true, messages }, { signal: controller.signal }), Anthropic.APIUserAbortError);
console.log(`anthropic: ${JSON.stringify(whole.content[0].text)}`);
