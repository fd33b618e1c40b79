// Images that go with a message: read here, and shown without leaving the page's own policy, which loads none.

import { html, useEffect, useRef } from "../../lib/html.js";
import { bytes } from "../../lib/format.js";

/** The largest image, in bytes; as it is sent it is a third larger. */
export const MAX_IMAGE = 8 * 1024 * 1024;

/** What providers read. */
const KINDS = ["image/png", "image/jpeg", "image/webp", "image/gif"];

/** The edge of the picture that is shown, in pixels. */
const EDGE = 56;

function urlOf(file) {
  return new Promise((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => fail(new Error(`${file.name} could not be read.`));
    reader.readAsDataURL(file);
  });
}

/** Reads files; throws what is wrong with the first that cannot be sent. @param {FileList} files */
export function read(files) {
  return Promise.all([...files].map(async (file) => {
    if (!KINDS.includes(file.type)) throw new Error(`${file.name} is not a PNG, JPEG, WebP or GIF image.`);
    if (file.size > MAX_IMAGE) throw new Error(`${file.name} has ${bytes(file.size)}. An image may have up to ${bytes(MAX_IMAGE)}.`);
    return { name: file.name, size: file.size, url: await urlOf(file), blob: file };
  }));
}

/** An image in small, with its name. */
export function Thumb({ of, onRemove }) {
  const place = useRef(null);
  useEffect(() => {
    createImageBitmap(of.blob).then((bitmap) => {
      const scale = Math.min(EDGE / bitmap.width, EDGE / bitmap.height);
      place.current?.getContext("2d").drawImage(bitmap, 0, 0, bitmap.width * scale, bitmap.height * scale);
      bitmap.close();
    }, () => {});
  }, [of]);
  return html`<span class="thumb"><canvas ref=${place} width=${EDGE} height=${EDGE} role="img" aria-label=${of.name}></canvas>
    <span class="hint">${of.name}<br />${bytes(of.size)}</span>
    ${onRemove && html`<button type="button" class="small plain" aria-label=${`Remove ${of.name}`} onClick=${onRemove}>✕</button>`}</span>`;
}
