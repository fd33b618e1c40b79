// Numbers, times and money, as people read them. What is not known is a dash.

export const NOTHING = "–";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const precise = (digits) => new Intl.NumberFormat("en", { maximumFractionDigits: digits, minimumFractionDigits: 0 });
const is = (value) => value !== null && value !== undefined && !Number.isNaN(Number(value));

/** 12,345 */
export const count = (value) => (is(value) ? whole.format(value) : NOTHING);

/** 12.3K */
export const brief = (value) => {
  if (!is(value)) return NOTHING;
  return Math.abs(value) < 10000 ? precise(1).format(value) : short.format(value);
};

/** $1.23; small amounts with the digits that tell something. */
export const money = (value) => {
  if (!is(value)) return NOTHING;
  const amount = Number(value);
  if (amount === 0) return "$0";
  if (Math.abs(amount) >= 1000) return `$${short.format(amount)}`;
  if (Math.abs(amount) >= 1) return `$${amount.toFixed(2)}`;
  return `$${Number(amount.toPrecision(2)).toLocaleString("en", { maximumFractionDigits: 12 })}`;
};

/** A price per token as one per million of them. */
export const perMillion = (value) => (is(value) ? money(Number(value) * 1e6) : NOTHING);

/** 12.3 % */
export const percent = (share) => (is(share) ? `${precise(share < 0.1 ? 2 : 1).format(share * 100)} %` : NOTHING);

/** 850 ms, 1.25 s, 3 min */
export const millis = (value) => {
  if (!is(value)) return NOTHING;
  if (value < 10) return `${precise(1).format(value)} ms`;
  if (value < 1000) return `${whole.format(value)} ms`;
  return seconds(value / 1000);
};

/** 1.2 s, 3 min, 5 h, 2 d */
export const seconds = (value) => {
  if (!is(value)) return NOTHING;
  if (value < 1) return `${whole.format(value * 1000)} ms`;
  if (value < 60) return `${precise(value < 10 ? 2 : 1).format(value)} s`;
  if (value < 3600) return `${whole.format(value / 60)} min`;
  if (value < 172800) return `${precise(1).format(value / 3600)} h`;
  return `${precise(1).format(value / 86400)} d`;
};

/** 64 MiB */
export const bytes = (value) => {
  if (!is(value)) return NOTHING;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let left = Number(value);
  for (; left >= 1024 && unit < units.length - 1; unit += 1) left /= 1024;
  return `${precise(1).format(left)} ${units[unit]}`;
};

/** How long ago a moment in seconds since 1970 was. */
export const ago = (at) => (is(at) ? `${seconds(Math.max(0, Math.round(Date.now() / 1000 - at)))} ago` : NOTHING);

/** A moment in seconds since 1970, in this place's time. */
export const moment = (at) => (is(at)
  ? new Date(at * 1000).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" })
  : NOTHING);

/** The time of day, with the day where a range is longer than one. */
export const clock = (at, isLong = false) => new Date(at * 1000).toLocaleString("en-GB", isLong
  ? { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }
  : { hour: "2-digit", minute: "2-digit" });
