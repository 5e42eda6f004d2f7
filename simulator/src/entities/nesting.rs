//! Marks may lie within each other, not across: what Telegram joins, cuts and drops (tdlib, `fix_entities`).

use super::Entity;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Bold and its like: cut where they cross another.
    Splittable,
    Quote,
    /// Never cut: of two that cross, the later one goes.
    Whole,
}

fn class(kind: &str) -> Class {
    match kind {
        "bold" | "italic" | "underline" | "strikethrough" | "spoiler" => Class::Splittable,
        "blockquote" | "expandable_blockquote" => Class::Quote,
        _ => Class::Whole,
    }
}

fn end(entity: &Entity) -> usize {
    entity.offset.saturating_add(entity.length)
}

/// Outer before inner, in the order of the text.
pub(crate) fn sort(entities: &mut [Entity]) {
    entities.sort_by_key(|entity| {
        let length = std::cmp::Reverse(entity.length);
        (entity.offset, length, rank(&entity.kind))
    });
}

/// Of marks at the same place, which is the outer one (tdlib, `get_type_priority`).
fn rank(kind: &str) -> u8 {
    match kind {
        "blockquote" | "expandable_blockquote" => 0,
        "pre" => 10,
        "code" => 20,
        "date_time" => 30,
        "text_link" | "text_mention" => 49,
        "bold" => 90,
        "italic" => 91,
        "underline" => 92,
        "strikethrough" => 93,
        "spoiler" => 94,
        "custom_emoji" => 99,
        _ => 50,
    }
}

/// Leaves only marks of which each two are apart or one lies within the other.
pub(super) fn fix(entities: Vec<Entity>) -> Vec<Entity> {
    let of = |wanted: Class| {
        let found = entities
            .iter()
            .filter(|entity| entity.length > 0 && class(&entity.kind) == wanted);
        let mut found: Vec<Entity> = found.cloned().collect();
        sort(&mut found);
        found
    };
    let quotes = apart(of(Class::Quote));
    let mut fixed = apart(of(Class::Whole));
    fixed.retain(|whole| {
        quotes
            .iter()
            .all(|quote| is_outside_or_within(whole, quote))
    });
    fixed.extend(quotes);
    sort(&mut fixed);
    let mut placed: Vec<Entity> = Vec::new();
    for piece in joined(of(Class::Splittable)) {
        let mut pieces = vec![piece];
        for other in fixed.iter().chain(&placed) {
            let cut = pieces.into_iter().flat_map(|piece| cut(piece, other));
            pieces = cut.collect();
        }
        placed.extend(pieces);
    }
    fixed.extend(placed);
    sort(&mut fixed);
    fixed
}

/// Without those that begin before an earlier one has ended.
fn apart(sorted: Vec<Entity>) -> Vec<Entity> {
    let mut last_end = 0;
    let mut kept = Vec::new();
    for entity in sorted {
        if entity.offset >= last_end {
            last_end = end(&entity);
            kept.push(entity);
        }
    }
    kept
}

fn is_outside_or_within(entity: &Entity, quote: &Entity) -> bool {
    let is_outside = end(entity) <= quote.offset || end(quote) <= entity.offset;
    is_outside || (quote.offset <= entity.offset && end(entity) <= end(quote))
}

/// Of each kind, those that overlap or touch become one.
fn joined(sorted: Vec<Entity>) -> Vec<Entity> {
    let mut joined: Vec<Entity> = Vec::new();
    for entity in sorted {
        let before = joined.iter_mut().rev().find(|e| e.kind == entity.kind);
        match before {
            Some(before) if entity.offset <= end(before) => {
                before.length = end(&entity).max(end(before)) - before.offset;
            }
            Some(_) | None => joined.push(entity),
        }
    }
    joined
}

/// What is left of `piece` beside `other`: nothing inside of code, two parts where it crosses an edge.
fn cut(piece: Entity, other: &Entity) -> Vec<Entity> {
    let is_code = matches!(other.kind.as_str(), "code" | "pre");
    let crosses = (piece.offset < other.offset
        && end(&piece) > other.offset
        && end(&piece) < end(other))
        || (other.offset < piece.offset && end(other) > piece.offset && end(other) < end(&piece));
    let overlaps = piece.offset < end(other) && other.offset < end(&piece);
    if !overlaps || !(is_code || crosses) {
        return vec![piece];
    }
    let edges = [piece.offset, other.offset, end(other), end(&piece)];
    let mut edges = edges.map(|edge| edge.clamp(piece.offset, end(&piece)));
    edges.sort_unstable();
    edges
        .windows(2)
        .filter(|part| part[0] < part[1])
        .filter(|part| !(is_code && other.offset <= part[0] && part[1] <= end(other)))
        .map(|part| Entity {
            offset: part[0],
            length: part[1] - part[0],
            ..piece.clone()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(entities: &[(&str, usize, usize)]) -> Vec<(String, usize, usize)> {
        let made = entities
            .iter()
            .map(|(kind, offset, length)| Entity::new(kind, *offset, *length));
        let fixed = fix(made.collect());
        fixed
            .into_iter()
            .map(|e| (e.kind, e.offset, e.length))
            .collect()
    }

    fn shown(entities: &[(&str, usize, usize)]) -> Vec<(String, usize, usize)> {
        entities
            .iter()
            .map(|(kind, o, l)| ((*kind).to_owned(), *o, *l))
            .collect()
    }

    #[test]
    fn what_touches_is_joined_and_what_crosses_is_cut_or_dropped() {
        assert_eq!(
            fixed(&[("bold", 0, 2), ("bold", 2, 3)]),
            shown(&[("bold", 0, 5)])
        );
        assert_eq!(
            fixed(&[("bold", 0, 4), ("italic", 2, 4)]),
            shown(&[("bold", 0, 4), ("italic", 2, 2), ("italic", 4, 2)])
        );
        assert_eq!(
            fixed(&[("bold", 0, 9), ("code", 3, 3)]),
            shown(&[("bold", 0, 3), ("code", 3, 3), ("bold", 6, 3)])
        );
        assert_eq!(
            fixed(&[("code", 0, 3), ("text_link", 2, 3)]),
            shown(&[("code", 0, 3)])
        );
        assert_eq!(
            fixed(&[("blockquote", 2, 4), ("text_link", 4, 4)]),
            shown(&[("blockquote", 2, 4)])
        );
    }
}
