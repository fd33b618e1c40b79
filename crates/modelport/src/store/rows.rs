//! What both databases hold, and the statements that they share: the columns of a row, what is summed up by the hour, and
//! the report. It knows no database.

mod reading;

pub(super) use reading::{entry, read_columns};

use std::collections::BTreeMap;

use sqlx::{ColumnIndex, Decode, Type};
use uuid::Uuid;

use super::Line;
use crate::accounting::{
    charge::{self, Source},
    entry::{Entry, Text},
    record::Ending,
    report::{Period, Totals},
};

/// A day, in milliseconds.
pub(super) const DAY: u64 = 86_400_000;

/// An hour, in milliseconds.
pub(super) const HOUR: u64 = 3_600_000;

/// The pico-dollars of a micro-dollar.
const MICRO: i64 = 1_000_000;

/// The columns of a row, by the names that a line of the journal has for them too, with PostgreSQL's types.
pub(super) const COLUMNS: [(&str, &str); 31] = [
    ("id", "uuid"),
    ("at_ms", "bigint"),
    ("request_id", "text"),
    ("key", "text"),
    ("team", "text"),
    ("provider", "text"),
    ("requested", "text"),
    ("model", "text"),
    ("surface", "text"),
    ("stream", "boolean"),
    ("status", "smallint"),
    ("ending", "text"),
    ("attempts", "integer"),
    ("duration_ms", "bigint"),
    ("first_output_ms", "bigint"),
    ("input_tokens", "bigint"),
    ("output_tokens", "bigint"),
    ("cached_input_tokens", "bigint"),
    ("cache_write_tokens", "bigint"),
    ("cache_write_1h_tokens", "bigint"),
    ("reasoning_tokens", "bigint"),
    ("audio_input_tokens", "bigint"),
    ("audio_output_tokens", "bigint"),
    ("image_input_tokens", "bigint"),
    ("image_output_tokens", "bigint"),
    ("cost_pico", "bigint"),
    ("cost_source", "text"),
    ("reported_pico", "bigint"),
    ("computed_pico", "bigint"),
    ("prices", "text"),
    ("tags", "text"),
];

/// The names of [`COLUMNS`], separated by commas.
pub(super) fn columns() -> String {
    COLUMNS.map(|(name, _)| name).join(", ")
}

/// One value of a row.
#[derive(Debug, PartialEq)]
pub(super) enum Cell {
    Id(Uuid),
    Switch(bool),
    Number(Option<i64>),
    Text(Option<Text>),
}

/// The values of a row, in the order of [`COLUMNS`].
pub(super) type Row = [Cell; COLUMNS.len()];

/// The values of this row.
pub(super) fn cells(row: &Entry) -> Row {
    let number = |number: i64| Cell::Number(Some(number));
    let text = |text: &Text| Cell::Text(Some(text.clone()));
    [
        Cell::Id(row.id),
        number(row.at_ms),
        text(&row.request_id),
        text(&row.key),
        text(&row.team),
        text(&row.provider),
        text(&row.requested),
        text(&row.model),
        text(&row.surface),
        Cell::Switch(row.stream),
        number(row.status.into()),
        text(&row.ending),
        number(row.attempts.into()),
        number(row.duration_ms),
        Cell::Number(row.first_output_ms),
        number(row.input_tokens),
        number(row.output_tokens),
        number(row.cached_input_tokens),
        number(row.cache_write_tokens),
        number(row.cache_write_1h_tokens),
        number(row.reasoning_tokens),
        number(row.audio_input_tokens),
        number(row.audio_output_tokens),
        number(row.image_input_tokens),
        number(row.image_output_tokens),
        Cell::Number(row.cost_pico),
        text(&row.cost_source),
        Cell::Number(row.reported_pico),
        Cell::Number(row.computed_pico),
        Cell::Text(row.prices.clone()),
        Cell::Text(row.tags.clone()),
    ]
}

/// What the sums of an hour are kept apart by, beside the hour.
const GROUPS: &str = "key, team, provider, model, surface";

