// @langchain/openai against a running Folio, by chats and by the Responses API: node langchain.mjs BASE_URL MODEL
import assert from "node:assert/strict";
import { HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { form, idle, isCall, isForm, now } from "./asked.mjs";

const [baseURL, name] = process.argv.slice(2);
const story = [new SystemMessage("You tell stories."), new HumanMessage("Tell me a story about a dog and a ball.")];
const question = new HumanMessage("What time is it?");
// By name, since the Responses API's side of this client sends no tool_choice that is "required".
const tool = { type: "function", function: now };

for (const useResponsesApi of [false, true]) {
  const create = settings => new ChatOpenAI({ model: name, apiKey: "unused", configuration: { baseURL }, temperature: 0, maxTokens: 24, maxRetries: 0, useResponsesApi, ...settings });
  const model = create();

  const whole = await model.invoke(story);
  assert.ok(whole.text.length > 0);
  assert.ok(whole.usage_metadata.input_tokens > 0);
  assert.equal(whole.usage_metadata.output_tokens, 24);

  let text = "";
  for await (const chunk of await model.stream(story)) text += chunk.text;
  assert.equal(text, whole.text);

  const calling = create({ maxTokens: 200 }).bindTools([tool], { tool_choice: { type: "function", function: { name: "now" } }, parallel_tool_calls: false });
  const called = await calling.invoke([question]);
  assert.equal(called.tool_calls[0].name, "now");
  assert.ok(isCall(called.tool_calls[0].args));
  let gathered = null;
  for await (const chunk of await calling.stream([question])) gathered = gathered === null ? chunk : gathered.concat(chunk);
  assert.deepEqual(gathered.tool_calls[0].args, called.tool_calls[0].args);
  const told = await model.bindTools([tool]).invoke([question, called, new ToolMessage({ content: "noon", tool_call_id: called.tool_calls[0].id })]);
  assert.ok(told.text.length > 0 || told.tool_calls.length > 0);

  for (const method of ["jsonSchema", "functionCalling"]) {
    const formed = await create({ maxTokens: 200 }).withStructuredOutput({ title: "form", ...form }, { method, name: "form" }).invoke("Yes or no?");
    assert.ok(isForm(formed));
  }

  await assert.rejects(create({ temperature: 9 }).invoke(story), error => error.status === 400);

  const leaving = new AbortController();
  await assert.rejects(async () => {
    for await (const _ of await create({ maxTokens: 200 }).stream(story, { signal: leaving.signal })) leaving.abort();
  });
  await idle(baseURL);
  console.log(`langchain ${useResponsesApi ? "responses" : "chats"}: ${JSON.stringify(whole.text)}`);
}
