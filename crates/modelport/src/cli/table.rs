//! Text in columns, as commands print it.

/// How a column stands.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Left,
    Right,
}

/// One line per row, with two blanks between columns.
pub(super) fn aligned<Row: AsRef<[String]>>(rows: &[Row], sides: &[Side]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.as_ref().get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..sides.len()).map(width).collect();
    let lines = rows.iter().map(|row| {
        let cells = row.as_ref().iter().zip(&widths).zip(sides);
        let line: Vec<String> = cells
            .map(|((cell, width), side)| match side {
                Side::Left => format!("{cell:width$}"),
                Side::Right => format!("{cell:>width$}"),
            })
            .collect();
        line.join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}
