// Chats with any served model as a caller does: through the gateway's own endpoint, with its limits and its failover.

import { html, useEffect, useMemo, useRef, useState, useValue } from "../lib/html.js";
import { useResource } from "../lib/resource.js";
import { bytes } from "../lib/format.js";
import { PageHead } from "../components/frame.js";
import { Empty, Notice } from "../components/states.js";
import { Dialog } from "../components/dialog.js";
import { Choice, TextArea, TextField } from "../components/form.js";
import { Snippet } from "../components/copy.js";
import { AnswerView } from "./playground/answer.js";
import { codeOf } from "./playground/code.js";
import { MAX_IMAGE, read, Thumb } from "./playground/images.js";
import { faultsOf } from "./playground/request.js";
import { Settings } from "./playground/settings.js";
import { hindrance, isRunning, nextBody, sayResult, send, set, sidesOf, startAnew, stop, talk } from "./playground/talk.js";

export default function Playground({ session }) {
  const now = useValue(talk);
  const [isShowing, setShowing] = useState(false);
  const needsKey = session.callers_need_key || now.key !== "" || now.turns.some(({ answers }) => answers.some(({ error }) => error?.status === 401));
  return html`<${PageHead} title="Playground" lead="Asks through this gateway as any caller does, so it counts at limits and in the ledger. Nothing that is typed here is stored.">
      <${Choice} label="How many models" value=${now.isTwo ? "2" : "1"} onChange=${(many) => set({ isTwo: many === "2" })} options=${[["1", "One model"], ["2", "Two side by side"]]} />
      <button type="button" onClick=${() => setShowing(true)}>Copy as code</button>
      <button type="button" disabled=${now.turns.length === 0} onClick=${startAnew}>Start anew</button></${PageHead}>
    <div class="play">
      <div><${Models} now=${now} /></div>
      <${Settings} now=${now} needsKey=${needsKey} />
      <div class="play-talk"><${Turns} now=${now} /><${Composer} now=${now} /></div>
    </div>
    ${isShowing && html`<${Code} now=${now} needsKey=${needsKey} onClose=${() => setShowing(false)} />`}`;
}

/** Names the list of known models in the page. */
const LIST = "play-models";

function Models({ now }) {
  const models = useResource("/admin/v1/models", 60);
  const known = useMemo(() => (models.data?.data ?? []).filter(({ id }) => !id.includes("embed")), [models.data]);
  const first = known[0]?.id ?? "";
  useEffect(() => {
    const { models: chosen } = talk.peek();
    // Who has begun to type is not interrupted.
    const isTyping = document.activeElement?.getAttribute("list") === LIST;
    if (first && !isTyping) set({ models: chosen.map((each, place) => each || known[place]?.id || first) });
  }, [first]);
  const choose = (place) => (model) => set({ models: talk.peek().models.map((each, at) => (at === place ? model : each)) });
  return html`<div class="play-models">${sidesOf(now).map((model, place) => html`<${TextField} key=${place} label=${now.isTwo ? `Model ${place + 1}` : "Model"} value=${model} onInput=${choose(place)} list=${LIST} autocomplete="off" spellcheck=${false}
      onFocus=${(event) => event.target.select()} />`)}</div>
    <datalist id=${LIST}>${known.map(({ id, providers }) => html`<option key=${id} value=${id}>${(providers ?? []).join(", ")}</option>`)}</datalist>
    <p class="hint play-hint">${models.error ? models.error.message : "Type a part of a name to search. Any name that the gateway takes will do."}</p>`;
}

function Turns({ now }) {
  const end = useRef(null);
  const count = now.turns.length;
  useFollowing(end, now.turns);
  if (count === 0) return html`<div class="panel"><${Empty} title="Nothing was said yet"><p>Choose a model, write a message and press Send.</p></${Empty}></div>`;
  return html`<div class="turns">${now.turns.map(({ id, user, answers }, place) => {
    const isLast = place === count - 1;
    return html`<section key=${id} class="turn" aria-label=${`Turn ${place + 1}`}>
      ${user && html`<div class="user">${user.text && html`<p class="said">${user.text}</p>`}${user.images.map((image, at) => html`<${Thumb} key=${at} of=${image} />`)}</div>`}
      <div class="sides">${answers.map((answer, side) => html`<${AnswerView} key=${side} of=${answer}
        onResult=${isLast && answer.state === "done" && answer.calls.length > 0 ? (call, text) => sayResult(id, side, call, text) : undefined} />`)}</div></section>`;
  })}<div ref=${end}></div></div>`;
}