/// What is summed up: its name in the table of hours, and what a row adds to it. An amount is summed up in two parts,
/// whole micro-dollars and the pico-dollars beyond them, because a sum of pico-dollars alone is over what 64 bits hold at
/// 9.2 million dollars.
const SUMS: [(&str, &str); 19] = [
    ("requests", "1"),
    ("failed", "CASE WHEN ending <> 'answered' THEN 1 ELSE 0 END"),
    ("input_tokens", "input_tokens"),
    ("output_tokens", "output_tokens"),
    ("cached_input_tokens", "cached_input_tokens"),
    ("cache_write_tokens", "cache_write_tokens"),
    ("cache_write_1h_tokens", "cache_write_1h_tokens"),
    ("reasoning_tokens", "reasoning_tokens"),
    ("audio_input_tokens", "audio_input_tokens"),
    ("audio_output_tokens", "audio_output_tokens"),
    ("image_input_tokens", "image_input_tokens"),
    ("image_output_tokens", "image_output_tokens"),
    (
        "reported_micro",
        "CASE WHEN cost_source = 'reported' THEN coalesce(cost_pico / 1000000, 0) ELSE 0 END",
    ),
    (
        "reported_pico",
        "CASE WHEN cost_source = 'reported' THEN coalesce(cost_pico % 1000000, 0) ELSE 0 END",
    ),
    (
        "computed_micro",
        "CASE WHEN cost_source = 'computed' THEN coalesce(cost_pico / 1000000, 0) ELSE 0 END",
    ),
    (
        "computed_pico",
        "CASE WHEN cost_source = 'computed' THEN coalesce(cost_pico % 1000000, 0) ELSE 0 END",
    ),
    (
        "estimated_micro",
        "CASE WHEN cost_source = 'estimated' THEN coalesce(cost_pico / 1000000, 0) ELSE 0 END",
    ),
    (
        "estimated_pico",
        "CASE WHEN cost_source = 'estimated' THEN coalesce(cost_pico % 1000000, 0) ELSE 0 END",
    ),
    (
        "unpriced",
        "CASE WHEN cost_pico IS NULL AND cost_source <> 'none' THEN 1 ELSE 0 END",
    ),
];

/// What rows add to the sums of an hour: the hour, what it is kept apart by, and the sums.
pub(super) type SumsLine = (i64, [Text; 5], [i64; SUMS.len()]);

/// What rows add to the sums of their hours, summed up here: as [`add_hours`] does it, for a fifth of its price.
#[derive(Default)]
pub(super) struct Hours<'a>(BTreeMap<(i64, [&'a Text; 5]), [i64; SUMS.len()]>);

impl<'a> Hours<'a> {
    /// What these rows add.
    pub(super) fn of(rows: &'a [Entry]) -> Self {
        let mut hours = Self::default();
        for row in rows {
            hours.add(row);
        }
        hours
    }

    fn add(&mut self, row: &'a Entry) {
        let (micro, pico) = row
            .cost_pico
            .map_or((0, 0), |cost| (cost / MICRO, cost % MICRO));
        let of = |source: Source| {
            let is_it = *row.cost_source == *source.as_str();
            if is_it { (micro, pico) } else { (0, 0) }
        };
        let (reported, computed, estimated) = (
            of(Source::Reported),
            of(Source::Computed),
            of(Source::Estimated),
        );
        let is_failed = *row.ending != *Ending::Answered.as_str();
        let is_unpriced = row.cost_pico.is_none() && *row.cost_source != *Source::None.as_str();
        let group = [&row.key, &row.team, &row.provider, &row.model, &row.surface];
        let hour = row.at_ms / signed(HOUR);
        let sums = self.0.entry((hour, group)).or_insert([0; SUMS.len()]);
        let adds = [
            1,
            i64::from(is_failed),
            row.input_tokens,
            row.output_tokens,
            row.cached_input_tokens,
            row.cache_write_tokens,
            row.cache_write_1h_tokens,
            row.reasoning_tokens,
            row.audio_input_tokens,
            row.audio_output_tokens,
            row.image_input_tokens,
            row.image_output_tokens,
            reported.0,
            reported.1,
            computed.0,
            computed.1,
            estimated.0,
            estimated.1,
            i64::from(is_unpriced),
        ];
        for (sum, add) in sums.iter_mut().zip(adds) {
            *sum += add;
        }
    }

    /// The values of each line that [`add_sums`] takes.
    pub(super) fn lines(&self) -> Vec<SumsLine> {
        let lines = self.0.iter();
        lines
            .map(|((hour, group), sums)| (*hour, group.map(Text::clone), *sums))
            .collect()
    }
}

/// The statement that adds this many lines of sums to the table of hours.
pub(super) fn add_sums(count: usize) -> String {
    let names = SUMS.map(|(name, _)| name).join(", ");
    let line = format!("({})", vec!["?"; 6 + SUMS.len()].join(", "));
    let lines = vec![line; count].join(", ");
    format!(
        "INSERT INTO usage_hour (hour, {GROUPS}, {names}) VALUES {lines} {}",
        add_up()
    )
}

