//! Reads rows of the ledger as they were written.

use sqlx::{ColumnIndex, Decode, Row, Type};
use uuid::Uuid;

use super::COLUMNS;
use crate::accounting::entry::{Entry, Text};

/// The columns as [`entry`] reads them: every number comes in one size.
pub(in crate::store) fn read_columns() -> String {
    let columns = COLUMNS.map(|(name, kind)| match kind {
        "integer" | "smallint" => format!("CAST({name} AS BIGINT)"),
        _ => name.to_owned(),
    });
    columns.join(", ")
}

/// The row that was read by [`read_columns`].
pub(in crate::store) fn entry<R: Row>(row: &R) -> Result<Entry, sqlx::Error>
where
    usize: ColumnIndex<R>,
    for<'r> Uuid: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> bool: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> String: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> i64: Decode<'r, R::Database> + Type<R::Database>,
{
    let number = |place: usize| row.try_get::<i64, _>(place);
    let known = |place: usize| row.try_get::<Option<i64>, _>(place);
    let text = |place: usize| row.try_get(place).map(|text: String| Text::from(&*text));
    let some_text = |place: usize| {
        let text: Result<Option<String>, _> = row.try_get(place);
        text.map(|text| text.as_deref().map(Text::from))
    };
    Ok(Entry {
        id: row.try_get(0)?,
        at_ms: number(1)?,
        request_id: text(2)?,
        key: text(3)?,
        team: text(4)?,
        provider: text(5)?,
        requested: text(6)?,
        model: text(7)?,
        surface: text(8)?,
        stream: row.try_get(9)?,
        status: i16::try_from(number(10)?).unwrap_or(i16::MAX),
        ending: text(11)?,
        attempts: i32::try_from(number(12)?).unwrap_or(i32::MAX),
        duration_ms: number(13)?,
        first_output_ms: known(14)?,
        input_tokens: number(15)?,
        output_tokens: number(16)?,
        cached_input_tokens: number(17)?,
        cache_write_tokens: number(18)?,
        cache_write_1h_tokens: number(19)?,
        reasoning_tokens: number(20)?,
        audio_input_tokens: number(21)?,
        audio_output_tokens: number(22)?,
        image_input_tokens: number(23)?,
        image_output_tokens: number(24)?,
        cost_pico: known(25)?,
        cost_source: text(26)?,
        reported_pico: known(27)?,
        computed_pico: known(28)?,
        prices: some_text(29)?,
        tags: some_text(30)?,
    })
}
