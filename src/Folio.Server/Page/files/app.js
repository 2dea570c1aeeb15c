// Asks for the engine's state twice a second while the page is seen, and hands it to the pictures.
import { drawBlocks } from "./blocks.js";
import { addFigures } from "./charts.js";
import { startChat } from "./chat.js";

const key = document.getElementById("key");
const status = document.getElementById("state");
const rows = document.querySelector("#sequences tbody");
const mostRows = 40;

/** The header that a key gives; the key stays in this page's memory. */
export function headers() {
  return key.value ? { Authorization: `Bearer ${key.value}` } : {};
}

function show(text, kind) {
  status.textContent = text;
  status.className = kind;
}

function list(sequences) {
  rows.replaceChildren(...sequences.slice(0, mostRows).map(sequence => {
    const row = document.createElement("tr");
    const name = sequence.index === 0 ? `${sequence.request}` : `${sequence.request}.${sequence.index}`;
    for (const text of [name, sequence.phase, sequence.prompt_tokens, sequence.tokens, sequence.blocks.length]) row.insertCell().textContent = text;
    return row;
  }));
  if (sequences.length > mostRows) rows.insertRow().insertCell().textContent = `and ${sequences.length - mostRows} more`;
}

async function look() {
  try {
    const answer = await fetch("page/state", { headers: headers(), cache: "no-store" });
    if (answer.status === 401) return show("an API key is needed", "bad");
    if (!answer.ok) return show((await answer.json()).error.message, "bad");
    const state = await answer.json();
    document.getElementById("model").textContent = `${state.model} · ${state.max_model_len} tokens · ${state.version}`;
    show("serving", "good");
    document.getElementById("embeds").hidden = state.generates;
    for (const id of ["messages", "ask"]) document.getElementById(id).hidden = !state.generates;
    drawBlocks(state);
    addFigures(state.figures);
    list(state.sequences);
  } catch {
    show("not reachable", "bad");
  }
}

async function watch() {
  for (;;) {
    if (!document.hidden) await look();
    await new Promise(wake => setTimeout(wake, 500));
  }
}

startChat();
watch();
