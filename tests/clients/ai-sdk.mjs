// Vercel's AI SDK through @ai-sdk/openai-compatible against a running Folio: node ai-sdk.mjs BASE_URL MODEL
import assert from "node:assert/strict";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, jsonSchema, Output, stepCountIs, streamText, tool } from "ai";
import { form, idle, isCall, isForm, now } from "./asked.mjs";

const [baseURL, name] = process.argv.slice(2);
const model = createOpenAICompatible({ name: "folio", baseURL, includeUsage: true, supportsStructuredOutputs: true })(name);
const call = { model, prompt: "Tell me a story about a dog and a ball.", temperature: 0, maxOutputTokens: 24, maxRetries: 0 };

const whole = await generateText(call);
assert.ok(whole.text.length > 0);
assert.ok(whole.usage.inputTokens > 0 && whole.usage.outputTokens > 0);

const stream = streamText(call);
let text = "";
for await (const piece of stream.textStream) text += piece;
assert.equal(text, whole.text);
assert.equal(await stream.finishReason, whole.finishReason);
assert.equal((await stream.usage).outputTokens, whole.usage.outputTokens);

// The tool is called, its result goes back, and the next step answers.
const heard = [];
const tools = { now: tool({ description: now.description, inputSchema: jsonSchema(now.parameters), execute: async input => { heard.push(input); return "noon"; } }) };
const stepped = { ...call, prompt: "What time is it?", maxOutputTokens: 200, tools, providerOptions: { folio: { parallel_tool_calls: false } }, stopWhen: stepCountIs(2), prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? "required" : "none" }) };
const answered = await generateText(stepped);
assert.equal(answered.steps.length, 2);
assert.ok(heard.length > 0 && heard.every(isCall));
const streamedCall = streamText({ ...stepped, stopWhen: stepCountIs(1) });
await streamedCall.consumeStream();
assert.deepEqual((await streamedCall.toolCalls)[0].input, answered.steps[0].toolCalls[0].input);

const formed = await generateText({ ...call, prompt: "Yes or no?", maxOutputTokens: 200, output: Output.object({ schema: jsonSchema(form) }) });
assert.ok(isForm(formed.output));

const leaving = new AbortController();
const left = streamText({ ...call, maxOutputTokens: 200, abortSignal: leaving.signal, onError() {} });
for await (const _ of left.textStream) leaving.abort();
await idle(baseURL);

await assert.rejects(generateText({ ...call, topP: 7 }), error => error.statusCode === 400);
console.log(`ai-sdk: ${JSON.stringify(whole.text)}`);
