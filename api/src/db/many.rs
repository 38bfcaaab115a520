//! Many rows in one statement.

use super::Statement;

/// Cuts rows into pieces for which there is a statement: the largest first, so that few calls are made. The last size is 1.
pub fn in_sizes<'a, T, const N: usize>(
    mut rows: &'a [T],
    sizes: [(usize, &'static Statement); N],
) -> impl Iterator<Item = (&'static Statement, &'a [T])> {
    std::iter::from_fn(move || {
        let (size, statement) = sizes.into_iter().find(|(size, _)| *size <= rows.len())?;
        let (piece, rest) = rows.split_at(size);
        rows = rest;
        Some((statement, piece))
    })
}

/// One column of rows, as PostgreSQL's `unnest` takes it.
pub fn column<'a, T, C>(rows: &[&'a T], of: impl Fn(&'a T) -> C) -> Vec<C> {
    rows.iter().map(|row| of(row)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Kind;

    const STATEMENT: Statement = Statement { name: "", kind: Kind::System, sqlite: "", postgres: "" };

    #[test]
    fn every_row_is_in_exactly_one_piece() {
        let rows: Vec<usize> = (0..39).collect();
        let pieces: Vec<&[usize]> = in_sizes(&rows, [(16, &STATEMENT), (4, &STATEMENT), (1, &STATEMENT)])
            .map(|(_, piece)| piece)
            .collect();
        assert_eq!(pieces.iter().map(|piece| piece.len()).collect::<Vec<_>>(), [16, 16, 4, 1, 1, 1]);
        assert_eq!(pieces.concat(), rows);
    }
}
