// What every client's test asks: a tool that must be called, a form that the answer must have, and whether a request ends when its client leaves.
import assert from "node:assert/strict";

export const now = { name: "now", description: "The time.", parameters: { type: "object", properties: { zone: { enum: ["utc", "local"] } }, required: ["zone"], additionalProperties: false } };
export const form = { type: "object", properties: { answer: { enum: ["yes", "no"] } }, required: ["answer"], additionalProperties: false };
export const isForm = value => ["yes", "no"].includes(value.answer) && Object.keys(value).length === 1;
export const isCall = argument => ["utc", "local"].includes(argument.zone) && Object.keys(argument).length === 1;

export async function idle(baseURL) {
  for (let tries = 0; tries < 100; tries++) {
    if (await metric(baseURL, "vllm:num_requests_running") === 0) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error("a request runs on though its client has left");
}

// Asks for so many tokens, leaves with the first event, and sees that they aren't all generated.
export async function leave(baseURL, most, ask) {
  const before = await metric(baseURL, "vllm:generation_tokens_total");
  const stream = await ask({ ignore_eos: true, stream: true });
  for await (const _ of stream) break;
  stream.controller.abort();
  await idle(baseURL);
  assert.ok(await metric(baseURL, "vllm:generation_tokens_total") < before + most, "a request ran to its end though its client had left");
}

async function metric(baseURL, name) {
  const page = await (await fetch(new URL("/metrics", baseURL))).text();
  return Number(page.match(new RegExp(`^${name}\\{.*\\} (\\S+)$`, "m"))[1]);
}
