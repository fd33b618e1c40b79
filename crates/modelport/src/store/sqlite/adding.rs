//! How many rows are added by one statement, and what they have in common bound only once: most of what a row costs is
//! that its values are bound.

use std::collections::HashMap;

use sqlx::{
    Arguments, AssertSqlSafe, SqlSafeStr, SqlStr, SqliteConnection, error::BoxDynError,
    sqlite::SqliteArguments,
};

use super::super::rows::{self, COLUMNS, Cell, Row, SumsLine};
use crate::accounting::entry::{Entry, Text};

/// Lines that one statement adds: as many as there are are added by as few statements as possible, of which each is made
/// and prepared only once.
const AT_ONCE: [usize; 4] = [128, 32, 8, 1];

/// Columns that often have the same values in rows that follow each other. Where all of a set have, they are bound once;
/// each of these sets doubles the statements that there may be.
const ALIKE: [&[&str]; 5] = [
    &["key", "team", "tags"],
    &[
        "provider",
        "requested",
        "model",
        "surface",
        "stream",
        "cost_source",
        "prices",
    ],
    &["status", "ending", "attempts"],
    &[
        "cache_write_tokens",
        "cache_write_1h_tokens",
        "audio_input_tokens",
        "audio_output_tokens",
        "image_input_tokens",
        "image_output_tokens",
    ],
    &["cached_input_tokens", "reasoning_tokens", "reported_pico"],
];

/// The statements that add lines.
pub(super) struct Adding {
    sets: [Columns; ALIKE.len()],
    /// By how many rows they add and which columns are the same in all of them.
    rows: HashMap<(usize, Columns), SqlStr>,
    /// In the order of [`AT_ONCE`].
    sums: [SqlStr; AT_ONCE.len()],
}

/// Some of the [`COLUMNS`]: a bit for each.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Columns(u32);

impl Adding {
    pub(super) fn new() -> Self {
        Self {
            sets: ALIKE.map(Columns::named),
            rows: HashMap::new(),
            sums: AT_ONCE.map(|count| statement(rows::add_sums(count))),
        }
    }

    /// Adds rows, but for those whose ids are there. Gives how many were new.
    pub(super) async fn add_rows(
        &mut self,
        connection: &mut SqliteConnection,
        mut rows: &[Entry],
    ) -> Result<usize, sqlx::Error> {
        let mut added = 0;
        for count in AT_ONCE {
            while let Some((some, rest)) = rows.split_at_checked(count) {
                let some: Vec<_> = some.iter().map(rows::cells).collect();
                let alike = self.alike(&some);
                let known = self.rows.entry((count, alike));
                let statement = known.or_insert_with(|| statement(add_rows(count, alike)));
                let values = values_of(&some, alike).map_err(sqlx::Error::Encode)?;
                added += execute(connection, statement, values).await?;
                rows = rest;
            }
        }
        Ok(added)
    }

    /// Adds to the sums of hours.
    pub(super) async fn add_sums(
        &self,
        connection: &mut SqliteConnection,
        mut lines: &[SumsLine],
    ) -> Result<(), sqlx::Error> {
        for (count, statement) in AT_ONCE.iter().zip(&self.sums) {
            while let Some((some, rest)) = lines.split_at_checked(*count) {
                let mut values = SqliteArguments::default();
                for line in some {
                    add_line(&mut values, line).map_err(sqlx::Error::Encode)?;
                }
                execute(connection, statement, values).await?;
                lines = rest;
            }
        }
        Ok(())
    }

    /// The columns that have the same values in all rows, as far as whole sets of them have.
    fn alike(&self, rows: &[Row]) -> Columns {
        let [first, others @ ..] = rows else {
            return Columns::default();
        };
        let different = others.iter().fold(0, |bits, row| {
            let pairs = first.iter().zip(row).enumerate();
            pairs.fold(bits, |bits, (place, (one, other))| {
                bits | u32::from(one != other) << place
            })
        });
        let sets = self.sets.iter().filter(|set| set.0 & different == 0);
        sets.fold(Columns::default(), |all, set| Columns(all.0 | set.0))
    }
}

impl Columns {
    fn named(names: &[&str]) -> Self {
        let places = COLUMNS.iter().enumerate();
        let bits = places.filter(|(_, (name, _))| names.contains(name));
        Self(bits.fold(0, |bits, (place, _)| bits | 1 << place))
    }

    fn has(self, place: usize) -> bool {
        self.0 & 1 << place != 0
    }
}

/// The statement that adds this many rows, of which these columns are alike. Its parameters are [`values_of`] them.
fn add_rows(count: usize, alike: Columns) -> String {
    let (one, many): (Vec<_>, Vec<_>) = (0..COLUMNS.len()).partition(|place| alike.has(*place));
    let names = one.iter().chain(&many);
    let names: Vec<_> = names
        .filter_map(|place| Some(COLUMNS.get(*place)?.0))
        .collect();
    let selected = one.iter().map(|_| "?".to_owned());
    let of_row = (1..=many.len()).map(|place| format!("column{place}"));
    let selected: Vec<_> = selected.chain(of_row).collect();
    let row = format!("({})", vec!["?"; many.len()].join(", "));
    // "WHERE true" tells what comes behind it from the condition of a join (SQLite, "UPSERT").
    format!(
        "INSERT INTO ledger ({}) SELECT {} FROM (VALUES {}) WHERE true ON CONFLICT (id) DO NOTHING",
        names.join(", "),
        selected.join(", "),
        vec![row; count].join(", "),
    )
}