/** Keeps the end in view while more is said, unless somebody has gone up to read. */
function useFollowing(end, turns) {
  const isAtEnd = useRef(true);
  useEffect(() => {
    const look = () => {
      isAtEnd.current = innerHeight + scrollY > document.documentElement.scrollHeight - 60;
    };
    addEventListener("scroll", look, { passive: true });
    return () => removeEventListener("scroll", look);
  }, []);
  useEffect(() => {
    isAtEnd.current = true;
  }, [turns.length]);
  useEffect(() => {
    if (isAtEnd.current && turns.length > 0) end.current?.scrollIntoView({ block: "end" });
  }, [turns]);
}

function Composer({ now }) {
  const [wrong, setWrong] = useState("");
  const field = useRef(null);
  const { draft } = now;
  const isBusy = isRunning(now);
  const change = (more) => {
    setWrong("");
    set({ draft: { ...talk.peek().draft, ...more } });
  };
  const submit = (event) => {
    event.preventDefault();
    if (isRunning(talk.peek())) return;
    const why = hindrance(talk.peek());
    setWrong(why);
    if (!why) send();
  };
  const onKeyDown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
  };
  const add = async (event) => {
    const { files } = event.target;
    try {
      const images = await read(files);
      change({ images: [...talk.peek().draft.images, ...images] });
    } catch (error) {
      setWrong(error.message);
    }
    event.target.value = "";
  };
  return html`<form class="panel composer" onSubmit=${submit}>
    <${TextArea} label="Message" rows="3" value=${draft.text} onInput=${(text) => change({ text })} onKeyDown=${onKeyDown} error=${wrong} />
    ${draft.images.length > 0 && html`<div class="tools">${draft.images.map((image, place) => html`<${Thumb} key=${image.url} of=${image} onRemove=${() => change({ images: draft.images.filter((_, at) => at !== place) })} />`)}</div>`}
    <div class="tools">
      ${isBusy ? html`<button type="button" class="danger" onClick=${stop}>Stop</button>` : html`<button type="submit" class="main">Send</button>`}
      <input ref=${field} type="file" class="unseen" tabindex="-1" aria-label="Images" accept="image/png,image/jpeg,image/webp,image/gif" multiple onChange=${add} />
      <button type="button" onClick=${() => field.current.click()}>Add images</button>
      <span class="hint">Each up to ${bytes(MAX_IMAGE)}. Ctrl or ⌘ and Enter sends.</span>
    </div></form>`;
}

/** Images are too long to be looked at. */
const short = (text) => text.replace(/(data:[\w/+.-]+;base64,[\w+/]{24})[\w+/=]{40,}/g, "$1…");

function Code({ now, needsKey, onClose }) {
  const [language, setLanguage] = useState("curl");
  const [side, setSide] = useState("0");
  const faults = Object.values(faultsOf(now.settings));
  const text = faults.length === 0 ? codeOf(language, nextBody(now, now.isTwo ? Number(side) : 0), { needsKey }) : "";
  return html`<${Dialog} title="The same request elsewhere" onClose=${onClose} wide>
    <div class="tools"><${Choice} label="Language" value=${language} onChange=${setLanguage} options=${[["curl", "curl"], ["python", "Python"], ["node", "Node"]]} />
      ${now.isTwo && html`<${Choice} label="Which model" value=${side} onChange=${setSide} options=${sidesOf(now).map((model, place) => [String(place), model || `Model ${place + 1}`])} />`}</div>
    ${text ? html`<${Snippet} text=${text} shown=${short(text)} what=${`the lines for ${language}`} />` : html`<${Notice} tone="bad">A setting is not right: ${faults[0]}</${Notice}>`}
    <p class="hint">${language === "curl" ? "" : `They use OpenAI's library: ${language === "python" ? "pip install openai" : "npm install openai"}. `}${needsKey ? "The key is read from the variable MODELPORT_KEY. " : ""}${short(text) === text ? "" : "Images are whole in what is copied."}</p>
  </${Dialog}>`;
}
