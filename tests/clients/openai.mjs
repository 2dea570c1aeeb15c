// npm's openai against a running Folio: node openai.mjs BASE_URL MODEL
import assert from "node:assert/strict";
import OpenAI from "openai";
import { form, isCall, isForm, leave, now } from "./asked.mjs";

const [baseURL, model] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: "unused", maxRetries: 0 });
const messages = [{ role: "user", content: "Tell me a story about a dog and a ball." }];
const greedy = { model, temperature: 0, max_tokens: 24 };

const models = await client.models.list();
assert.ok(models.data.some(entry => entry.id === model));

const whole = await client.chat.completions.create({ ...greedy, messages });
assert.equal(whole.object, "chat.completion");
assert.equal(whole.choices[0].message.role, "assistant");
assert.ok(whole.choices[0].message.content.length > 0);
assert.equal(whole.usage.total_tokens, whole.usage.prompt_tokens + whole.usage.completion_tokens);

let text = "", finish = null, usage = null;
for await (const chunk of await client.chat.completions.create({ ...greedy, messages, stream: true, stream_options: { include_usage: true } })) {
  text += chunk.choices[0]?.delta.content ?? "";
  finish = chunk.choices[0]?.finish_reason ?? finish;
  usage = chunk.usage ?? usage;
}
assert.equal(text, whole.choices[0].message.content);
assert.equal(finish, whole.choices[0].finish_reason);
assert.deepEqual([usage.prompt_tokens, usage.completion_tokens], [whole.usage.prompt_tokens, whole.usage.completion_tokens]);

const completion = await client.completions.create({ ...greedy, prompt: ["Once upon a time", "One day"], logprobs: 2 });
assert.deepEqual(completion.choices.map(choice => choice.index), [0, 1]);
assert.equal(completion.choices[0].logprobs.tokens.length, completion.choices[0].logprobs.token_logprobs.length);

text = "";
for await (const chunk of await client.completions.create({ ...greedy, prompt: "Once upon a time", stream: true })) text += chunk.choices[0].text;
assert.equal(text, completion.choices[0].text);

const embeddings = await client.embeddings.create({ model, input: ["Once upon a time", "A dog"] }); // it asks for base64 by itself
const numbers = await client.embeddings.create({ model, input: "A dog", encoding_format: "float" });
assert.deepEqual(Array.from(embeddings.data[1].embedding), numbers.data[0].embedding.map(Math.fround));
assert.equal(embeddings.usage.total_tokens, embeddings.usage.prompt_tokens);
await assert.rejects(client.embeddings.create({ model, input: "A dog", dimensions: 8 }), error => error instanceof OpenAI.BadRequestError && error.param === "dimensions");

const tools = [{ type: "function", function: { strict: true, ...now } }];
const question = [{ role: "user", content: "What time is it?" }];
const asking = { ...greedy, max_tokens: 200, messages: question, tools, tool_choice: "required", parallel_tool_calls: false };
const called = (await client.chat.completions.create(asking)).choices[0];
assert.equal(called.finish_reason, "tool_calls");
assert.ok(isCall(JSON.parse(called.message.tool_calls[0].function.arguments)));
const calledStreamed = await client.chat.completions.stream(asking).finalMessage();
assert.equal(calledStreamed.tool_calls[0].function.arguments, called.message.tool_calls[0].function.arguments);
const told = await client.chat.completions.create({ ...greedy, messages: [...question, called.message, { role: "tool", tool_call_id: called.message.tool_calls[0].id, content: "noon" }], tools });
assert.equal(told.object, "chat.completion");

const formed = await client.chat.completions.parse({ ...greedy, max_tokens: 200, messages, response_format: { type: "json_schema", json_schema: { name: "form", strict: true, schema: form } } });
assert.ok(isForm(JSON.parse(formed.choices[0].message.content)));

await assert.rejects(client.chat.completions.create({ ...greedy, messages, temperature: -1 }), error => error instanceof OpenAI.BadRequestError && error.param === "temperature");
await assert.rejects(client.chat.completions.create({ ...greedy, messages, model: "no-such-model" }), error => error instanceof OpenAI.NotFoundError);

await leave(baseURL, 400, endless => client.chat.completions.create({ ...greedy, max_tokens: 400, messages, ...endless }));
console.log(`openai: ${JSON.stringify(whole.choices[0].message.content)}`);