/// The values of rows of which these columns are alike: those of the first row, and then the others of each.
fn values_of(rows: &[Row], alike: Columns) -> Result<SqliteArguments, BoxDynError> {
    let mut values = SqliteArguments::default();
    for row in rows.iter().take(1) {
        add_cells(&mut values, row, |place| alike.has(place))?;
    }
    for row in rows {
        add_cells(&mut values, row, |place| !alike.has(place))?;
    }
    Ok(values)
}

fn add_cells(
    values: &mut SqliteArguments,
    row: &Row,
    is_added: impl Fn(usize) -> bool,
) -> Result<(), BoxDynError> {
    let cells = row.iter().enumerate();
    let mut cells = cells.filter(|(place, _)| is_added(*place));
    cells.try_for_each(|(_, cell)| match cell {
        Cell::Id(id) => values.add(id),
        Cell::Switch(is_so) => values.add(is_so),
        Cell::Number(number) => values.add(number),
        Cell::Text(text) => values.add(text.as_ref().map(Text::shared)),
    })
}

fn add_line(values: &mut SqliteArguments, line: &SumsLine) -> Result<(), BoxDynError> {
    let (hour, group, sums) = line;
    values.add(hour)?;
    group
        .iter()
        .try_for_each(|text| values.add(text.shared()))?;
    sums.iter().try_for_each(|sum| values.add(sum))
}

/// Gives how many rows it has changed.
async fn execute(
    connection: &mut SqliteConnection,
    statement: &SqlStr,
    values: SqliteArguments,
) -> Result<usize, sqlx::Error> {
    let query = sqlx::query_with(statement.clone(), values);
    let done = query.execute(connection).await?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or(0))
}

/// A statement that is made here, of no text of anybody's.
fn statement(sql: String) -> SqlStr {
    AssertSqlSafe(sql).into_sql_str()
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::super::{super::rows, Sqlite};
    use super::*;
    use crate::accounting::journal::Position;

    /// Rows that have the same values in some of the sets of columns, and each its own in all other columns.
    fn rows(first: usize, count: usize, sets: usize) -> Vec<Entry> {
        let is_alike = |name| {
            let mut all = ALIKE.iter().enumerate();
            all.any(|(place, set)| sets & 1 << place != 0 && set.contains(&name))
        };
        let row = |number| {
            let mut members = Map::new();
            for (place, (name, kind)) in COLUMNS.iter().enumerate() {
                let own = if is_alike(name) { 0 } else { number };
                let value = match *kind {
                    "uuid" => format!("{own:032x}").into(),
                    "boolean" => Value::Bool(own % 2 == 1),
                    "text" => format!("{place}-{own}").into(),
                    _ => Value::from(1000 * place + own % 1000),
                };
                members.insert((*name).to_owned(), value);
            }
            serde_json::from_value(members.into()).unwrap()
        };
        (first..first + count).map(row).collect()
    }

    #[tokio::test]
    async fn rows_are_added_as_they_are_whatever_they_have_in_common() {
        let mut store = Sqlite::in_memory().await.unwrap();
        let mut all = Vec::new();
        for sets in 0..1 << ALIKE.len() {
            for count in [1, 9, 33, 170] {
                let new = rows(all.len(), count, sets);
                store.add("j", &new, Position::default()).await.unwrap();
                all.extend(new);
            }
        }
        let sql = format!("SELECT {} FROM ledger ORDER BY seq", rows::read_columns());
        let found = sqlx::query(AssertSqlSafe(sql));
        let found = found.fetch_all(store.connection()).await.unwrap();
        let found = found.iter().map(|row| rows::entry(row).unwrap());
        assert!(found.eq(all));
    }

    #[test]
    fn what_rows_have_in_common_is_bound_once() {
        let adding = Adding::new();
        let bound = |rows: Vec<Entry>| {
            let rows: Vec<_> = rows.iter().map(rows::cells).collect();
            values_of(&rows, adding.alike(&rows)).unwrap().len()
        };
        let alike: usize = ALIKE.iter().map(|set| set.len()).sum();
        let all = (1 << ALIKE.len()) - 1;
        assert_eq!(bound(rows(0, 32, 0)), 32 * COLUMNS.len());
        assert_eq!(
            bound(rows(0, 32, all)),
            alike + 32 * (COLUMNS.len() - alike)
        );
        assert_eq!(bound(rows(0, 1, 0)), COLUMNS.len());
        // One row that is different.
        let mut mixed = rows(0, 32, 1);
        mixed[20].team = "other".into();
        assert_eq!(bound(mixed), 32 * COLUMNS.len());
        // Each name is a column's.
        assert_eq!(
            ALIKE
                .map(Columns::named)
                .map(|set| set.0.count_ones() as usize),
            ALIKE.map(<[_]>::len)
        );
    }
}
