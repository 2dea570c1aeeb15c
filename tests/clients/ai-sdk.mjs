// Vercel's AI SDK through @ai-sdk/openai-compatible against a running Folio: node ai-sdk.mjs BASE_URL MODEL
import assert from "node:assert/strict";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, streamText } from "ai";

const [baseURL, name] = process.argv.slice(2);
const model = createOpenAICompatible({ name: "folio", baseURL, includeUsage: true })(name);
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

await assert.rejects(generateText({ ...call, topP: 7 }), error => error.statusCode === 400);
console.log(`ai-sdk: ${JSON.stringify(whole.text)}`);
