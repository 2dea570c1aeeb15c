// A conversation over /v1/chat/completions, streamed.
import { headers } from "./app.js";

const field = id => document.getElementById(id);
const list = field("messages");
let conversation = [];
let running = null; // aborts the answer that is being written

function bubble(role, text) {
  const element = document.createElement("div");
  element.className = `message ${role}`;
  element.textContent = text;
  list.append(element);
  list.scrollTop = list.scrollHeight;
  return element;
}

function request() {
  const number = id => field(id).value === "" ? undefined : Number(field(id).value), system = field("system").value;
  return {
    messages: [...(system ? [{ role: "system", content: system }] : []), ...conversation],
    temperature: number("temperature"),
    top_p: number("top_p"),
    top_k: number("top_k"),
    min_p: number("min_p"),
    max_tokens: number("max_tokens"),
    seed: number("seed"),
    stream: true,
    stream_options: { include_usage: true },
  };
}

/** The events of a stream, parsed. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const parts = text.split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const data = part.split("\n").filter(line => line.startsWith("data: ")).map(line => line.slice(6)).join("\n");
      if (data && data !== "[DONE]") yield JSON.parse(data);
    }
  }
}

function tellUsage(usage, started, first) {
  const cached = usage.prompt_tokens_details?.cached_tokens ?? 0, seconds = (performance.now() - first) / 1000;
  const speed = usage.completion_tokens > 1 && seconds > 0 ? ` · ${((usage.completion_tokens - 1) / seconds).toFixed(1)} tok/s` : "";
  field("usage").textContent = `${usage.prompt_tokens} prompt tokens, ${cached} cached · ${usage.completion_tokens} tokens · first after ${Math.round(first - started)} ms${speed}`;
}

async function answer() {
  const started = performance.now(), thoughts = bubble("thoughts", ""), element = bubble("assistant", "");
  let text = "", thought = "", first = 0, failure = null;
  running = new AbortController();
  field("send").disabled = !(field("stop").disabled = false);
  try {
    const reply = await fetch("v1/chat/completions", {
      method: "POST", headers: { "Content-Type": "application/json", ...headers() }, body: JSON.stringify(request()), signal: running.signal,
    });
    if (!reply.ok) throw new Error((await reply.json()).error.message);
    for await (const event of events(reply.body)) {
      if (event.error) throw new Error(event.error.message);
      const choice = event.choices?.[0], delta = choice?.delta ?? {};
      if (delta.content || delta.reasoning) {
        first ||= performance.now();
        thoughts.textContent = thought += delta.reasoning ?? "";
        element.textContent = text += delta.content ?? "";
        list.scrollTop = list.scrollHeight;
      }

      if (choice?.finish_reason === "length") element.classList.add("cut");
      if (event.usage) tellUsage(event.usage, started, first || performance.now());
    }
  } catch (error) {
    if (error.name !== "AbortError") failure = error;
  }

  if (!thought) thoughts.remove();
  if (!text && !element.classList.contains("cut")) element.remove();
  if (text) conversation.push({ role: "assistant", content: text });
  else takeBack();
  if (failure) bubble("error", failure.message);
  running = null;
  field("send").disabled = !(field("stop").disabled = true);
}

/** What got no answer is the conversation's no more, and may be sent again. */
function takeBack() {
  const { content } = conversation.pop() ?? { content: "" };
  if (!field("prompt").value) field("prompt").value = content;
}

/** Makes the form work. */
export function startChat() {
  field("ask").addEventListener("submit", event => {
    event.preventDefault();
    if (running) return;
    conversation.push({ role: "user", content: field("prompt").value });
    bubble("user", field("prompt").value);
    field("prompt").value = "";
    answer();
  });
  field("prompt").addEventListener("keydown", event => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) field("ask").requestSubmit();
  });
  field("stop").addEventListener("click", () => running?.abort());
  field("clear").addEventListener("click", () => {
    running?.abort();
    conversation = [];
    list.replaceChildren();
    field("usage").textContent = "";
  });
}