/// What becomes of a line of sums whose hour is there already.
fn add_up() -> String {
    let added = SUMS.map(|(name, _)| format!("{name} = usage_hour.{name} + excluded.{name}"));
    let added = added.join(", ");
    format!("ON CONFLICT (hour, {GROUPS}) DO UPDATE SET {added}")
}

/// The statement that adds new rows to the sums of their hours. The hours are in order, so that two writers cannot wait
/// for each other.
pub(super) fn add_hours(from: &str) -> String {
    sum_hours(from, "")
}

/// The statement that takes rows out of the sums of their hours, in the same order.
pub(super) fn take_hours(from: &str) -> String {
    sum_hours(from, "-")
}

fn sum_hours(from: &str, sign: &str) -> String {
    let names = SUMS.map(|(name, _)| name).join(", ");
    let sums = SUMS
        .map(|(_, of_row)| format!("{sign}sum({of_row})"))
        .join(", ");
    format!(
        "INSERT INTO usage_hour (hour, {GROUPS}, {names}) \
         SELECT at_ms / 3600000, {GROUPS}, {sums} FROM {from} \
         GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6 {}",
        add_up()
    )
}

/// The statement of the report by these columns of the table of hours, most requests first. Whole hours come from that
/// table, the rest from the rows. Its parameters are [`bounds`].
pub(super) fn usage(by: &[&'static str]) -> String {
    let (groups, group_by) = match by.join(", ") {
        none if none.is_empty() => (String::new(), String::new()),
        names => (format!("{names}, "), format!("GROUP BY {names}")),
    };
    // Summed up before the rows join them: what is left to be sorted is little.
    let of_hours = SUMS.map(|(name, _)| format!("sum({name}) AS {name}"));
    let of_hours = of_hours.join(", ");
    let of_rows = SUMS.map(|(_, of_row)| of_row).join(", ");
    let sums = SUMS.map(|(name, _)| format!("CAST(coalesce(sum({name}), 0) AS BIGINT)"));
    let order = (1..=by.len()).map(|place| format!(", {place}"));
    let order = order.collect::<Vec<_>>().concat();
    format!(
        "SELECT {groups}{sums} FROM (\
         SELECT {groups}{of_hours} FROM usage_hour WHERE hour >= $1 AND hour < $2 {group_by} \
         UNION ALL SELECT {groups}{of_rows} FROM ledger \
         WHERE (at_ms >= $3 AND at_ms < $4) OR (at_ms >= $5 AND at_ms < $6)) AS parts \
         {group_by} ORDER BY sum(requests) DESC{order}",
        sums = sums.join(", "),
    )
}

/// The parameters of [`usage`].
pub(super) fn bounds(period: Period) -> [i64; 6] {
    period.parts().map(signed)
}

/// Where the first of [`SUMS`], which are counts, go.
const COUNTS: [fn(&mut Totals) -> &mut u64; 12] = [
    |totals| &mut totals.requests,
    |totals| &mut totals.failed,
    |totals| &mut totals.input_tokens,
    |totals| &mut totals.output_tokens,
    |totals| &mut totals.cached_input_tokens,
    |totals| &mut totals.cache_write_tokens,
    |totals| &mut totals.cache_write_1h_tokens,
    |totals| &mut totals.reasoning_tokens,
    |totals| &mut totals.audio_input_tokens,
    |totals| &mut totals.audio_output_tokens,
    |totals| &mut totals.image_input_tokens,
    |totals| &mut totals.image_output_tokens,
];

/// A line of the report; `None` for one that counts no requests.
pub(super) fn line<R: sqlx::Row>(row: &R, groups: usize) -> Result<Option<Line>, sqlx::Error>
where
    usize: ColumnIndex<R>,
    for<'r> String: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> i64: Decode<'r, R::Database> + Type<R::Database>,
{
    let names = (0..groups).map(|place| row.try_get(place));
    let names = names.collect::<Result<Vec<String>, _>>()?;
    let mut place = groups;
    let mut next = || {
        let sum: Result<i64, sqlx::Error> = row.try_get(place);
        place += 1;
        sum
    };
    let mut totals = Totals::default();
    for count in COUNTS {
        *count(&mut totals) = unsigned(next()?);
    }
    let mut amount = || -> Result<_, sqlx::Error> {
        let (micro, pico) = (next()?, next()?);
        Ok(charge::dollars(
            i128::from(micro) * 1_000_000 + i128::from(pico),
        ))
    };
    totals.reported = amount()?;
    totals.computed = amount()?;
    totals.estimated = amount()?;
    totals.unpriced = unsigned(next()?);
    Ok((totals.requests > 0).then_some((names, totals)))
}

/// Databases count in signed numbers only.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
